using System.Numerics;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Tests.Ledger;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Catalog;

public sealed class RatingTests
{
    private static readonly PriceCatalog Catalog = Catalogs.Shipped;

    [Theory]
    [InlineData("image_to_html", 50, 1_500)]
    [InlineData("code_export", 50, 750)]
    [InlineData("figma_export", 20, 200)]
    [InlineData("chat", 3, 3)]
    [InlineData("transfer_minute", 4, 8)]
    [InlineData("number", 1, 200)]
    public void An_operation_costs_its_rate_for_each_unit(string operation, long quantity, long credits)
    {
        var rated = Rate(operation, "pro", new UsageFacts { Quantity = Quantity.FromWhole(quantity) });
        Assert.Equal(Credits.FromWhole(credits), rated.Price(Credits.Zero));
        Assert.Equal(CreditTypes.Credits, rated.CreditType);
        Assert.Equal(Credits.Zero, rated.IncludedUnits);
    }

    [Theory]
    [InlineData("storage_egress", "public", "2.5", "25")]
    [InlineData("storage_egress", "private", "2.5", "2.5")]
    [InlineData("storage_egress", "Private", "0.000001", "0.000001")]
    [InlineData("storage_egress", null, "1", "10")]
    [InlineData("ai_tokens", "public", "1000000", "1000")]
    [InlineData("ai_tokens", "public", "1", "0.001")]
    [InlineData("ai_tokens", "private", "1000000", "50")]
    [InlineData("ai_tokens", "private", "1", "0.00005")]
    public void The_node_a_workload_runs_on_sets_its_rate(string operation, string? node, string quantity, string credits)
    {
        var rate = Catalog.FindOperation(operation)!;
        var rated = Rate(operation, "lite", new UsageFacts { Quantity = Units(quantity), Variant = rate.FindVariant(node) });
        Assert.Equal(CreditsOf(credits), rated.Price(Credits.Zero));
    }

    [Theory]
    [InlineData("free", "8")]
    [InlineData("lite", "8")]
    [InlineData("starter", "7.5")]
    [InlineData("scale", "6")]
    public void A_voice_minute_costs_the_plans_overage_rate_or_the_base_rate_without_one(string plan, string credits)
    {
        var rated = Rate("voice", plan, new UsageFacts { Quantity = Quantity.FromWhole(1) });
        Assert.Equal(CreditsOf(credits), rated.Price(Credits.Zero));
        Assert.Equal(CreditsOf(credits), rated.Rate);
    }

    [Theory]
    [InlineData("voice", "0.000001", 1)]
    [InlineData("voice", "1", 1)]
    [InlineData("voice", "61.2", 62)]
    [InlineData("transfer_minute", "2.000001", 3)]
    [InlineData("voice", "0", 0)]
    public void A_part_minute_counts_as_a_whole_one(string operation, string quantity, long billed) =>
        Assert.Equal(Quantity.FromWhole(billed), Rate(operation, "lite", new UsageFacts { Quantity = Units(quantity) }).Quantity);

    [Fact]
    public void A_catalog_may_charge_parts_of_minutes_as_they_are()
    {
        var catalog = Catalogs.With(("Operations:3:PartUnits", "Exact"));
        var rated = Rating.Rate(catalog.FindOperation("voice")!, catalog.FindPlan("lite")!, new UsageFacts { Quantity = Units("1.5") });
        Assert.Equal(Units("1.5"), rated.Quantity);
        Assert.Equal(Credits.FromWhole(12), rated.Price(Credits.Zero));
    }

    [Fact]
    public void Included_minutes_serve_a_call_before_credits_do()
    {
        var rated = Rate("voice", "starter", new UsageFacts { Quantity = Units("9.2") });
        Assert.Equal(Credits.FromWhole(10), rated.IncludedUnits);
        Assert.Equal(CreditsOf("75"), rated.Price(Credits.Zero));
        Assert.Equal(CreditsOf("45"), rated.Price(Credits.FromWhole(4)));
        Assert.Equal(CreditsOf("48.75"), rated.Price(CreditsOf("3.5")));
        Assert.Equal(Credits.Zero, rated.Price(Credits.FromWhole(10)));
        Assert.Throws<ArgumentOutOfRangeException>(() => rated.Price(CreditsOf("10.000001")));
        Assert.Throws<ArgumentOutOfRangeException>(() => rated.Price(CreditsOf("-1")));
    }

    [Fact]
    public void A_transferred_minute_is_a_bucket_apart_that_included_minutes_do_not_serve()
    {
        var rated = Rate("transfer_minute", "scale", new UsageFacts { Quantity = Units("5") });
        Assert.Equal(Credits.Zero, rated.IncludedUnits);
        Assert.Throws<ArgumentOutOfRangeException>(() => rated.Price(Credits.FromMicros(1)));
    }

    [Theory]
    [InlineData("free")]
    [InlineData("starter")]
    [InlineData("team")]
    public void A_toll_free_call_adds_two_credits_a_minute_on_every_plan_and_on_included_minutes_too(string plan)
    {
        var rated = Rate("voice", plan, new UsageFacts { Quantity = Units("2.1"), TollFree = true });
        Assert.Equal(Credits.FromWhole(6), rated.Surcharge);
        Assert.Equal(Credits.Zero, rated.PassThrough);
        Assert.Equal(Credits.FromWhole(6), rated.Price(rated.IncludedUnits));
        Assert.Equal(Rate("voice", plan, new UsageFacts { Quantity = Units("2.1") }).Price(Credits.Zero) + Credits.FromWhole(6), rated.Price(Credits.Zero));
    }

    [Theory]
    [InlineData("0", "0")]
    [InlineData("0.0599", "0")]
    [InlineData("0.06", "0")]
    [InlineData("0.0601", "0.01")]
    [InlineData("0.85", "79")]
    [InlineData("0.06000001", "0.000001")]
    public void Carrier_cost_above_the_surcharge_of_the_call_is_passed_through_at_cost(string dollars, string passedThrough)
    {
        // Three toll-free minutes carry a surcharge of 6 credits, $0.06.
        var rated = Rate("voice", "lite", new UsageFacts { Quantity = Units("3"), TollFree = true, CarrierCost = Dollars(dollars) });
        Assert.Equal(CreditsOf(passedThrough), rated.PassThrough);
        Assert.Equal(Credits.FromWhole(24 + 6) + CreditsOf(passedThrough), rated.Price(Credits.Zero));
        Assert.Equal(Credits.FromWhole(6) + CreditsOf(passedThrough), rated.Price(rated.IncludedUnits));
    }

    [Fact]
    public void The_carrier_cost_of_an_ordinary_call_is_in_its_rate() =>
        Assert.Equal(Credits.FromWhole(24), Rate("voice", "lite", new UsageFacts { Quantity = Units("3"), CarrierCost = Dollars("0.85") }).Price(Credits.Zero));

    [Theory]
    [InlineData("gpt-4o-mini", 1_000, 1_000, "3")]
    [InlineData("deepseek-r1", 1_000, 1_000, "9")]
    [InlineData("claude-opus", 1_000, 1_000, "24")]
    [InlineData("Claude-Opus", 1, 1, "0.024")]
    [InlineData("gpt-4o-mini", 1, 0, "0.001")]
    [InlineData("gpt-4o-mini", 0, 0, "0")]
    public void A_model_call_costs_its_tiers_rates_for_tokens_in_and_out(string model, long input, long output, string credits)
    {
        var rated = Rate("model_call", "lite", Call(Catalog.FindModel(model), input, output));
        Assert.Equal(CreditsOf(credits), rated.Price(Credits.Zero));
        Assert.Equal(CreditTypes.ApiCredits, rated.CreditType);
        Assert.Equal(Quantity.FromWhole(input + output), rated.Quantity);
    }

    [Fact]
    public void A_model_call_is_rounded_once_on_the_sum_of_tokens_in_and_out()
    {
        // 0.0004 and 0.0001 micro-credits: each alone rounds to nothing, together they make the half that rounds up.
        var tier = new ModelTier("tiny", "Tiny", Credits.FromMicros(400), Credits.FromMicros(100), ["tiny"]);
        Assert.Equal(Credits.FromMicros(1), Rate("model_call", "lite", Call(tier, 1, 1)).Price(Credits.Zero));
        Assert.Equal(Credits.Zero, Rate("model_call", "lite", Call(tier, 1, 0)).Price(Credits.Zero));
    }

    [Fact]
    public void A_plans_own_rate_goes_before_the_catalogs()
    {
        var catalog = Catalogs.With(
            ("Plans:5:Rates:chat:CreditsPerUnit", "0.8"),
            ("Plans:5:Rates:storage_egress_private:CreditsPerUnit", "0.5"),
            ("Plans:5:OverageRate", ""),
            ("Plans:5:Rates:voice:TierMode", "Graduated"),
            ("Plans:5:Rates:voice:Tiers:0:UpTo", "1000"),
            ("Plans:5:Rates:voice:Tiers:0:CreditsPerUnit", "6"),
            ("Plans:5:Rates:voice:Tiers:1:CreditsPerUnit", "5"));
        var (scale, pro) = (catalog.FindPlan("scale")!, catalog.FindPlan("pro")!);
        var (chat, egress, voice) = (catalog.FindOperation("chat")!, catalog.FindOperation("storage_egress")!, catalog.FindOperation("voice")!);

        var message = new UsageFacts { Quantity = Quantity.FromWhole(1) };
        Assert.Equal(CreditsOf("0.8"), Rating.Rate(chat, scale, message).Price(Credits.Zero));
        Assert.Equal(CreditsOf("1"), Rating.Rate(chat, pro, message).Price(Credits.Zero));

        Assert.Equal(CreditsOf("0.5"), Rating.Rate(egress, scale, message with { Variant = egress.FindVariant("private") }).Price(Credits.Zero));
        Assert.Equal(CreditsOf("10"), Rating.Rate(egress, scale, message with { Variant = egress.FindVariant("public") }).Price(Credits.Zero));

        // 990 minutes charged before: ten at 6 and, after four that the allowance served, one at 5.
        var call = new UsageFacts { Quantity = Quantity.FromWhole(15), UsedInCycle = Quantity.FromWhole(990) };
        Assert.Equal(CreditsOf("65"), Rating.Rate(voice, scale, call).Price(Credits.FromWhole(4)));
        Assert.Equal(CreditsOf("85"), Rating.Rate(voice, scale, call).Price(Credits.Zero));
    }

    [Fact]
    public void What_cannot_be_rated_is_told_by_its_cause()
    {
        var most = Quantity.FromWhole(OperationRate.MaximumUnits);
        var (chat, voice, egress, call) =
            (Catalog.FindOperation("chat")!, Catalog.FindOperation("voice")!, Catalog.FindOperation("storage_egress")!, Catalog.FindOperation("model_call")!);
        var tier = Catalog.ModelTiers[0];

        Assert.Equal(UsageFault.None, Rating.Check(chat, new UsageFacts { Quantity = most }));
        Assert.Equal(UsageFault.QuantityTooLarge, Rating.Check(chat, new UsageFacts { Quantity = most + Quantity.FromMicros(1) }));
        Assert.Equal(UsageFault.QuantityNotWhole, Rating.Check(chat, new UsageFacts { Quantity = Units("1.5") }));
        Assert.Equal(UsageFault.VariantMissing, Rating.Check(egress, new UsageFacts { Quantity = Units("1"), Variant = egress.FindVariant("lunar") }));
        Assert.Equal(UsageFault.VariantMissing, Rating.Check(chat, new UsageFacts { Quantity = Units("1"), Variant = egress.FindVariant("public") }));
        Assert.Equal(UsageFault.ModelMissing, Rating.Check(call, new UsageFacts()));
        Assert.Equal(UsageFault.QuantityNotWhole, Rating.Check(call, Call(tier, 1, 1) with { OutputTokens = Units("0.5") }));
        Assert.Equal(UsageFault.QuantityTooLarge, Rating.Check(call, Call(tier, 1_000_000_000, 1)));
        Assert.Equal(UsageFault.QuantityTooLarge, Rating.Check(call, Call(tier, long.MaxValue / 1_000_000, long.MaxValue / 1_000_000)));
        Assert.Equal(UsageFault.CarrierCostOutOfRange, Rating.Check(voice, new UsageFacts { TollFree = true, CarrierCost = CreditsOf("-1") }));
        Assert.Equal(UsageFault.None, Rating.Check(voice, new UsageFacts { TollFree = true, CarrierCost = Dollars("10000") }));
        Assert.Equal(UsageFault.CarrierCostOutOfRange, Rating.Check(voice, new UsageFacts { TollFree = true, CarrierCost = Dollars("10000.00000001") }));
        Assert.Throws<ArgumentException>(() => Rating.Rate(chat, Catalog.FreePlan, new UsageFacts { Quantity = Units("1.5") }));
    }

    [Fact]
    public void The_largest_event_at_the_largest_rate_fits()
    {
        var rate = Voice(OperationRate.MaximumRate, OperationRate.MaximumRate, PartUnits.Exact);
        var facts = new UsageFacts { Quantity = Quantity.FromWhole(OperationRate.MaximumUnits), TollFree = true, CarrierCost = Rating.MaximumCarrierCost };
        Assert.Equal(Credits.FromWhole(2_000_000_000_000), Rating.Rate(rate, Catalog.FreePlan, facts).Price(Credits.Zero));
    }

    [Fact]
    public void Any_call_costs_what_arithmetic_without_bounds_says()
    {
        var rate = Numbers.Between(0, OperationRate.MaximumRate.Micros);
        var call = Numbers.RowOf(
            ("quantity", Numbers.Between(0, OperationRate.MaximumUnits * Quantity.MicrosPerUnit)),
            ("rate", rate),
            ("surcharge", rate),
            ("carrier cost", Numbers.Between(0, Rating.MaximumCarrierCost.Micros)),
            ("toll-free", Numbers.Between(0, 1)),
            ("rounds up", Numbers.Between(0, 1)),
            ("included", Numbers.Between(0, long.MaxValue)));
        Laws.Hold(call, row =>
        {
            var (quantity, perMinute, surcharge, carrierCost, tollFree, roundsUp) = (row[0], row[1], row[2], row[3], row[4] == 1, row[5] == 1);
            var rated = Rating.Rate(
                Voice(Credits.FromMicros(perMinute), Credits.FromMicros(surcharge), roundsUp ? PartUnits.RoundUp : PartUnits.Exact),
                Catalog.FreePlan,
                new UsageFacts { Quantity = Quantity.FromMicros(quantity), TollFree = tollFree, CarrierCost = Credits.FromMicros(carrierCost) });

            BigInteger million = 1_000_000;
            var billed = roundsUp ? (quantity + million - 1) / million * million : quantity;
            var included = row[6] % ((long)billed + 1);
            var surcharged = tollFree ? billed * surcharge : 0;
            var above = tollFree && surcharge > 0 && carrierCost * million > surcharged ? (carrierCost * million) - surcharged : 0;
            var expected = RoundingTests.Oracle(((billed - included) * perMinute) + surcharged + above, million);

            Assert.Equal(expected, rated.Price(Credits.FromMicros(included)).Micros);
            Assert.Equal(billed, rated.Quantity.Micros);
            Assert.Equal(RoundingTests.Oracle(surcharged, million), rated.Surcharge.Micros);
        });
    }

    [Fact]
    public void Any_model_call_costs_what_decimal_arithmetic_says()
    {
        var (tokens, rate) = (Numbers.Between(0, 500_000_000), Numbers.Between(0, 1_000_000_000));
        Laws.Hold(Numbers.RowOf(("input", tokens), ("output", tokens), ("input rate", rate), ("output rate", rate)), row =>
        {
            var tier = new ModelTier("any", "Any", Credits.FromMicros(row[2]), Credits.FromMicros(row[3]), ["any"]);
            var exact = ((row[0] * (row[2] / 1_000_000m)) + (row[1] * (row[3] / 1_000_000m))) / 1_000m;
            var price = Rate("model_call", "lite", Call(tier, row[0], row[1])).Price(Credits.Zero);
            Assert.Equal(decimal.Round(exact, 6, MidpointRounding.AwayFromZero), price.ToDecimal());
        });
    }

    [Fact]
    public void Tokens_and_gigabytes_cost_what_decimal_arithmetic_says() =>
        Laws.Hold(Numbers.Between(0, 1_000_000_000), Numbers.Between(0, 1), (amount, node) =>
        {
            var (tokens, egress) = (Catalog.FindOperation("ai_tokens")!, Catalog.FindOperation("storage_egress")!);
            var words = new UsageFacts { Quantity = Quantity.FromWhole(amount), Variant = tokens.Variants[(int)node] };
            var bytes = new UsageFacts { Quantity = Quantity.FromMicros(amount), Variant = egress.Variants[(int)node] };
            Assert.Equal(
                decimal.Round(amount * (node == 0 ? 1_000m : 50m) / 1_000_000m, 6, MidpointRounding.AwayFromZero),
                Rating.Rate(tokens, Catalog.FreePlan, words).Price(Credits.Zero).ToDecimal());
            Assert.Equal(amount / 1_000_000m * (node == 0 ? 10m : 1m), Rating.Rate(egress, Catalog.FreePlan, bytes).Price(Credits.Zero).ToDecimal());
        });

    [Fact]
    public void The_more_the_included_minutes_serve_the_less_a_call_costs() =>
        Laws.Hold(Numbers.Between(0, 100_000_000_000), Numbers.Between(0, long.MaxValue), Numbers.Between(0, long.MaxValue), (quantity, one, other) =>
        {
            var rated = Rate("voice", "growth", new UsageFacts { Quantity = Quantity.FromMicros(quantity), TollFree = true });
            var parts = rated.IncludedUnits.Micros + 1;
            var (less, more) = (Math.Min(one % parts, other % parts), Math.Max(one % parts, other % parts));
            Assert.True(rated.Price(Credits.FromMicros(more)) <= rated.Price(Credits.FromMicros(less)));
            Assert.True(rated.Price(Credits.FromMicros(more)) >= rated.Surcharge);
        });

    private static RatedUsage Rate(string operation, string plan, UsageFacts facts) =>
        Rating.Rate(Catalog.FindOperation(operation)!, Catalog.FindPlan(plan)!, facts);

    private static OperationRate Voice(Credits rate, Credits surcharge, PartUnits partUnits) =>
        Catalog.FindOperation("voice")! with { Tariff = Tariff.Flat(rate), TollFreeSurcharge = surcharge, PartUnits = partUnits };

    private static UsageFacts Call(ModelTier? tier, long input, long output) =>
        new() { Model = tier, InputTokens = Quantity.FromWhole(input), OutputTokens = Quantity.FromWhole(output) };

    private static Quantity Units(string text)
    {
        Assert.True(Quantity.TryParse(text, out var quantity));
        return quantity;
    }

    private static Credits Dollars(string text)
    {
        Assert.True(CreditValue.TryParseDollars(text, out var credits));
        return credits;
    }

    private static Credits CreditsOf(string text)
    {
        Assert.True(ExactDecimal.TryParse(text, 6, out var micros));
        return Credits.FromMicros(micros);
    }
}

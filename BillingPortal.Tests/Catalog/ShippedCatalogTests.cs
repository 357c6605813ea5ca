using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Catalog;

/// <summary>The catalog in appsettings.json against every figure that the contract fixes.</summary>
public sealed class ShippedCatalogTests
{
    private static readonly PriceCatalog Catalog = Catalogs.Shipped;

    [Theory]
    [InlineData("free", "Free", 0, 0, 150, false)]
    [InlineData("lite", "Lite", 1, 2_000, 0, false)]
    [InlineData("starter", "Starter", 2, 8_000, 0, false)]
    [InlineData("growth", "Growth", 3, 20_000, 0, false)]
    [InlineData("pro", "Pro", 4, 40_000, 0, false)]
    [InlineData("scale", "Scale", 5, 50_000, 0, false)]
    [InlineData("team", "Team", 6, 60_000, 0, true)]
    public void The_ladder_has_its_plans(string id, string name, int rank, long monthly, long once, bool perSeat)
    {
        var plan = Catalog.Plans[rank];
        Assert.Equal(
            (id, name, rank, Credits.FromWhole(monthly), Credits.FromWhole(once), perSeat),
            (plan.Id, plan.Name, plan.Rank, plan.MonthlyCredits, plan.OneTimeCredits, plan.PerSeat));
        Assert.Equal((rank > 0, rank > 0, rank == 0), (plan.ApiAccess, plan.PackPurchase, plan.IsFree));
        Assert.Equal(rank > 0, plan.MonthlyPrice > Money.Zero && plan.YearlyPrice > plan.MonthlyPrice);
        Assert.Same(plan, Catalog.FindPlan(id));
    }

    [Fact]
    public void The_ladder_rises()
    {
        Assert.Equal(7, Catalog.Plans.Length);
        Assert.Same(Catalog.Plans[0], Catalog.FreePlan);
        foreach (var (lower, higher) in Catalog.Plans.Zip(Catalog.Plans.Skip(1)))
        {
            Assert.True(higher.MonthlyPrice > lower.MonthlyPrice);
            Assert.True(higher.MonthlyCredits > lower.MonthlyCredits);
            Assert.True(higher.DailyFlows > lower.DailyFlows);
        }
    }

    [Theory]
    [InlineData("credits_1000", "Starter Pack", 1_000, "$9", false)]
    [InlineData("credits_5000", "Growth Pack", 5_000, "$39", true)]
    [InlineData("credits_20000", "Scale Pack", 20_000, "$139", false)]
    [InlineData("credits_100000", "Enterprise Pack", 100_000, "$599", false)]
    public void Credit_packs_have_their_figures(string id, string name, long credits, string price, bool popular)
    {
        var pack = Catalog.FindPack(id)!;
        Assert.Equal((name, Credits.FromWhole(credits), price, popular), (pack.Name, pack.Credits, pack.Price.ToString(), pack.Popular));
        Assert.Equal((1, 3), (pack.MinimumPlanRank, pack.LimitPerCycle));
        Assert.Equal(4, Catalog.Packs.Length);
    }

    [Theory]
    [InlineData("starter", "API Starter", "$9.99", 949_050, "$0.50")]
    [InlineData("growth", "API Growth", "$24.99", 2_374_050, "$1.25")]
    [InlineData("scale", "API Scale", "$49.99", 4_749_050, "$2.50")]
    [InlineData("business", "API Business", "$99.99", 9_499_050, "$5")]
    [InlineData("enterprise", "API Enterprise", "$199.99", 18_999_050, "$10")]
    public void Api_packs_have_their_figures(string key, string name, string price, long credits, string fee)
    {
        var pack = Catalog.FindApiPack(key)!;
        Assert.Equal((name, price, Credits.FromWhole(credits), fee), (pack.Name, pack.Price.ToString(), pack.Credits, pack.Fee.ToString()));
        Assert.Equal((5, 5m), (Catalog.ApiPacks.Length, Catalog.FeePercent));
    }

    [Theory]
    [InlineData("image_to_html", "Image → HTML", "operations", "operations", "credits", 30)]
    [InlineData("code_export", "Export Code", "operations", "operations", "credits", 15)]
    [InlineData("figma_export", "Figma Export", "operations", "operations", "credits", 10)]
    [InlineData("voice", "Voice", "voice", "voice", "credits", 8)]
    [InlineData("chat", "Chat", "ai", "chat", "credits", 1)]
    [InlineData("transfer_minute", "Call transfer", "voice", "transfer_minute", "credits", 2)]
    [InlineData("number", "Phone number", "voice", "number", "credits", 200)]
    [InlineData("storage_egress", "Storage egress", "storage", "storage", "credits", null)]
    [InlineData("ai_tokens", "AI tokens", "ai", "ai", "credits", null)]
    [InlineData("model_call", "Model call", "ai", "ai", "api_credits", null)]
    public void Operations_have_their_figures(string id, string label, string category, string channel, string creditType, int? credits)
    {
        var operation = Catalog.FindOperation(id)!;
        Assert.Equal((label, category, channel, creditType), (operation.Label, operation.Category, operation.Channel, operation.CreditType));
        Assert.Equal(credits is { } whole ? Credits.FromWhole(whole) : null, operation.Tariff?.FirstRate);
        Assert.Equal((id == "voice", id != "number", id == "model_call"), (operation.UsesIncludedMinutes, operation.Reported, operation.PricedByModel));
        Assert.Equal(Credits.FromWhole(id == "voice" ? 2 : 0), operation.TollFreeSurcharge);
        Assert.Equal(Credits.Zero, operation.OverdraftLimit);
        Assert.Equal(10, Catalog.Operations.Length);
    }

    [Fact]
    public void The_public_price_list_has_storage_and_ai() => Assert.Equal(
        [
            new ListedRate("storage_egress_public", "Public Node", "PUBLIC_NODE", "Storage egress", "STORAGE_EGRESS", "GB", Credits.FromWhole(10)),
            new ListedRate("storage_egress_private", "Private Node", "PRIVATE_NODE", "Storage egress", "STORAGE_EGRESS", "GB", Credits.FromWhole(1)),
            new ListedRate("ai_tokens_public", "Public Node", "PUBLIC_NODE", "AI tokens", "AI_TOKENS", "1M tokens", Credits.FromWhole(1_000)),
            new ListedRate("ai_tokens_private", "Private Node", "PRIVATE_NODE", "AI tokens", "AI_TOKENS", "1M tokens", Credits.FromWhole(50)),
        ],
        Catalog.ListedRates);

    [Theory]
    [InlineData("core", 1, 2, "gpt-4o-mini", "deepseek-chat", "gemini-flash")]
    [InlineData("pro", 3, 6, "gemini-2.5-flash", "gpt-4.1-mini", "deepseek-r1")]
    [InlineData("ultra", 8, 16, "claude-sonnet", "gpt-4.1", "claude-opus")]
    public void Model_tiers_have_their_figures(string id, long input, long output, params string[] models)
    {
        foreach (var model in models)
        {
            var tier = Catalog.FindModel(model)!;
            Assert.Equal((id, Credits.FromWhole(input), Credits.FromWhole(output)), (tier.Id, tier.InputRate, tier.OutputRate));
            Assert.Equal(models, tier.Models);
        }

        Assert.Null(Catalog.FindModel("gpt-2"));
    }

    [Theory]
    [InlineData(499, false)]
    [InlineData(500, true)]
    [InlineData(1_000_000, true)]
    [InlineData(1_000_001, false)]
    public void A_top_up_is_five_dollars_to_ten_thousand(long cents, bool allowed) =>
        Assert.Equal(allowed, Catalog.TopUp.Allows(Money.FromCents(cents)));

    [Fact]
    public void A_gift_is_one_flow_to_a_hundred() =>
        Assert.Equal(new GiftLimits(Credits.FromWhole(1), Credits.FromWhole(100)), Catalog.GiftLimits);

    [Fact]
    public void Ten_dollars_are_a_thousand_credits() => Assert.Equal(Credits.FromWhole(1_000), CreditValue.Of(Money.FromDollars(10)));

    [Fact]
    public void What_the_catalog_does_not_know_is_not_found()
    {
        Assert.Null(Catalog.FindPlan("platinum"));
        Assert.Null(Catalog.FindPack("credits_1"));
        Assert.Null(Catalog.FindApiPack("mega"));
        Assert.Null(Catalog.FindOperation("teleport"));
        Assert.Null(Catalog.FindPlan("FREE"));
    }

    [Fact]
    public void Every_kind_of_credit_has_a_name_for_people() =>
        Assert.Equal(["Credits", "Flows", "API credits", "Included minutes"], CreditTypes.All.Select(CreditTypes.NameOf));
}

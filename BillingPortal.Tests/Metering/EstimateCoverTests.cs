using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Metering;

public sealed class EstimateCoverTests
{
    private static readonly PriceCatalog Catalog = Catalogs.Shipped;

    // 1,500 + 750 + 200 = 2,450 credits.
    private static readonly EstimateWish Example = new()
    {
        Usage = [("image_to_html", Quantity.FromWhole(50)), ("code_export", Quantity.FromWhole(50)), ("figma_export", Quantity.FromWhole(20))],
    };

    [Fact]
    public void The_plans_allowance_pays_first_then_what_is_held_and_packs_the_rest()
    {
        var cover = Cover(Example, Means("lite", held: 100));

        Assert.Equal((Whole(2_000), Whole(100), Whole(350)), (cover.ByAllowance, cover.ByHeld, cover.Missing));
        Assert.Equal([("credits_1000", 1)], cover.Packs!.Packs.Select(one => (one.Pack.Id, one.Count)));
        Assert.Equal(Money.FromDollars(19), cover.Price);
        Assert.False(cover.IsChangeBetter);
    }

    [Fact]
    public void What_is_owed_is_settled_before_anything_is_paid()
    {
        var cover = Cover(Example, Means("lite", held: -700));

        Assert.Equal((Whole(700), Whole(2_000), Credits.Zero, Whole(1_150)), (cover.Owed, cover.ByAllowance, cover.ByHeld, cover.Missing));
    }

    [Fact]
    public void Included_minutes_save_their_credits()
    {
        var cover = Cover(new EstimateWish { Usage = [("voice", Quantity.FromWhole(300))] }, Means("starter"));

        // 250 of 300 minutes at 7.5.
        Assert.Equal((Whole(1_875), Whole(375)), (cover.ByMinutes, cover.ByAllowance));
        Assert.Equal(Credits.Zero, cover.Missing);
    }

    [Fact]
    public void Packs_bought_in_this_cycle_leave_fewer_to_buy()
    {
        var cover = Cover(Example, Means("lite") with { Allowance = Credits.Zero, PlacesLeft = Catalog.Packs.ToDictionary(pack => pack.Id, pack => pack.Id == "credits_1000" ? 2 : 3) });

        Assert.Equal([("credits_5000", 1)], cover.Packs!.Packs.Select(one => (one.Pack.Id, one.Count)));
    }

    [Fact]
    public void The_free_plan_buys_no_packs_so_a_plan_is_the_only_way()
    {
        var cover = Cover(Example, Means("free", held: 150));

        Assert.Null(cover.Price);
        Assert.Equal(("lite", Money.FromDollars(19)), (cover.Change!.Plan.Id, cover.Change.Price));
        Assert.True(cover.IsChangeBetter);
    }

    [Fact]
    public void More_flows_than_the_plan_gives_ask_for_another()
    {
        var cover = Cover(new EstimateWish { FlowsPerDay = 16 }, Means("lite"));

        Assert.True(cover.LacksFlows);
        Assert.Equal("growth", cover.Change!.Plan.Id);
        Assert.True(cover.IsChangeBetter);
    }

    [Fact]
    public void Api_credits_are_bought_as_the_cheapest_packs_together()
    {
        // 4,008,000 credits: one of $24.99 and two of $9.99 cost less than one of $49.99.
        var wish = new EstimateWish { Tokens = [new TokenWish("t", "gpt-4.1", Quantity.FromWhole(1_000_000), Quantity.FromWhole(250_000_000))] };

        var cover = Cover(wish, Means("lite"));
        var half = Cover(wish, Means("lite") with { ApiHeld = Whole(3_500_000) });

        Assert.Equal([("growth", 1), ("starter", 2)], cover.ApiPacks!.Packs.Select(one => (one.Pack.Id, one.Count)));
        Assert.Equal((Whole(508_000), "starter"), (half.ApiMissing, Assert.Single(half.ApiPacks!.Packs).Pack.Id));
    }

    [Fact]
    public void Nobody_in_particular_has_nothing_and_may_buy_any_pack()
    {
        var cover = new Estimator(Catalog).Cover(Example, null);

        Assert.Equal((Whole(2_450), Money.FromDollars(27)), (cover.Missing, cover.Price));
        Assert.Equal(("lite", Money.FromDollars(19), true), (cover.Change!.Plan.Id, cover.Change.Price, cover.IsChangeBetter));
    }

    [Fact]
    public void No_plan_with_any_valid_packs_is_cheaper_than_what_is_recommended() =>
        Laws.Hold(
            Numbers.RowOf(
                ("images", Numbers.Between(0, 6_000)), ("minutes", Numbers.Between(0, 8_000)), ("held", Numbers.Between(-2_000, 20_000)),
                ("plan", Numbers.Between(0, Catalog.Plans.Length - 1)), ("starters left", Numbers.Between(0, 3)), ("growths left", Numbers.Between(0, 3))),
            row =>
            {
                var plan = Catalog.Plans[(int)row[3]];
                var means = Means(plan.Id, row[2]) with
                {
                    PlacesLeft = new Dictionary<string, int> { ["credits_1000"] = (int)row[4], ["credits_5000"] = (int)row[5], ["credits_20000"] = 3, ["credits_100000"] = 3 },
                };
                var wish = new EstimateWish { Usage = [("image_to_html", Quantity.FromWhole(row[0])), ("voice", Quantity.FromWhole(row[1]))], PlanId = plan.Id };

                var cover = new Estimator(Catalog).Cover(wish, means);

                var recommended = cover.IsChangeBetter ? cover.Change!.Price : cover.Price;
                var best = Catalog.Plans
                    .Where(one => one == plan || (!one.IsFree && (row[0] > 0 || row[1] > 0)))
                    .SelectMany(one => Every(one, one == plan ? pack => means.PlacesLeft[pack.Id] : pack => pack.LimitPerCycle)
                        .Where(mix => mix.Credits >= NeededOn(one, row[0], row[1], row[2]))
                        .Select(mix => one.MonthlyPrice.Cents + mix.Cents))
                    .Order().Cast<long?>().FirstOrDefault();
                Assert.Equal(best, recommended?.Cents);
            },
            cases: 400);

    /// <summary>In millionths, counted as a clerk would.</summary>
    private static decimal NeededOn(Plan plan, long images, long minutes, long held) =>
        (images * 30m) + (Math.Max(0, minutes - plan.IncludedMinutes) * (plan.OverageRate?.ToDecimal() ?? 8m)) - plan.MonthlyCredits.ToDecimal() - held;

    private static IEnumerable<(decimal Credits, long Cents)> Every(Plan plan, Func<CreditPack, int> limit) => Catalog.Packs
        .Where(pack => pack.IsOpenTo(plan))
        .Aggregate(
            Enumerable.Repeat((Credits: 0m, Cents: 0L), 1),
            (mixes, pack) => mixes.SelectMany(mix => Enumerable.Range(0, limit(pack) + 1)
                .Select(count => (mix.Credits + (count * pack.Credits.ToDecimal()), mix.Cents + (count * pack.Price.Cents)))));

    private static EstimateCover Cover(EstimateWish wish, EstimateMeans means) => new Estimator(Catalog).Cover(wish with { PlanId = means.PlanId }, means);

    private static EstimateMeans Means(string planId, long held = 0)
    {
        var month = Catalog.FindPlan(planId)!.MonthOf(BillingInterval.Monthly);
        return new EstimateMeans(
            planId, BillingInterval.Monthly, 1, month.Price, month.Credits, month.Minutes, Whole(held), Credits.Zero,
            Catalog.Packs.ToDictionary(pack => pack.Id, pack => pack.LimitPerCycle));
    }

    private static Credits Whole(long credits) => Credits.FromWhole(credits);
}

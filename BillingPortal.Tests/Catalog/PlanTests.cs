using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Catalog;

public sealed class PlanTests
{
    private static readonly PriceCatalog Catalog = Catalogs.Shipped;

    [Fact]
    public void A_plan_for_each_seat_costs_and_grants_for_each()
    {
        var team = Catalog.FindPlan("team")!;
        Assert.Equal(Money.FromCents(3 * team.MonthlyPrice.Cents), team.PriceOf(BillingInterval.Monthly, seats: 3));
        Assert.Equal(
            new PlanAllowance(BillingInterval.Monthly, Credits.FromWhole(180_000), Credits.FromWhole(3L * team.IncludedMinutes)),
            team.AllowanceOf(BillingInterval.Monthly, seats: 3));
    }

    [Fact]
    public void Any_other_plan_is_the_same_for_any_number_of_seats()
    {
        var pro = Catalog.FindPlan("pro")!;
        Assert.Equal(pro.MonthlyPrice, pro.PriceOf(BillingInterval.Monthly, seats: 3));
        Assert.Equal(pro.AllowanceOf(BillingInterval.Monthly), pro.AllowanceOf(BillingInterval.Monthly, seats: 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => pro.PriceOf(BillingInterval.Monthly, seats: 0));
    }

    [Fact]
    public void A_yearly_plan_grants_a_years_credits_and_minutes_at_once()
    {
        var starter = Catalog.FindPlan("starter")!;
        Assert.Equal(starter.YearlyPrice, starter.PriceOf(BillingInterval.Yearly));
        Assert.Equal(
            new PlanAllowance(BillingInterval.Yearly, Credits.FromWhole(96_000), Credits.FromWhole(12L * starter.IncludedMinutes)),
            starter.AllowanceOf(BillingInterval.Yearly));
    }

    [Fact]
    public void A_yearly_plan_without_yearly_credits_grants_each_month()
    {
        var starter = Catalogs.With(("Plans:2:YearlyCredits", "")).FindPlan("starter")!;
        Assert.Equal(starter.AllowanceOf(BillingInterval.Monthly), starter.AllowanceOf(BillingInterval.Yearly));
    }

    [Fact]
    public void A_pack_is_open_to_plans_that_buy_packs_from_its_lowest_rank_up()
    {
        var catalog = Catalogs.With(("Packs:0:MinimumPlanRank", "2"), ("Plans:4:PackPurchase", "false"));
        Assert.Equal([false, false, true, true, false, true, true], catalog.Plans.Select(catalog.Packs[0].IsOpenTo));
    }
}

using BillingPortal.Components;
using BillingPortal.Ledger;

namespace BillingPortal.Tests.Components;

public sealed class RunwayTests
{
    [Fact]
    public void Its_range_spans_the_quieter_and_the_busier_week()
    {
        var runway = Estimate(1_400, before: 100, lately: 200);

        Assert.Equal(new Runway(7, 14), runway);
        Assert.Equal("7 to 14 days", runway!.Text);
    }

    [Fact]
    public void A_steady_pace_is_one_number() => Assert.Equal("about 10 days", Estimate(1_000, before: 100, lately: 100)!.Text);

    [Fact]
    public void A_week_without_usage_leaves_the_end_open() => Assert.Equal("10 days or more", Estimate(1_000, before: 0, lately: 100)!.Text);

    [Fact]
    public void Plenty_is_not_counted_in_days() => Assert.Equal("more than a year", Estimate(1_000_000, before: 1, lately: 1)!.Text);

    [Fact]
    public void An_empty_or_owing_wallet_lasts_no_day()
    {
        Assert.Equal("less than a day", Estimate(0, before: 10, lately: 10)!.Text);
        Assert.Equal("less than a day", Estimate(-50, before: 10, lately: 10)!.Text);
    }

    [Fact]
    public void One_busy_day_says_nothing_about_the_next()
    {
        var daily = Enumerable.Repeat(Credits.Zero, Runway.Basis - 1).Append(Credits.FromWhole(500)).ToList();

        Assert.Null(Runway.Estimate(Credits.FromWhole(1_000), daily));
    }

    [Fact]
    public void The_largest_wallet_and_the_smallest_use_still_fit()
    {
        var daily = Enumerable.Repeat(Credits.FromMicros(1), Runway.Basis).ToList();

        Assert.Equal("more than a year", Runway.Estimate(Credits.MaxValue, daily)!.Text);
    }

    private static Runway? Estimate(long available, long before, long lately) => Runway.Estimate(
        Credits.FromWhole(available),
        [.. Enumerable.Repeat(Credits.FromWhole(before), 7), .. Enumerable.Repeat(Credits.FromWhole(lately), 7)]);
}

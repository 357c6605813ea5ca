using BillingPortal.Components;
using BillingPortal.Ledger;
using BillingPortal.Metering;

namespace BillingPortal.Tests.Components;

public sealed class RunwayTests
{
    [Fact]
    public void Its_range_spans_quiet_and_busy_days()
    {
        var runway = Estimate(1_400, 100, 100, 200, 200);

        Assert.Equal(new Runway(7, 14, 4), runway);
        Assert.Equal("7 to 14 days", runway!.Text);
    }

    [Fact]
    public void A_steady_pace_is_one_number() => Assert.Equal("about 10 days", Estimate(1_000, 100, 100, 100, 100)!.Text);

    [Fact]
    public void Days_without_usage_leave_the_end_open() => Assert.Equal("10 days or more", Estimate(1_000, 0, 0, 0, 0, 100, 100, 100)!.Text);

    [Fact]
    public void Plenty_is_not_counted_in_days() => Assert.Equal("more than a year", Estimate(1_000_000, 1, 1, 1)!.Text);

    [Fact]
    public void An_empty_or_owing_wallet_lasts_no_day()
    {
        Assert.Equal("less than a day", Estimate(0, 10, 10, 10)!.Text);
        Assert.Equal("less than a day", Estimate(-50, 10, 10, 10)!.Text);
    }

    [Fact]
    public void Two_busy_days_say_nothing_about_the_next() => Assert.Null(Estimate(1_000, 0, 0, 0, 500, 500));

    [Fact]
    public void The_largest_wallet_and_the_smallest_use_still_fit() =>
        Assert.Equal("more than a year", Runway.Estimate(Credits.MaxValue, new UsageBurn([.. Enumerable.Repeat(Credits.FromMicros(1), 14)]))!.Text);

    [Fact]
    public void It_outlasts_a_renewal_if_even_busy_days_leave_something()
    {
        var now = new DateTimeOffset(2026, 6, 16, 12, 0, 0, TimeSpan.Zero);
        var runway = Estimate(1_000, 100, 100, 100)!;

        Assert.True(runway.Outlasts(now, now.AddDays(10)));
        Assert.False(runway.Outlasts(now, now.AddDays(10).AddHours(1)));
    }

    private static Runway? Estimate(long available, params long[] days) =>
        Runway.Estimate(Credits.FromWhole(available), new UsageBurn([.. days.Select(Credits.FromWhole)]));
}

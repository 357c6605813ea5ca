using BillingPortal.Components;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Components;

public sealed class PlanPaceTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(1_240, 15, "Ahead of pace: 62% of the plan's credits are used with 50% of the cycle gone. At this pace they end on 25 Mar.")]
    [InlineData(1_020, 15, "On pace: 51% of the plan's credits are used with 50% of the cycle gone.")]
    [InlineData(500, 15, "Behind pace: 25% of the plan's credits are used with 50% of the cycle gone. At this pace about 1,000 are left on 31 Mar and end.")]
    [InlineData(2_450, 15, "123% of the plan's credits are used with 50% of the cycle gone. Bonus and pack credits pay until 31 Mar.")]
    [InlineData(0, 0, "On pace: 0% of the plan's credits are used with 0% of the cycle gone.")]
    public void It_says_how_the_plan_is_used_up_against_its_time(long used, int days, string finding)
    {
        var now = Start.AddDays(days);
        var pace = new PlanPace(Credits.FromWhole(used), Credits.FromWhole(2_000), Start, Start.AddDays(30), now);

        Assert.Equal(finding, pace.Finding(new Viewer(new SetClock(now))));
        Assert.Equal(Credits.FromWhole(2_000L * days / 30), pace.Expected);
    }
}

namespace BillingPortal.Tests.Support;

public sealed class ManualClockTests
{
    [Fact]
    public void A_timer_falls_due_at_its_own_instant_and_again_after_its_period()
    {
        var clock = new ManualClock();
        var start = clock.GetUtcNow();
        var seen = new List<TimeSpan>();
        using var timer = clock.CreateTimer(_ => seen.Add(clock.GetUtcNow() - start), null, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3));

        clock.Advance(TimeSpan.FromSeconds(9));

        Assert.Equal([TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(8)], seen);
        Assert.Equal(start.AddSeconds(9), clock.GetUtcNow());
    }

    [Fact]
    public async Task A_delay_ends_when_the_clock_passes_it_and_not_before()
    {
        var clock = new ManualClock();
        var delay = Task.Delay(TimeSpan.FromMinutes(1), clock, TestContext.Current.CancellationToken);

        clock.Advance(TimeSpan.FromSeconds(59));
        Assert.False(delay.IsCompleted);

        clock.Advance(TimeSpan.FromSeconds(1));
        await delay;
    }

    [Fact]
    public void A_disposed_timer_stays_silent()
    {
        var clock = new ManualClock();
        clock.CreateTimer(_ => Assert.Fail("fired"), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan).Dispose();

        clock.Advance(TimeSpan.FromHours(1));
    }
}

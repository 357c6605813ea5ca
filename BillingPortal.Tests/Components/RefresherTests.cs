using BillingPortal.Components;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Components;

public sealed class RefresherTests
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ManualClock clock = new();
    private int refreshes;

    [Fact]
    public async Task A_thousand_signals_make_one_refresh_at_a_time_and_the_last_is_not_lost()
    {
        using var stop = new CancellationTokenSource();
        var refresher = new Refresher(clock, Pace, Patience);
        var running = refresher.RunAsync(CountAsync, stop.Token);

        Signal(refresher, 1_000);
        await CountedAsync(1);
        Signal(refresher, 1_000);
        Assert.Equal(1, refreshes);

        clock.Advance(Pace);
        await CountedAsync(2);
        clock.Advance(Pace);
        Assert.Equal(2, refreshes);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task It_refreshes_unasked_once_its_patience_ends_for_credit_expires_without_a_signal()
    {
        using var stop = new CancellationTokenSource();
        var running = new Refresher(clock, Pace, Patience).RunAsync(CountAsync, stop.Token);

        await Eventually.TrueAsync(() =>
        {
            clock.Advance(Patience);
            return refreshes > 0;
        });

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private Task CountAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref refreshes);
        return Task.CompletedTask;
    }

    private static void Signal(Refresher refresher, int times)
    {
        for (var i = 0; i < times; i++)
        {
            refresher.Signal();
        }
    }

    private Task CountedAsync(int times) => Eventually.TrueAsync(() => refreshes == times);
}

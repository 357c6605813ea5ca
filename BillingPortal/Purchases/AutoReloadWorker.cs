using System.Collections.Concurrent;
using BillingPortal.Wallets;

namespace BillingPortal.Purchases;

/// <summary>Looks after auto-reload: soon after a wallet changed or had too little on this instance, and at all of them at the start and once a minute.</summary>
/// <remarks>Nothing of it is in a charge's commit: a change only leaves the organization's id here.</remarks>
public sealed class AutoReloadWorker : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);

    private readonly ConcurrentDictionary<string, byte> changed = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim raised = new(0, 1);
    private readonly BalanceFeed feed;
    private readonly AutoReloadEngine engine;
    private readonly TimeProvider clock;
    private readonly ILogger<AutoReloadWorker> logger;

    public AutoReloadWorker(BalanceFeed feed, AutoReloadEngine engine, TimeProvider clock, ILogger<AutoReloadWorker> logger)
    {
        (this.feed, this.engine, this.clock, this.logger) = (feed, engine, clock, logger);
        feed.ChangedHere += Note;
        feed.ShortHere += Note;
    }

    public override void Dispose()
    {
        feed.ChangedHere -= Note;
        feed.ShortHere -= Note;
        raised.Dispose();
        base.Dispose();
    }

    /// <summary>Has an organization looked at soon.</summary>
    internal void Note(string organizationId)
    {
        if (changed.TryAdd(organizationId, 0) && raised.CurrentCount == 0)
        {
            try
            {
                raised.Release();
            }
            catch (SemaphoreFullException)
            {
                // It is raised already.
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken) => await Task.WhenAll(FollowAsync(stoppingToken), SweepAsync(stoppingToken));

    private async Task FollowAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await raised.WaitAsync(stoppingToken);
            string[] batch = [.. changed.Keys];
            foreach (var organizationId in batch)
            {
                changed.TryRemove(organizationId, out _);
            }

            await TryAsync(ct => engine.EvaluateAsync(batch, ct), stoppingToken);

            // Real time, not the portal's clock: it only keeps a storm of charges from asking without pause.
            await Task.Delay(Pace, stoppingToken);
        }
    }

    private async Task SweepAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        do
        {
            await TryAsync(engine.SweepAsync, stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task TryAsync(Func<CancellationToken, Task> work, CancellationToken stoppingToken)
    {
        try
        {
            await work(stoppingToken);
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            logger.LogWarning(exception, "Auto-reload could not be looked after; the next round tries again.");
        }
    }
}

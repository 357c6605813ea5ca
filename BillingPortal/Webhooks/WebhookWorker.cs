using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BillingPortal.Webhooks;

/// <summary>Hands events over and delivers them, endpoints side by side: one that hangs keeps no other waiting. Forgets what is past its retention.</summary>
public sealed class WebhookWorker(
    IDbContextFactory<BillingDbContext> contexts,
    OutboxDispatch outbox,
    WebhookTurn turns,
    IOptions<WebhookOptions> options,
    TimeProvider clock,
    ILogger<WebhookWorker> logger) : BackgroundService
{
    private const int ForgetPage = 1000;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ForgetEvery = TimeSpan.FromHours(1);

    private readonly Dictionary<string, Task> running = new(StringComparer.Ordinal);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        var forgetAt = DateTimeOffset.MinValue;
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    while (await outbox.RunAsync(stoppingToken) > 0)
                    {
                    }

                    await StartTurnsAsync(stoppingToken);
                    if (clock.Now() >= forgetAt)
                    {
                        forgetAt = clock.Now() + ForgetEvery;
                        await ForgetAsync(stoppingToken);
                    }
                }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
                {
                    logger.LogWarning(exception, "A round of webhooks failed; the next one tries again.");
                }
            }
        }
        finally
        {
            await Task.WhenAll(running.Values);
        }
    }

    /// <summary>Removes deliveries and events that are older than the retention, and tells how many deliveries there were.</summary>
    public async Task<int> ForgetAsync(CancellationToken cancellationToken)
    {
        var cutoff = clock.Now().AddDays(-options.Value.RetentionDays);
        var (oldDelivery, oldEvent) = (Ids.First("whd", cutoff), Ids.First("evt", cutoff));
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var forgotten = 0;
        int page;
        do
        {
            var ids = await db.Set<WebhookDelivery>().Where(row => row.Id.CompareTo(oldDelivery) < 0)
                .OrderBy(row => row.Id).Select(row => row.Id).Take(ForgetPage).ToListAsync(cancellationToken);
            page = await db.Set<WebhookDelivery>().Where(row => ids.Contains(row.Id)).ExecuteDeleteAsync(cancellationToken);
            forgotten += page;
        }
        while (page == ForgetPage);

        do
        {
            var ids = await db.Set<OutboxEvent>().Where(row => row.DispatchedAt != null && row.Id.CompareTo(oldEvent) < 0)
                .OrderBy(row => row.Id).Select(row => row.Id).Take(ForgetPage).ToListAsync(cancellationToken);
            page = await db.Set<OutboxEvent>().Where(row => ids.Contains(row.Id)).ExecuteDeleteAsync(cancellationToken);
        }
        while (page == ForgetPage);

        return forgotten;
    }

    private async Task StartTurnsAsync(CancellationToken cancellationToken)
    {
        foreach (var (endpointId, _) in running.Where(turn => turn.Value.IsCompleted).ToList())
        {
            running.Remove(endpointId);
        }

        var free = options.Value.Parallelism - running.Count;
        if (free <= 0)
        {
            return;
        }

        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var due = await db.Set<WebhookEndpoint>().AsNoTracking()
            .Where(row => row.PausedAt == null && (row.BackoffUntil == null || row.BackoffUntil <= now) && (row.LeasedUntil == null || row.LeasedUntil <= now))
            .Where(row => db.Set<WebhookDelivery>().Any(delivery => delivery.EndpointId == row.Id && delivery.NextAttemptAt != null && delivery.NextAttemptAt <= now))
            .OrderBy(row => row.LastAttemptAt)
            .Select(row => row.Id)
            .Take(free)
            .ToListAsync(cancellationToken);
        foreach (var endpointId in due.Where(endpointId => !running.ContainsKey(endpointId)))
        {
            running[endpointId] = TakeTurnAsync(endpointId, cancellationToken);
        }
    }

    private async Task TakeTurnAsync(string endpointId, CancellationToken cancellationToken)
    {
        try
        {
            await turns.TakeAsync(endpointId, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The portal stops. What was under way is sent again under the same id.
        }
        catch (Exception exception)
        {
            logger.LogWarning(exception, "A turn of webhook endpoint {EndpointId} broke off; it is taken again.", endpointId);
        }
    }
}

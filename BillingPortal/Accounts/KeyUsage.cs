using System.Collections.Concurrent;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Accounts;

/// <summary>Remembers when keys were last used and writes it down off the request's path, at most once a minute for each key.</summary>
public sealed class KeyUsage(IDbContextFactory<BillingDbContext> contexts, TimeProvider clock, ILogger<KeyUsage> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, DateTimeOffset> seen = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> written = new(StringComparer.Ordinal);

    internal void Note(string keyId) => seen[keyId] = clock.Now();

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await WriteAsync(everything: true, cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await WriteAsync(everything: false, stoppingToken);
        }
    }

    private async Task WriteAsync(bool everything, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        foreach (var (keyId, _) in written.Where(pair => pair.Value < now.AddMinutes(-2)))
        {
            written.TryRemove(keyId, out _);
        }

        var due = seen.Where(pair => everything || !written.TryGetValue(pair.Key, out var last) || pair.Value >= last.AddMinutes(1)).ToList();
        if (due.Count == 0)
        {
            return;
        }

        try
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            foreach (var (keyId, usedAt) in due)
            {
                await db.Set<ApiKey>().Where(row => row.Id == keyId && (row.LastUsedAt == null || row.LastUsedAt < usedAt))
                    .ExecuteUpdateAsync(update => update.SetProperty(row => row.LastUsedAt, usedAt), cancellationToken);
                written[keyId] = usedAt;
                seen.TryRemove(KeyValuePair.Create(keyId, usedAt));
            }
        }
        catch (Exception exception) when (exception is System.Data.Common.DbException or DbUpdateException or TimeoutException or ObjectDisposedException)
        {
            // A date for people to look at; it is written with the next round.
            logger.LogWarning(exception, "The last use of {Count} API keys could not be written down yet.", due.Count);
        }
    }
}

using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Store;

/// <summary>Deletes idempotency keys whose time is over. Claims treat them as free without it; it only keeps the table small.</summary>
public sealed class IdempotencySweep(IDbContextFactory<BillingDbContext> contexts, TimeProvider clock, ILogger<IdempotencySweep> logger) : PeriodicJob(TimeSpan.FromMinutes(10), clock, logger)
{
    // Few at a time, so that nobody waits long for the one writer of SQLite.
    private const int Page = 500;
    /// <summary>Deletes all that is over now, and tells how many there were.</summary>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        var swept = 0;
        while (true)
        {
            var now = Clock.Now();
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var deleted = await db.Set<IdempotencyRecord>()
                .Where(row => row.ExpiresAt <= now).OrderBy(row => row.ExpiresAt).Take(Page)
                .ExecuteDeleteAsync(cancellationToken);
            swept += deleted;
            if (deleted < Page)
            {
                return swept;
            }
        }
    }

    protected override Task RunRoundAsync(CancellationToken cancellationToken) => SweepAsync(cancellationToken);
}

using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Wallets;

/// <summary>Posts what has expired. Reads and writes count expiry exactly without it; it only keeps the books from lagging behind.</summary>
public sealed class ExpirySweep(IDbContextFactory<BillingDbContext> contexts, WalletWriter writer, TimeProvider clock, ILogger<ExpirySweep> logger)
    : PeriodicJob(TimeSpan.FromSeconds(30), clock, logger)
{
    private const int Page = 500;
    /// <summary>Sweeps every wallet that is due now, and tells how many there were.</summary>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        var swept = 0;
        while (true)
        {
            var now = Clock.Now();
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var due = await db.Set<WalletRow>().AsNoTracking()
                .Where(row => row.NextChangeAt != null && row.NextChangeAt <= now)
                .OrderBy(row => row.NextChangeAt)
                .Take(Page)
                .Select(row => new { row.OrganizationId, row.CreditType })
                .ToListAsync(cancellationToken);
            await Task.WhenAll(due.Select(wallet => writer.SettleAsync(new(wallet.OrganizationId, wallet.CreditType), cancellationToken)));
            swept += due.Count;
            if (due.Count < Page)
            {
                return swept;
            }
        }
    }

    protected override Task RunRoundAsync(CancellationToken cancellationToken) => SweepAsync(cancellationToken);
}

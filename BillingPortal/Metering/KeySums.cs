using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Metering;

/// <summary>What the usage of keys took, by the day on which it was charged.</summary>
internal static class KeySums
{
    /// <summary>Of a day and its month so far; keys that took nothing are left out.</summary>
    /// <param name="db">A rider's sees what its commit adds.</param>
    /// <param name="wallet">Out of which.</param>
    /// <param name="keyIds">The keys.</param>
    /// <param name="today">The UTC day.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<IReadOnlyDictionary<string, Spending>> ReadAsync(
        BillingDbContext db, WalletKey wallet, IReadOnlyCollection<string> keyIds, DateOnly today, CancellationToken cancellationToken)
    {
        var (organizationId, creditType) = wallet;
        var month = SpendPeriod.Month.StartOf(today);
        // What is charged in a month happened at most so long before.
        var first = month.AddDays(-UsageLimits.OldestEvent.Days - 1);
        var rows = await db.Set<UsageDay>().AsNoTracking()
            .Where(row => row.OrganizationId == organizationId && row.Day >= first && row.RecordedOn >= month && row.RecordedOn <= today)
            .Where(row => row.CreditType == creditType && keyIds.Contains(row.KeyId))
            .Select(row => new { row.KeyId, row.RecordedOn, row.CreditsMicros })
            .ToListAsync(cancellationToken);
        return rows.GroupBy(row => row.KeyId, StringComparer.Ordinal).ToDictionary(
            key => key.Key,
            key => new Spending(
                today, Credits.Sum(key.Where(row => row.RecordedOn == today).Select(row => row.CreditsMicros)), Credits.Sum(key.Select(row => row.CreditsMicros))),
            StringComparer.Ordinal);
    }
}

using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Wallets;

/// <summary>A transaction as far as it moved credit that is no daily allowance.</summary>
/// <param name="Transaction">As it was posted; its own amount and balance may hold daily credit too.</param>
/// <param name="Amount">Signed, without daily credit; never zero.</param>
/// <param name="BalanceAfter">All the credit but the daily after it.</param>
public sealed record BonusEntry(TransactionView Transaction, Credits Amount, Credits BalanceAfter);

/// <summary>The history of a wallet as if it had no daily allowance: what is granted anew every day, and spent first, would bury the rest.</summary>
public sealed class BonusHistory(IDbContextFactory<BillingDbContext> contexts)
{
    private const int Page = 500;

    /// <summary>The newest entries of the caller's wallet, newest first.</summary>
    /// <param name="caller">Of the wallet's organization.</param>
    /// <param name="creditType">Which wallet.</param>
    /// <param name="limit">1 to 1,000.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AccessDeniedException">A key without the scope that reads this credit type.</exception>
    public async Task<IReadOnlyList<BonusEntry>> ListAsync(Caller caller, string creditType, int limit, CancellationToken cancellationToken)
    {
        WalletAccess.DemandRead(caller, creditType);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, 1000);
        var organizationId = caller.OrganizationId;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);

        // Balances are counted back from the present one, so all of it must be of one instant.
        await using var snapshot = await db.BeginSnapshotAsync(cancellationToken);
        var balance = Credits.Sum(await db.Set<BucketRow>().AsNoTracking()
            .Where(bucket => bucket.OrganizationId == organizationId && bucket.CreditType == creditType && bucket.Kind != BucketKind.Daily)
            .Where(bucket => bucket.RemainingMicros != Credits.Zero)
            .Select(bucket => bucket.RemainingMicros)
            .ToListAsync(cancellationToken));
        var entries = new List<BonusEntry>(limit);
        var before = long.MaxValue;
        while (true)
        {
            var from = before;
            var page = await TransactionHistory.Views(db.Set<TransactionRow>()
                    .Where(row => row.OrganizationId == organizationId && row.CreditType == creditType && row.Sequence < from)
                    .OrderByDescending(row => row.Sequence)
                    .Take(Page))
                .ToListAsync(cancellationToken);
            var moved = await MovedAsync(db, organizationId, [.. page.Select(transaction => transaction.Id)], cancellationToken);
            foreach (var transaction in page)
            {
                var amount = Credits.Sum(moved[transaction.Id]);
                if (amount.IsZero)
                {
                    continue;
                }

                entries.Add(new BonusEntry(transaction, amount, balance));
                balance -= amount;
                if (entries.Count == limit)
                {
                    return entries;
                }
            }

            if (page.Count < Page)
            {
                return entries;
            }

            before = page[^1].Sequence;
        }
    }

    private static async Task<ILookup<string, Credits>> MovedAsync(
        BillingDbContext db, string organizationId, IReadOnlyList<string> transactionIds, CancellationToken cancellationToken)
    {
        var moved = await (
            from posting in db.Set<PostingRow>().AsNoTracking()
            join bucket in db.Set<BucketRow>().AsNoTracking() on posting.BucketId equals bucket.Id
            where transactionIds.Contains(posting.TransactionId) && bucket.OrganizationId == organizationId && bucket.Kind != BucketKind.Daily
            select new { posting.TransactionId, posting.AmountMicros }).ToListAsync(cancellationToken);
        return moved.ToLookup(posting => posting.TransactionId, posting => posting.AmountMicros);
    }
}

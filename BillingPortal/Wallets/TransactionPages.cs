using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Wallets;

/// <summary>Which way credit went.</summary>
public enum TransactionDirection
{
    All,
    In,
    Out,
}

/// <summary>Which transactions to read, by the number of a page.</summary>
/// <param name="CreditType">Of the caller's wallet of this credit type.</param>
/// <param name="Direction">Only credit that came in, or that went out.</param>
/// <param name="From">Recorded at or after; null: from the first.</param>
/// <param name="To">Recorded before; null: to the last.</param>
/// <param name="Page">From 1; a page beyond the last is empty.</param>
/// <param name="Limit">1 to <see cref="TransactionPages.LargestPage"/>.</param>
public sealed record TransactionPageQuery(
    string CreditType, TransactionDirection Direction, DateTimeOffset? From, DateTimeOffset? To, int Page, int Limit);

/// <summary>A page of transactions, newest first, and how many there are on all pages together.</summary>
public sealed record NumberedPage(IReadOnlyList<TransactionView> Transactions, long Total);

/// <summary>Reads transactions by numbered pages with a total, without counting what was charged.</summary>
/// <remarks>
/// A wallet numbers its transactions without gaps and in the order of their times, so instants are found by bisection and counts are differences.
/// What is no charge is rare and has an index of its own. Why: docs/decisions/0080. After a clock was set back, a window is exact to the length of that jump.
/// </remarks>
public sealed class TransactionPages(IDbContextFactory<BillingDbContext> contexts)
{
    public const int LargestPage = 1000;

    private const int Probes = 16;

    /// <summary>A page of transactions with the total of all pages.</summary>
    /// <exception cref="AccessDeniedException">A key without the scope that reads this credit type.</exception>
    public async Task<NumberedPage> GetAsync(Caller caller, TransactionPageQuery query, CancellationToken cancellationToken)
    {
        WalletAccess.DemandRead(caller, query.CreditType);
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Page, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, LargestPage);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var snapshot = await db.BeginSnapshotAsync(cancellationToken);
        var all = Rows(db, caller.OrganizationId, query.CreditType);
        var counted = await CountBeforeAsync(
            all, await LastAsync(db, caller.OrganizationId, query.CreditType, cancellationToken),
            [query.From ?? DateTimeOffset.MinValue, query.To ?? DateTimeOffset.MaxValue], cancellationToken);
        var (before, last) = (counted[0], Math.Max(counted[0], counted[1]));
        var window = all.Where(row => row.Sequence > before && row.Sequence <= last);
        var skipped = (long)(query.Page - 1) * query.Limit;
        if (query.Direction is TransactionDirection.All)
        {
            var high = last - skipped;
            return new NumberedPage(await PageAsync(window.Where(row => row.Sequence <= high), 0, query.Limit, cancellationToken), last - before);
        }

        // Said by type first, so that the index of what is no charge serves.
        var incoming = window.Where(row => row.Type != TransactionType.Charge && row.AmountMicros > Credits.Zero);
        var came = await incoming.LongCountAsync(cancellationToken);
        var (rows, total) = query.Direction is TransactionDirection.In
            ? (incoming, came)
            : (window.Where(row => row.AmountMicros < Credits.Zero), last - before - came);
        return new NumberedPage(skipped >= total ? [] : await PageAsync(rows, (int)skipped, query.Limit, cancellationToken), total);
    }

    private static IQueryable<TransactionRow> Rows(BillingDbContext db, string organizationId, string creditType) =>
        db.Set<TransactionRow>().AsNoTracking().Where(row => row.OrganizationId == organizationId && row.CreditType == creditType);

    private static async Task<IReadOnlyList<TransactionView>> PageAsync(IQueryable<TransactionRow> rows, int skip, int limit, CancellationToken cancellationToken) =>
        await TransactionHistory.Views(rows.OrderByDescending(row => row.Sequence).Skip(skip).Take(limit)).ToListAsync(cancellationToken);

    private static Task<long> LastAsync(BillingDbContext db, string organizationId, string creditType, CancellationToken cancellationToken) =>
        db.Set<WalletRow>().AsNoTracking()
            .Where(row => row.OrganizationId == organizationId && row.CreditType == creditType)
            .Select(row => row.Sequence)
            .FirstOrDefaultAsync(cancellationToken);

    /// <summary>For each instant, how many transactions were recorded before it, which is the sequence of the last of them.</summary>
    private static async Task<long[]> CountBeforeAsync(IQueryable<TransactionRow> all, long last, DateTimeOffset[] instants, CancellationToken cancellationToken)
    {
        // Number low was recorded before the instant, number high was not; the ends stand for numbers that do not exist.
        var low = instants.Select(instant => instant == DateTimeOffset.MaxValue ? last : 0).ToArray();
        var high = instants.Select(instant => instant == DateTimeOffset.MinValue ? 1 : last + 1).ToArray();
        while (true)
        {
            long[] probes = [.. instants.Index().SelectMany(one => Between(low[one.Index], high[one.Index])).Distinct()];
            if (probes.Length == 0)
            {
                return low;
            }

            var times = await all.Where(row => probes.Contains(row.Sequence)).ToDictionaryAsync(row => row.Sequence, row => row.RecordedAt, cancellationToken);
            for (var i = 0; i < instants.Length; i++)
            {
                foreach (var probe in Between(low[i], high[i]))
                {
                    if (times[probe] >= instants[i])
                    {
                        high[i] = probe;
                        break;
                    }

                    low[i] = probe;
                }
            }
        }
    }

    private static long[] Between(long low, long high)
    {
        var inside = high - low - 1;
        return inside <= Probes
            ? [.. Enumerable.Range(1, (int)Math.Max(0, inside)).Select(step => low + step)]
            : [.. Enumerable.Range(1, Probes).Select(step => low + (long)((Int128)(high - low) * step / (Probes + 1)))];
    }
}

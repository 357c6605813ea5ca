using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Wallets;

/// <summary>A posted transaction as people and integrators read it.</summary>
public sealed record TransactionView(
    string Id,
    string CreditType,
    long Sequence,
    TransactionType Type,
    Credits Amount,
    Credits BalanceAfter,
    string Reference,
    string Source,
    string? Note,
    string Actor,
    DateTimeOffset RecordedAt,
    DateTimeOffset EffectiveAt);

/// <summary>Which transactions to read.</summary>
/// <param name="CreditType">Of the caller's wallet of this credit type.</param>
/// <param name="Types">Only these types; empty: all.</param>
/// <param name="From">Recorded at or after; null: from the first.</param>
/// <param name="To">Recorded before; null: to the last.</param>
/// <param name="BeforeSequence">The page after this one, newest first; null: the newest.</param>
/// <param name="Limit">1 to 1,000.</param>
public sealed record TransactionQuery(
    string CreditType,
    IReadOnlyCollection<TransactionType> Types,
    DateTimeOffset? From = null,
    DateTimeOffset? To = null,
    long? BeforeSequence = null,
    int Limit = 50);

/// <summary>A page of transactions, newest first, and where the next one begins; null at the end.</summary>
public sealed record TransactionPage(IReadOnlyList<TransactionView> Transactions, long? NextBeforeSequence);

/// <summary>One leg of a transaction, with the bucket it moved if it moved one.</summary>
public sealed record PostingView(string Account, Credits Amount, Bucket? Bucket);

/// <summary>Reads what has been posted. Pages by sequence, so a wallet with a million transactions answers as one with ten.</summary>
public sealed class TransactionHistory(IDbContextFactory<BillingDbContext> contexts)
{
    public async Task<TransactionPage> ListAsync(Caller caller, TransactionQuery query, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, 1000);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = Filtered(db, caller, query);
        if (query.BeforeSequence is { } before)
        {
            rows = rows.Where(row => row.Sequence < before);
        }

        var page = await Views(rows.OrderByDescending(row => row.Sequence).Take(query.Limit + 1)).ToListAsync(cancellationToken);
        return page.Count > query.Limit
            ? new TransactionPage(page[..query.Limit], page[query.Limit - 1].Sequence)
            : new TransactionPage(page, null);
    }

    /// <summary>How many transactions a query matches, whatever its page.</summary>
    public async Task<long> CountAsync(Caller caller, TransactionQuery query, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await Filtered(db, caller, query).LongCountAsync(cancellationToken);
    }

    /// <summary>A transaction of the caller's organization; null if it has none of that id.</summary>
    public async Task<TransactionView?> FindAsync(Caller caller, string transactionId, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        return await FindAsync(caller.OrganizationId, transactionId, cancellationToken);
    }

    /// <summary>The organizations whose wallets changed in the last stretch of time in which any did.</summary>
    internal async Task<IReadOnlyList<string>> LastChangedAsync(TimeSpan stretch, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.Set<TransactionRow>().OrderByDescending(row => row.Id).Select(row => (DateTimeOffset?)row.RecordedAt).FirstOrDefaultAsync(cancellationToken) is not { } last)
        {
            return [];
        }

        var first = Ids.First("tx", last - stretch);
        return await db.Set<TransactionRow>().Where(row => row.Id.CompareTo(first) >= 0).Select(row => row.OrganizationId).Distinct().ToListAsync(cancellationToken);
    }

    internal async Task<TransactionView?> FindAsync(string organizationId, string transactionId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await Views(db.Set<TransactionRow>().Where(row => row.OrganizationId == organizationId && row.Id == transactionId))
            .FirstOrDefaultAsync(cancellationToken);
    }

    /// <summary>Those of the transactions that the organization has.</summary>
    internal async Task<IReadOnlyDictionary<string, TransactionView>> FindManyAsync(
        string organizationId, IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await Views(db.Set<TransactionRow>().Where(row => row.OrganizationId == organizationId && ids.Contains(row.Id)))
            .ToDictionaryAsync(view => view.Id, cancellationToken);
    }

    /// <summary>The legs of a transaction of the caller's organization: which buckets paid, and what became of it; empty if it has none of that id.</summary>
    public async Task<IReadOnlyList<PostingView>> GetPostingsAsync(Caller caller, string transactionId, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        var organizationId = caller.OrganizationId;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var legs = await db.Set<PostingRow>().AsNoTracking()
            .Where(row => row.OrganizationId == organizationId && row.TransactionId == transactionId)
            .OrderBy(row => row.Leg)
            .Select(row => new { row.Account, row.AmountMicros, row.BucketId })
            .ToListAsync(cancellationToken);
        var ids = legs.Select(leg => leg.BucketId).OfType<string>().Distinct().ToList();
        var buckets = await db.Set<BucketRow>().AsNoTracking()
            .Where(row => row.OrganizationId == organizationId && ids.Contains(row.Id))
            .ToDictionaryAsync(row => row.Id, WalletReader.ToBucket, cancellationToken);
        return [.. legs.Select(leg => new PostingView(leg.Account, leg.AmountMicros, leg.BucketId is null ? null : buckets[leg.BucketId]))];
    }

    private static IQueryable<TransactionRow> Filtered(BillingDbContext db, Caller caller, TransactionQuery query)
    {
        WalletAccess.DemandRead(caller, query.CreditType);
        var rows = db.Set<TransactionRow>().AsNoTracking()
            .Where(row => row.OrganizationId == caller.OrganizationId && row.CreditType == query.CreditType);
        if (query.Types.Count > 0)
        {
            rows = rows.Where(row => query.Types.Contains(row.Type));
            if (!query.Types.Contains(TransactionType.Charge))
            {
                // Said once more, so that the index of what is no charge serves.
                rows = rows.Where(row => row.Type != TransactionType.Charge);
            }
        }

        if (query.From is { } from)
        {
            rows = rows.Where(row => row.RecordedAt >= from);
        }

        return query.To is { } to ? rows.Where(row => row.RecordedAt < to) : rows;
    }

    internal static IQueryable<TransactionView> Views(IQueryable<TransactionRow> rows) => rows.AsNoTracking().Select(row => new TransactionView(
        row.Id, row.CreditType, row.Sequence, row.Type, row.AmountMicros, row.BalanceAfterMicros,
        row.Reference, row.Source, row.Note, row.Actor, row.RecordedAt, row.EffectiveAt));
}

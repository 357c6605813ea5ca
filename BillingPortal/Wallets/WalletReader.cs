using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Wallets;

/// <summary>Reads balances, buckets and holds. Never waits for the writer.</summary>
public sealed class WalletReader(IDbContextFactory<BillingDbContext> contexts, TimeProvider clock)
{
    // Not static: a compiled query belongs to one model, and every engine has its own.
    private readonly Func<BillingDbContext, string, string, CancellationToken, Task<WalletRow?>> findWallet =
        EF.CompileAsyncQuery((BillingDbContext db, string organizationId, string creditType, CancellationToken _) =>
            db.Set<WalletRow>().AsNoTracking().FirstOrDefault(row => row.OrganizationId == organizationId && row.CreditType == creditType));

    /// <summary>How the caller's wallet of a credit type stands now.</summary>
    /// <exception cref="AccessDeniedException">A key without the scope that reads this credit type.</exception>
    public Task<WalletBalance> GetBalanceAsync(Caller caller, string creditType, CancellationToken cancellationToken)
    {
        WalletAccess.DemandRead(caller, creditType);
        return GetBalanceAsync(new WalletKey(caller.OrganizationId, creditType), cancellationToken);
    }

    /// <summary>The caller's wallet of a credit type with its buckets and holds.</summary>
    /// <exception cref="AccessDeniedException">A key without the scope that reads this credit type.</exception>
    public Task<Wallet> GetWalletAsync(Caller caller, string creditType, CancellationToken cancellationToken)
    {
        WalletAccess.DemandRead(caller, creditType);
        return GetWalletAsync(new WalletKey(caller.OrganizationId, creditType), cancellationToken);
    }

    /// <summary>All credit of a kind that was ever put into the caller's wallet, spent or not.</summary>
    /// <exception cref="AccessDeniedException">A key without the scope that reads this credit type.</exception>
    public async Task<Credits> GetIssuedAsync(Caller caller, string creditType, BucketKind kind, CancellationToken cancellationToken)
    {
        WalletAccess.DemandRead(caller, creditType);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return Credits.Sum(await db.Set<BucketRow>().AsNoTracking()
            .Where(bucket => bucket.OrganizationId == caller.OrganizationId && bucket.CreditType == creditType && bucket.Kind == kind)
            .Select(bucket => bucket.AmountMicros)
            .ToListAsync(cancellationToken));
    }

    /// <summary>How a wallet stands now; zero for one that was never used. Costs one row, whatever its history.</summary>
    /// <remarks>Exact to the instant: once a bucket or hold of the stored figure has expired, the buckets are read instead.</remarks>
    internal async Task<WalletBalance> GetBalanceAsync(WalletKey key, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var row = await findWallet(db, key.OrganizationId, key.CreditType, cancellationToken);
        var now = clock.Now();
        if (row is null)
        {
            return new WalletBalance(key, Credits.Zero, Credits.Zero);
        }

        if (row.NextChangeAt is { } change && change <= now)
        {
            var wallet = await LoadAsync(db, key, cancellationToken);
            return new WalletBalance(key, wallet.BalanceAt(now), wallet.HeldAt(now));
        }

        return new WalletBalance(key, row.BalanceMicros, row.HeldMicros);
    }

    /// <summary>The stored figures of many organizations' wallets; each costs one row. Not exact where <see cref="StoredBalance.ChangedSince"/> says so.</summary>
    internal async Task<IReadOnlyList<StoredBalance>> GetStoredAsync(IReadOnlyCollection<string> organizationIds, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = clock.Now();
        return await db.Set<WalletRow>().AsNoTracking()
            .Where(row => organizationIds.Contains(row.OrganizationId))
            .Select(row => new StoredBalance(
                new WalletBalance(new WalletKey(row.OrganizationId, row.CreditType), row.BalanceMicros, row.HeldMicros), row.NextChangeAt != null && row.NextChangeAt <= now))
            .ToListAsync(cancellationToken);
    }

    /// <summary>A wallet with its live buckets and open holds, as the ledger sees it; empty for one that was never used.</summary>
    internal async Task<Wallet> GetWalletAsync(WalletKey key, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await LoadAsync(db, key, cancellationToken);
    }

    /// <summary>Those of the references that were posted in the organization, with what a replay of each is answered with.</summary>
    internal async Task<IReadOnlyDictionary<string, string?>> FindPostedAsync(
        string organizationId, IReadOnlyCollection<string> references, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<PostedReferenceRow>().AsNoTracking()
            .Where(row => row.OrganizationId == organizationId && references.Contains(row.Reference))
            .ToDictionaryAsync(row => row.Reference, row => row.ResultId, cancellationToken);
    }

    /// <summary>Whether any of the buckets that a transaction moved is of a kind. For riders: it reads within their commit.</summary>
    internal static Task<bool> MovedAsync(BillingDbContext db, Transaction transaction, BucketKind kind, CancellationToken cancellationToken)
    {
        var organizationId = transaction.Wallet.OrganizationId;
        var ids = transaction.Postings.Select(posting => posting.Account.BucketId).OfType<string>().ToList();
        return db.Set<BucketRow>().AnyAsync(
            bucket => bucket.OrganizationId == organizationId && ids.Contains(bucket.Id) && bucket.Kind == kind, cancellationToken);
    }

    private static async Task<Wallet> LoadAsync(BillingDbContext db, WalletKey key, CancellationToken cancellationToken)
    {
        // Row, buckets and holds of one instant: a commit between two of the queries would show credit twice or not at all.
        await using var snapshot = await db.BeginSnapshotAsync(cancellationToken);
        return await ReadAsync(db, key, cancellationToken);
    }

    /// <summary>As <see cref="GetWalletAsync(WalletKey, CancellationToken)"/>, within the transaction of <paramref name="db"/>: for riders, who see what their commit will leave.</summary>
    internal static async Task<Wallet> ReadAsync(BillingDbContext db, WalletKey key, CancellationToken cancellationToken)
    {
        // Not the compiled query, which belongs to the model of this reader's own contexts.
        var row = await db.Set<WalletRow>().AsNoTracking()
            .FirstOrDefaultAsync(wallet => wallet.OrganizationId == key.OrganizationId && wallet.CreditType == key.CreditType, cancellationToken);
        if (row is null)
        {
            return Wallet.Empty(key);
        }

        var buckets = await db.Set<BucketRow>().AsNoTracking()
            .Where(bucket => bucket.OrganizationId == row.OrganizationId && bucket.CreditType == row.CreditType)
            .Where(bucket => bucket.RemainingMicros != Credits.Zero || bucket.Kind == BucketKind.Overdraft)
            .ToListAsync(cancellationToken);
        var holds = await db.Set<HoldRow>().AsNoTracking()
            .Where(hold => hold.OrganizationId == row.OrganizationId && hold.CreditType == row.CreditType && hold.State == HoldState.Open)
            .ToListAsync(cancellationToken);
        return new Wallet(
            key, row.Sequence, row.BalanceMicros,
            [.. buckets.Select(ToBucket).Order(DrawdownOrder.Instance)],
            [.. holds.Select(hold => new Hold(hold.Id, hold.AmountMicros, hold.ExpiresAt, hold.IsGift, hold.KeyId))])
        {
            Limits = new(row.DayLimitMicros, row.MonthLimitMicros),
            Spending = new(row.SpentOn, row.SpentInDayMicros, row.SpentInMonthMicros),
        };
    }

    internal static Bucket ToBucket(BucketRow row) => new(
        row.Id, row.Kind, row.AmountMicros, row.RemainingMicros, (int?)row.Priority, row.EffectiveAt, row.ExpiresAt, row.Source, row.Origin, row.Giftable);
}

/// <summary>A balance as the last commit left it.</summary>
/// <param name="Balance">Its figures.</param>
/// <param name="ChangedSince">Whether a bucket or a hold has expired since, so that the figures are no longer exact.</param>
internal readonly record struct StoredBalance(WalletBalance Balance, bool ChangedSince);

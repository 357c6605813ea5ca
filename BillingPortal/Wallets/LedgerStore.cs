using System.Collections.Immutable;
using BillingPortal.Ledger;
using BillingPortal.Store;
using static BillingPortal.Store.TableShape;

namespace BillingPortal.Wallets;

/// <summary>Reads the wallets and references that a batch touches, and writes what the batch made of them. The only code that writes ledger rows.</summary>
internal static class LedgerStore
{
    private static readonly TableShape NewWallets = new("wallets", RowVerb.InsertIfAbsent, 2,
        [Text("organization_id"), Text("credit_type"), Number("sequence"), Number("balance_micros"), Number("held_micros"), Number("spent_on"),
            Number("spent_in_day_micros"), Number("spent_in_month_micros")]);

    private static readonly TableShape WalletUpdates = new("wallets", RowVerb.Update, 2,
        [Text("organization_id"), Text("credit_type"), Number("sequence"), Number("balance_micros"), Number("held_micros"), Number("next_change_at"),
            Number("day_limit_micros"), Number("month_limit_micros"), Number("spent_on"), Number("spent_in_day_micros"), Number("spent_in_month_micros")]);

    private static readonly TableShape NewBuckets = new("buckets", RowVerb.Insert, 2,
        [Text("organization_id"), Text("id"), Text("credit_type"), Text("kind"), Number("amount_micros"), Number("remaining_micros"), Number("priority"),
            Number("effective_at"), Number("expires_at"), Text("source"), Text("origin"), Bool("giftable")]);

    private static readonly TableShape BucketUpdates = new("buckets", RowVerb.Update, 2,
        [Text("organization_id"), Text("id"), Number("amount_micros"), Number("remaining_micros")]);

    private static readonly TableShape NewHolds = new("holds", RowVerb.Insert, 2,
        [Text("organization_id"), Text("id"), Text("credit_type"), Text("state"), Number("amount_micros"), Number("created_at"), Number("expires_at"), Bool("is_gift"),
            Text("key_id")]);

    private static readonly TableShape HoldUpdates = new("holds", RowVerb.Update, 2, [Text("organization_id"), Text("id"), Text("state")]);

    private static readonly TableShape NewTransactions = new("transactions", RowVerb.Insert, 3,
        [Text("organization_id"), Text("credit_type"), Number("sequence"), Text("id"), Text("type"), Number("amount_micros"), Number("balance_after_micros"),
            Text("reference"), Text("source"), Text("note"), Text("actor"), Number("recorded_at"), Number("effective_at")]);

    private static readonly TableShape NewPostings = new("postings", RowVerb.Insert, 3,
        [Text("organization_id"), Text("transaction_id"), Number("leg"), Text("account"), Text("bucket_id"), Number("amount_micros")]);

    private static readonly TableShape DaySums = new("wallet_days", RowVerb.Accumulate, 4,
        [Text("organization_id"), Text("credit_type"), Number("day"), Text("type"), Number("whole_credits"), Number("fraction_micros"), Number("transactions")]);

    private static readonly TableShape NewReferences = new("posted_references", RowVerb.Insert, 2,
        [Text("organization_id"), Text("reference"), Text("result_id")]);

    private static readonly KeyedQuery WalletQuery = new("wallets", ["organization_id", "credit_type"],
        ["organization_id", "credit_type", "sequence", "balance_micros", "held_micros", "day_limit_micros", "month_limit_micros", "spent_on", "spent_in_day_micros",
            "spent_in_month_micros", "has_key_limits"], Lock: true);

    private static readonly KeyedQuery BucketQuery = new("buckets", ["organization_id", "credit_type"],
        ["organization_id", "credit_type", "id", "kind", "amount_micros", "remaining_micros", "priority", "effective_at", "expires_at", "source", "origin", "giftable"],
        "(t.remaining_micros <> 0 OR t.kind = 'overdraft')");

    private static readonly KeyedQuery HoldQuery = new("holds", ["organization_id", "credit_type"],
        ["organization_id", "credit_type", "id", "amount_micros", "expires_at", "is_gift", "key_id"], "t.state = 'open'");

    private static readonly KeyedQuery KeyLimitQuery = new("key_limits", ["organization_id", "credit_type", "key_id"],
        ["organization_id", "credit_type", "key_id", "day_limit_micros", "month_limit_micros", "spent_on", "spent_in_day_micros", "spent_in_month_micros"]);

    private static readonly TableShape KeySpendingUpdates = new("key_limits", RowVerb.Update, 3,
        [Text("organization_id"), Text("credit_type"), Text("key_id"), Number("spent_on"), Number("spent_in_day_micros"), Number("spent_in_month_micros")]);

    private static readonly KeyedQuery ReferenceQuery = new("posted_references", ["organization_id", "reference"],
        ["organization_id", "reference", "result_id"]);

    /// <summary>Locks the wallets in key order and reads them with their live buckets and open holds; wallets that do not exist yet are opened.</summary>
    public static async Task<IReadOnlyList<Wallet>> LoadAsync(
        StoreSession session, IReadOnlyCollection<WalletKey> keys, IReadOnlyCollection<SpenderKey> spenders, IReadOnlyCollection<ReferenceKey> references,
        Dictionary<ReferenceKey, string?> posted, CancellationToken cancellationToken)
    {
        var pairs = keys.Order().Select(key => new[] { key.OrganizationId, key.CreditType }).ToArray();
        var found = await ReadAsync(session, pairs, spenders, references, posted, cancellationToken);
        if (found.Count == pairs.Length)
        {
            return found;
        }

        foreach (var pair in pairs)
        {
            session.Rows(NewWallets).Add(pair[0], pair[1], 0L, 0L, 0L, 0L, 0L, 0L);
        }

        await session.FlushAsync(cancellationToken);
        return await ReadAsync(session, pairs, spenders, references, posted, cancellationToken);
    }

    /// <summary>Adds everything the batch changed to the session's rows.</summary>
    public static void Write(StoreSession session, WalletBook book)
    {
        foreach (var (before, after) in book.Changes)
        {
            session.Rows(WalletUpdates).Add(
                after.Key.OrganizationId, after.Key.CreditType, after.Sequence, after.Balance.Micros,
                Credits.Sum(after.Holds.Select(hold => hold.Amount)).Micros, after.NextChangeAt?.ToUnixTimeMilliseconds(),
                after.Limits.PerDay?.Micros, after.Limits.PerMonth?.Micros, (long)after.Spending.Day.DayNumber, after.Spending.InDay.Micros, after.Spending.InMonth.Micros);
            WriteBuckets(session, before, after);
            WriteHolds(session, before, after, book);
            WriteKeySpending(session, before, after);
        }

        foreach (var transaction in book.Transactions)
        {
            var header = transaction.Header;
            var organization = transaction.Wallet.OrganizationId;
            session.Rows(NewTransactions).Add(
                organization, transaction.Wallet.CreditType, transaction.Sequence, transaction.Id, transaction.Type.Text(),
                transaction.Amount.Micros, transaction.BalanceAfter.Micros, header.Reference, header.Source, header.Note, header.Actor,
                header.RecordedAt.ToUnixTimeMilliseconds(), header.EffectiveAt.ToUnixTimeMilliseconds());
            session.Rows(DaySums).Add(
                organization, transaction.Wallet.CreditType, (long)DateOnly.FromDateTime(header.RecordedAt.UtcDateTime).DayNumber, transaction.Type.Text(),
                transaction.Amount.Micros / Credits.MicrosPerCredit, transaction.Amount.Micros % Credits.MicrosPerCredit, 1L);
            foreach (var (leg, posting) in transaction.Postings.Index())
            {
                session.Rows(NewPostings).Add(
                    organization, transaction.Id, (long)leg, posting.Account.Name, posting.Account.BucketId, posting.Amount.Micros);
            }
        }
    }

    /// <summary>Marks a reference as posted; the database refuses the second of two that come at once.</summary>
    public static void WriteReference(StoreSession session, ReferenceKey key, string? resultId) =>
        session.Rows(NewReferences).Add(key.OrganizationId, key.Reference, resultId);

    private static void WriteBuckets(StoreSession session, Wallet before, Wallet after)
    {
        // Spending order differs from id order, and a wallet has few live buckets: a look-up by id, not a merge.
        foreach (var bucket in after.Buckets)
        {
            var old = before.Buckets.FirstOrDefault(candidate => candidate.Id == bucket.Id);
            if (old is null)
            {
                session.Rows(NewBuckets).Add(
                    after.Key.OrganizationId, bucket.Id, after.Key.CreditType, bucket.Kind.Text(), bucket.Amount.Micros, bucket.Remaining.Micros,
                    (long?)bucket.Priority, bucket.EffectiveAt.ToUnixTimeMilliseconds(), bucket.ExpiresAt?.ToUnixTimeMilliseconds(),
                    bucket.Source, bucket.Origin, bucket.Giftable);
            }
            else if (old.Remaining != bucket.Remaining || old.Amount != bucket.Amount)
            {
                session.Rows(BucketUpdates).Add(after.Key.OrganizationId, bucket.Id, bucket.Amount.Micros, bucket.Remaining.Micros);
            }
        }
    }

    private static void WriteHolds(StoreSession session, Wallet before, Wallet after, WalletBook book)
    {
        if (before.Holds == after.Holds)
        {
            return;
        }

        foreach (var hold in after.Holds.Except(before.Holds))
        {
            session.Rows(NewHolds).Add(
                after.Key.OrganizationId, hold.Id, after.Key.CreditType, HoldState.Open.Text(), hold.Amount.Micros,
                book.Now.ToUnixTimeMilliseconds(), hold.ExpiresAt.ToUnixTimeMilliseconds(), hold.IsGift, hold.KeyId);
        }

        foreach (var hold in before.Holds.Except(after.Holds))
        {
            session.Rows(HoldUpdates).Add(
                after.Key.OrganizationId, hold.Id, book.EndedHolds.GetValueOrDefault(hold.Id, HoldState.Expired).Text());
        }
    }

    private static void WriteKeySpending(StoreSession session, Wallet before, Wallet after)
    {
        foreach (var (old, key) in before.Keys.Zip(after.Keys).Where(pair => pair.First.Spending != pair.Second.Spending))
        {
            session.Rows(KeySpendingUpdates).Add(
                after.Key.OrganizationId, after.Key.CreditType, key.KeyId, (long)key.Spending.Day.DayNumber, key.Spending.InDay.Micros, key.Spending.InMonth.Micros);
        }
    }

    private static async Task<IReadOnlyList<Wallet>> ReadAsync(
        StoreSession session, string[][] pairs, IReadOnlyCollection<SpenderKey> spenders, IReadOnlyCollection<ReferenceKey> references,
        Dictionary<ReferenceKey, string?> posted, CancellationToken cancellationToken)
    {
        var rows = new List<(WalletKey Key, long Sequence, Credits Balance, bool HasHolds, SpendLimits Limits, Spending Spending, bool HasKeyLimits)>(pairs.Length);
        var buckets = new Dictionary<WalletKey, List<Bucket>>();
        var holds = new Dictionary<WalletKey, List<Hold>>();
        var limitedKeys = new Dictionary<WalletKey, List<KeySpending>>();
        await session.ReadAsync(
            [
                new(WalletQuery, pairs, row => rows.Add((
                    KeyOf(row), row.Number(2), Credits.FromMicros(row.Number(3)), row.Number(4) != 0, LimitsOf(row, 5), SpendingOf(row, 7), row.Bool(10)))),
                new(BucketQuery, pairs, row => ListOf(buckets, KeyOf(row)).Add(BucketOf(row))),
                new(ReferenceQuery, [.. references.Select(key => new[] { key.OrganizationId, key.Reference })],
                    row => posted[new(row.Text(0), row.Text(1))] = row.IsNull(2) ? null : row.Text(2)),
            ],
            cancellationToken);

        // Few wallets have holds open, or keys with limits of their own; only those are asked for them.
        var more = new List<KeyedRead>();
        var holding = rows.Where(row => row.HasHolds).Select(row => new[] { row.Key.OrganizationId, row.Key.CreditType }).ToArray();
        if (holding.Length > 0)
        {
            more.Add(new(HoldQuery, holding, row => ListOf(holds, KeyOf(row)).Add(
                new Hold(
                    row.Text(2), Credits.FromMicros(row.Number(3)), DateTimeOffset.FromUnixTimeMilliseconds(row.Number(4)), row.Bool(5), row.IsNull(6) ? null : row.Text(6)))));
        }

        var limiting = rows.Where(row => row.HasKeyLimits).Select(row => row.Key).ToHashSet();
        var limited = spenders.Where(spender => limiting.Contains(spender.Wallet))
            .Select(spender => new[] { spender.Wallet.OrganizationId, spender.Wallet.CreditType, spender.KeyId }).ToArray();
        if (limited.Length > 0)
        {
            more.Add(new(KeyLimitQuery, limited, row => ListOf(limitedKeys, KeyOf(row)).Add(new(row.Text(2), LimitsOf(row, 3), SpendingOf(row, 5)))));
        }

        if (more.Count > 0)
        {
            await session.ReadAsync(more, cancellationToken);
        }

        return
        [
            .. rows.Select(row => new Wallet(
                row.Key, row.Sequence, row.Balance,
                buckets.TryGetValue(row.Key, out var live) ? [.. live.Order(DrawdownOrder.Instance)] : [],
                holds.TryGetValue(row.Key, out var open) ? [.. open] : [])
            {
                Limits = row.Limits,
                Spending = row.Spending,
                Keys = limitedKeys.TryGetValue(row.Key, out var keys) ? [.. keys] : [],
            }),
        ];
    }

    private static SpendLimits LimitsOf(IKeyedRow row, int column) => new(CreditsOrNull(row, column), CreditsOrNull(row, column + 1));

    private static Spending SpendingOf(IKeyedRow row, int column) =>
        new(DateOnly.FromDayNumber((int)row.Number(column)), Credits.FromMicros(row.Number(column + 1)), Credits.FromMicros(row.Number(column + 2)));

    private static Credits? CreditsOrNull(IKeyedRow row, int column) => row.IsNull(column) ? null : Credits.FromMicros(row.Number(column));

    private static WalletKey KeyOf(IKeyedRow row) => new(row.Text(0), row.Text(1));

    private static Bucket BucketOf(IKeyedRow row) => new(
        row.Text(2),
        SnakeCase.Parse<BucketKind>(row.Text(3)),
        Credits.FromMicros(row.Number(4)),
        Credits.FromMicros(row.Number(5)),
        row.IsNull(6) ? null : (int)row.Number(6),
        DateTimeOffset.FromUnixTimeMilliseconds(row.Number(7)),
        row.IsNull(8) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.Number(8)),
        row.Text(9),
        row.IsNull(10) ? null : row.Text(10),
        row.Bool(11));

    private static List<TValue> ListOf<TValue>(Dictionary<WalletKey, List<TValue>> lists, WalletKey key)
    {
        if (!lists.TryGetValue(key, out var list))
        {
            list = [];
            lists.Add(key, list);
        }

        return list;
    }
}

/// <summary>An API key that takes from a wallet.</summary>
internal readonly record struct SpenderKey(WalletKey Wallet, string KeyId);

/// <summary>A reference in its organization.</summary>
internal readonly record struct ReferenceKey(string OrganizationId, string Reference);

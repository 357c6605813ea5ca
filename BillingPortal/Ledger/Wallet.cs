using System.Collections.Immutable;

namespace BillingPortal.Ledger;

/// <summary>What an operation made of a wallet: its new state and the transaction that says so, or the refusal.</summary>
public readonly record struct WalletStep(Wallet Wallet, Transaction? Transaction, Refusal? Refusal)
{
    internal static WalletStep Refused(Wallet wallet, Refusal refusal) => new(wallet, null, refusal);
}

/// <summary>What a credit puts into a wallet.</summary>
/// <param name="Kind">The bucket's kind; never <see cref="BucketKind.Overdraft"/>.</param>
/// <param name="Amount">More than zero.</param>
/// <param name="ExpiresAt">After the transaction's instant; null: never.</param>
/// <param name="Origin">The payment, grant or gift behind it.</param>
/// <param name="Giftable">Whether it may be given away.</param>
/// <param name="Priority">Overrides the kind in the spending order.</param>
public sealed record Deposit(
    BucketKind Kind,
    Credits Amount,
    DateTimeOffset? ExpiresAt = null,
    string? Origin = null,
    bool Giftable = false,
    int? Priority = null);

/// <summary>A wallet at one moment, and the only arithmetic that changes one. Pure: every operation returns a new wallet.</summary>
/// <param name="Key">Organization and credit type.</param>
/// <param name="Sequence">Number of its last transaction; 0 before the first.</param>
/// <param name="Balance">Posted balance: the sum of what remains in <paramref name="Buckets"/>.</param>
/// <param name="Buckets">Every bucket whose remaining is not zero, in the spending order, and the overdraft bucket once there is one.</param>
/// <param name="Holds">Every hold that was not captured or released; it may have expired.</param>
public sealed record Wallet(
    WalletKey Key,
    long Sequence,
    Credits Balance,
    ImmutableArray<Bucket> Buckets,
    ImmutableArray<Hold> Holds)
{
    /// <summary>What its owner lets usage take.</summary>
    public SpendLimits Limits { get; init; }

    /// <summary>What usage took. Kept whether there are limits or not, so that one that is set in the middle of a month counts all of it.</summary>
    public Spending Spending { get; init; }

    /// <summary>What single API keys may take and took; only keys that have limits, and of these only those whose usage is at hand.</summary>
    public ImmutableArray<KeySpending> Keys { get; init; } = [];

    public static Wallet Empty(WalletKey key) => new(key, 0, Credits.Zero, [], []);

    /// <summary>Spendable at an instant before holds: what remains in the buckets that count then, less what is owed.</summary>
    public Credits BalanceAt(DateTimeOffset now)
    {
        var balance = Credits.Zero;
        foreach (var bucket in Buckets)
        {
            balance += bucket.IsLiveAt(now) ? bucket.Remaining : Credits.Zero;
        }

        return balance;
    }

    /// <summary>Set aside at an instant: the holds still open then.</summary>
    public Credits HeldAt(DateTimeOffset now)
    {
        var held = Credits.Zero;
        foreach (var hold in Holds)
        {
            held += hold.IsOpenAt(now) ? hold.Amount : Credits.Zero;
        }

        return held;
    }

    /// <summary>What can be spent at an instant: balance less holds. Below zero when something is owed.</summary>
    public Credits AvailableAt(DateTimeOffset now) => BalanceAt(now) - HeldAt(now);

    /// <summary>The next instant at which balance or holds change by themselves; null if never.</summary>
    /// <remarks>Until then a stored balance is exact, so a read needs one row.</remarks>
    public DateTimeOffset? NextChangeAt
    {
        get
        {
            DateTimeOffset? next = null;
            foreach (var bucket in Buckets.Where(bucket => bucket.Remaining.IsPositive))
            {
                next = Earliest(next, bucket.ExpiresAt);
            }

            foreach (var hold in Holds)
            {
                next = Earliest(next, hold.ExpiresAt);
            }

            return next;
        }
    }

    /// <summary>Drops the holds that ended and posts the rest of every bucket that expired, one transaction each.</summary>
    /// <param name="now">The instant to settle at; every other operation expects a settled wallet.</param>
    /// <param name="newTransactionId">Makes the id of each transaction.</param>
    /// <param name="transactions">Receives them, in order.</param>
    public Wallet SettledAt(DateTimeOffset now, Func<string> newTransactionId, ICollection<Transaction> transactions)
    {
        if (NextChangeAt is not { } next || next > now)
        {
            return this;
        }

        var wallet = this with { Holds = Holds.RemoveAll(hold => !hold.IsOpenAt(now)) };
        foreach (var bucket in Buckets.Where(bucket => bucket.IsExpiredAt(now) && bucket.Remaining.IsPositive))
        {
            var header = new TransactionHeader(
                newTransactionId(), $"expiry:{bucket.Id}", bucket.Source, null, "system:expiry", now, bucket.ExpiresAt ?? now);
            var step = wallet.Debit(header, TransactionType.Expired, [new Draw(bucket, bucket.Remaining)], LedgerAccount.Expired);
            transactions.Add(step.Transaction!);
            wallet = step.Wallet;
        }

        return wallet;
    }

    /// <summary>Puts credit in; what is owed is repaid from it first.</summary>
    public WalletStep Credit(TransactionHeader header, TransactionType type, Deposit deposit) =>
        Credit(header, type, [deposit], type is TransactionType.GiftReceived ? LedgerAccount.Transferred : LedgerAccount.IssuedFor(deposit.Kind));

    /// <summary>Takes credit for usage, in the spending order and within the owner's limits.</summary>
    /// <param name="header">What the transaction says of itself.</param>
    /// <param name="amount">More than zero.</param>
    /// <param name="overdraftLimit">How far below zero the available credit may fall; zero for most rates.</param>
    /// <param name="beyondLimits">Whether it was agreed to before and no limit stops it; it counts all the same.</param>
    /// <param name="keyId">The API key whose usage it is; null: none.</param>
    public WalletStep Charge(TransactionHeader header, Credits amount, Credits overdraftLimit, bool beyondLimits = false, string? keyId = null)
    {
        var step = Spend(header, TransactionType.Charge, amount, overdraftLimit, LedgerAccount.Consumed);
        if (step.Refusal is null && !beyondLimits && OverLimitAt(header.RecordedAt, amount, keyId) is { } over)
        {
            return WalletStep.Refused(this, over);
        }

        return step.Refusal is null ? step with { Wallet = step.Wallet.Spent(DayOf(header.RecordedAt), amount, keyId) } : step;
    }

    /// <summary>Why usage may not take so much more at an instant; null if it may. What is held for usage is as good as taken.</summary>
    /// <param name="now">The instant.</param>
    /// <param name="amount">What it would take.</param>
    /// <param name="keyId">The API key whose usage it is; null: none.</param>
    public Refusal.OverLimit? OverLimitAt(DateTimeOffset now, Credits amount, string? keyId = null)
    {
        if (Limits != default && Over(Limits, Spending, HeldAt(now) - PromisedAt(now), null) is { } over)
        {
            return over;
        }

        return FindKey(keyId) is { } key ? Over(key.Limits, key.Spending, HeldByAt(key.KeyId, now), key.KeyId) : null;

        Refusal.OverLimit? Over(SpendLimits limits, Spending spending, Credits held, string? limitedKey)
        {
            var today = DayOf(now);
            var spent = spending.At(today);
            foreach (var period in (ReadOnlySpan<SpendPeriod>)[SpendPeriod.Day, SpendPeriod.Month])
            {
                if (limits.In(period) is { } most && (Int128)most.Micros - spent.In(period).Micros - held.Micros is var left && amount.Micros > left)
                {
                    return new(Key.CreditType, period, most, amount, Credits.FromMicros((long)Int128.Max(0, left)), today, limitedKey);
                }
            }

            return null;
        }
    }

    /// <summary>With other limits for an API key, if it has any.</summary>
    public Wallet WithKeyLimits(string? keyId, SpendLimits limits) => FindKey(keyId) is { } key ? this with { Keys = Keys.Replace(key, key with { Limits = limits }) } : this;

    /// <summary>Takes credit away by an administrator's decision, in the spending order; never below zero.</summary>
    public WalletStep Deduct(TransactionHeader header, Credits amount) =>
        Spend(header, TransactionType.Adjusted, amount, Credits.Zero, LedgerAccount.ClawedBack);

    /// <summary>What could be given away at an instant: giftable buckets that are not promised yet, as far as holds and debts leave it available.</summary>
    public Credits GiftableAt(DateTimeOffset now)
    {
        var giftable = Credits.Sum(Buckets.Where(bucket => bucket.Giftable && bucket.IsLiveAt(now)).Select(bucket => bucket.Remaining));
        return Credits.Max(Credits.Zero, Credits.Min(giftable - PromisedAt(now), AvailableAt(now)));
    }

    /// <summary>Of <see cref="HeldAt"/>, what is promised as gifts.</summary>
    public Credits PromisedAt(DateTimeOffset now) =>
        Credits.Sum(Holds.Where(hold => hold.IsGift && hold.IsOpenAt(now)).Select(hold => hold.Amount));

    /// <summary>Gives credit out of giftable buckets. The transaction's postings say which; <see cref="ReceiveGift"/> is the other side.</summary>
    public WalletStep SendGift(TransactionHeader header, Credits amount)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(amount.Micros);
        var now = header.RecordedAt;
        var giftable = GiftableAt(now);
        if (amount > giftable)
        {
            return WalletStep.Refused(this, new Refusal.Insufficient(Key.CreditType, amount, giftable));
        }

        var plan = Drawdown.Plan(Buckets.Where(bucket => bucket.Giftable), amount, now);
        return Debit(header, TransactionType.GiftSent, plan.Draws, LedgerAccount.Transferred);
    }

    /// <summary>Receives a gift: one bucket for each expiry among the sender's draws, so that giving never lengthens a life.</summary>
    /// <param name="header">The recipient's side.</param>
    /// <param name="sender">The sender's wallet before it gave.</param>
    /// <param name="sent">The sender's transaction.</param>
    public WalletStep ReceiveGift(TransactionHeader header, Wallet sender, Transaction sent)
    {
        var deposits = sent.Postings
            .Where(posting => posting.Account.BucketId is not null)
            .GroupBy(posting => sender.Buckets.Single(bucket => bucket.Id == posting.Account.BucketId).ExpiresAt)
            .Select(lot => new Deposit(
                BucketKind.Promotional, -Credits.Sum(lot.Select(posting => posting.Amount)), lot.Key, sent.Id, Giftable: true));
        return Credit(header, TransactionType.GiftReceived, [.. deposits], LedgerAccount.Transferred);
    }

    /// <summary>Takes back a purchase: what is left of its own bucket, then of other purchased credit; the spent rest is owed.</summary>
    /// <param name="header">What the transaction says of itself.</param>
    /// <param name="origin">The payment taken back.</param>
    /// <param name="amount">More than zero.</param>
    /// <remarks>Source: design §2, "Refund or dispute".</remarks>
    public WalletStep ClawBack(TransactionHeader header, string origin, Credits amount)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(amount.Micros);
        var now = header.RecordedAt;
        var own = Drawdown.Plan(Buckets.Where(bucket => bucket.Origin == origin), amount, now);
        var others = Drawdown.Plan(
            Buckets.Where(bucket => bucket.Kind is BucketKind.Purchased && bucket.Origin != origin), own.Shortfall, now);
        var owed = (Int128)others.Shortfall.Micros - Buckets.Where(bucket => bucket.Remaining.IsNegative).Sum(bucket => bucket.Remaining.Micros);
        if (owed > long.MaxValue || amount.Micros - (Int128)AvailableAt(now).Micros > long.MaxValue)
        {
            return WalletStep.Refused(this, new Refusal.BalanceTooLarge());
        }

        var draws = own.Draws.AddRange(others.Draws);
        return Debit(header, TransactionType.ClawedBack, draws, LedgerAccount.ClawedBack, owed: others.Shortfall);
    }

    /// <summary>Takes back what is left of one grant, and no more than <paramref name="amount"/>.</summary>
    public WalletStep Void(TransactionHeader header, string bucketId, Credits amount)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(amount.Micros);
        var plan = Drawdown.Plan(Buckets.Where(bucket => bucket.Id == bucketId), amount, header.RecordedAt);
        return plan.Draws.IsEmpty
            ? WalletStep.Refused(this, new Refusal.Insufficient(Key.CreditType, amount, Credits.Zero))
            : Debit(header, TransactionType.ClawedBack, plan.Draws, LedgerAccount.ClawedBack);
    }

    /// <summary>Sets credit aside until captured, released or expired.</summary>
    public WalletStep Reserve(Hold hold, DateTimeOffset now)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(hold.Amount.Micros);
        var free = hold.IsGift ? GiftableAt(now) : AvailableAt(now);
        if (hold.Amount > free)
        {
            return WalletStep.Refused(this, new Refusal.Insufficient(Key.CreditType, hold.Amount, free));
        }

        return !hold.IsGift && OverLimitAt(now, hold.Amount, hold.KeyId) is { } over
            ? WalletStep.Refused(this, over)
            : new WalletStep(this with { Holds = Holds.Add(hold) }, null, null);
    }

    /// <summary>Frees a hold.</summary>
    public WalletStep Release(string holdId, DateTimeOffset now) =>
        Holds.FirstOrDefault(hold => hold.Id == holdId && hold.IsOpenAt(now)) is { } hold
            ? new WalletStep(this with { Holds = Holds.Remove(hold) }, null, null)
            : WalletStep.Refused(this, new Refusal.HoldNotOpen(holdId));

    /// <summary>Ends a hold by charging the real amount, which may be less or more than was set aside.</summary>
    public WalletStep Capture(TransactionHeader header, string holdId, Credits amount, Credits overdraftLimit)
    {
        var released = Release(holdId, header.RecordedAt);
        if (released.Refusal is not null || amount.IsZero)
        {
            return released;
        }

        var charged = released.Wallet.Charge(header, amount, overdraftLimit);
        return charged.Refusal is null ? charged : WalletStep.Refused(this, charged.Refusal);
    }

    private KeySpending? FindKey(string? keyId) => keyId is null ? null : Keys.FirstOrDefault(key => key.KeyId == keyId);

    private Credits HeldByAt(string keyId, DateTimeOffset now) => Credits.Sum(Holds.Where(hold => hold.KeyId == keyId && hold.IsOpenAt(now)).Select(hold => hold.Amount));

    private Wallet Spent(DateOnly today, Credits amount, string? keyId) => this with
    {
        Spending = Spending.Plus(today, amount),
        Keys = FindKey(keyId) is { } key ? Keys.Replace(key, key with { Spending = key.Spending.Plus(today, amount) }) : Keys,
    };

    private WalletStep Spend(TransactionHeader header, TransactionType type, Credits amount, Credits overdraftLimit, LedgerAccount destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(amount.Micros);
        var available = AvailableAt(header.RecordedAt);
        if (amount.Micros - (Int128)available.Micros > overdraftLimit.Micros)
        {
            return WalletStep.Refused(this, new Refusal.Insufficient(Key.CreditType, amount, available));
        }

        var plan = Drawdown.Plan(UnpromisedAt(header.RecordedAt), amount, header.RecordedAt);
        return Debit(header, type, plan.Draws, destination, owed: plan.Shortfall);
    }

    // The buckets without what promised gifts will be paid from. Without this a charge could take giftable credit while other credit is left.
    private ImmutableArray<Bucket> UnpromisedAt(DateTimeOffset now)
    {
        var promised = PromisedAt(now);
        if (promised.IsZero)
        {
            return Buckets;
        }

        var kept = Drawdown.Plan(Buckets.Where(bucket => bucket.Giftable), promised, now).Draws.ToDictionary(draw => draw.Bucket.Id, draw => draw.Amount);
        return [.. Buckets.Select(bucket => bucket with { Remaining = bucket.Remaining - kept.GetValueOrDefault(bucket.Id) })];
    }

    private WalletStep Debit(TransactionHeader header, TransactionType type, ImmutableArray<Draw> draws, LedgerAccount destination, Credits owed = default)
    {
        var postings = ImmutableArray.CreateBuilder<Posting>(draws.Length + 2);
        var buckets = Buckets;
        var total = owed;
        foreach (var draw in draws)
        {
            buckets = Moved(buckets, draw.Bucket, -draw.Amount);
            postings.Add(new Posting(LedgerAccount.Bucket(draw.Bucket.Id), -draw.Amount));
            total += draw.Amount;
        }

        if (owed.IsPositive)
        {
            buckets = WithOverdraft(buckets, header, owed, out var overdraft);
            postings.Add(new Posting(LedgerAccount.Bucket(overdraft), -owed));
        }

        postings.Add(new Posting(destination, total));
        return Post(header, type, -total, buckets, postings);
    }

    private WalletStep Credit(TransactionHeader header, TransactionType type, ImmutableArray<Deposit> deposits, LedgerAccount source)
    {
        var postings = ImmutableArray.CreateBuilder<Posting>();
        var buckets = Buckets;
        var total = Credits.Zero;
        foreach (var (index, deposit) in deposits.Index())
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(deposit.Amount.Micros);
            if (deposit.Amount.Micros > long.MaxValue - Math.Max(0, Balance.Micros + total.Micros))
            {
                return WalletStep.Refused(this, new Refusal.BalanceTooLarge());
            }

            var bucket = new Bucket(
                BucketId(header, index), deposit.Kind, deposit.Amount, deposit.Amount, deposit.Priority,
                header.RecordedAt, deposit.ExpiresAt, header.Source, deposit.Origin, deposit.Giftable);
            postings.Add(new Posting(LedgerAccount.Bucket(bucket.Id), deposit.Amount));
            total += deposit.Amount;

            // What is owed is repaid by the next credit, whatever its kind; an allowance that came too late to count repays nothing.
            if (bucket.IsLiveAt(header.RecordedAt) && buckets.FirstOrDefault(other => other.Remaining.IsNegative) is { } overdraft)
            {
                var repaid = Credits.Min(deposit.Amount, -overdraft.Remaining);
                postings.Add(new Posting(LedgerAccount.Bucket(bucket.Id), -repaid));
                postings.Add(new Posting(LedgerAccount.Bucket(overdraft.Id), repaid));
                buckets = Moved(buckets, overdraft, repaid);
                bucket = bucket with { Remaining = bucket.Remaining - repaid };
            }

            buckets = Inserted(buckets, bucket);
        }

        postings.Insert(0, new Posting(source, -total));
        return Post(header, type, total, buckets, postings);
    }

    private WalletStep Post(
        TransactionHeader header, TransactionType type, Credits amount, ImmutableArray<Bucket> buckets, ImmutableArray<Posting>.Builder postings)
    {
        var balance = Balance + amount;
        var transaction = new Transaction(header, Key, Sequence + 1, type, amount, balance, postings.ToImmutable());
        return new WalletStep(this with { Sequence = Sequence + 1, Balance = balance, Buckets = buckets }, transaction, null);
    }

    private static ImmutableArray<Bucket> Moved(ImmutableArray<Bucket> buckets, Bucket bucket, Credits amount)
    {
        var index = IndexOf(buckets, bucket.Id);
        return buckets.SetItem(index, buckets[index] with { Remaining = buckets[index].Remaining + amount });
    }

    private static ImmutableArray<Bucket> WithOverdraft(ImmutableArray<Bucket> buckets, TransactionHeader header, Credits owed, out string overdraftId)
    {
        var index = -1;
        for (var i = 0; i < buckets.Length; i++)
        {
            index = buckets[i].Kind is BucketKind.Overdraft ? i : index;
        }

        if (index < 0)
        {
            var opened = new Bucket(
                BucketId(header, 0), BucketKind.Overdraft, owed, -owed, null, header.RecordedAt, null, "overdraft", null, false);
            overdraftId = opened.Id;
            return Inserted(buckets, opened);
        }

        var overdraft = buckets[index];
        var remaining = overdraft.Remaining - owed;
        overdraftId = overdraft.Id;
        return buckets.SetItem(index, overdraft with { Remaining = remaining, Amount = Credits.Max(overdraft.Amount, -remaining) });
    }

    private static ImmutableArray<Bucket> Inserted(ImmutableArray<Bucket> buckets, Bucket bucket)
    {
        var index = buckets.BinarySearch(bucket, DrawdownOrder.Instance);
        return buckets.Insert(index < 0 ? ~index : index, bucket);
    }

    private static int IndexOf(ImmutableArray<Bucket> buckets, string id)
    {
        for (var i = 0; i < buckets.Length; i++)
        {
            if (buckets[i].Id == id)
            {
                return i;
            }
        }

        throw new InvalidOperationException($"Bucket {id} is not in the wallet.");
    }

    private static string BucketId(TransactionHeader header, int index)
    {
        var suffix = header.TransactionId[(header.TransactionId.IndexOf('_', StringComparison.Ordinal) + 1)..];
        return index == 0 ? $"bkt_{suffix}" : $"bkt_{suffix}-{index}";
    }

    private static DateOnly DayOf(DateTimeOffset instant) => DateOnly.FromDateTime(instant.UtcDateTime);

    private static DateTimeOffset? Earliest(DateTimeOffset? left, DateTimeOffset? right) =>
        left is null || right < left ? right : left;
}

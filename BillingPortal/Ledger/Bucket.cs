namespace BillingPortal.Ledger;

/// <summary>What kind of credit a bucket holds. Ordered: lesser kinds are spent first.</summary>
/// <remarks>Source: design §2, "Spending order".</remarks>
public enum BucketKind
{
    /// <summary>A day's allowance; gone at the daily reset.</summary>
    Daily,

    /// <summary>A plan's allowance; the unused rest is forfeited at the end of its cycle.</summary>
    Plan,

    /// <summary>Granted, earned or received as a gift.</summary>
    Promotional,

    /// <summary>Paid for; never expires.</summary>
    Purchased,

    /// <summary>What was spent beyond the balance: its remaining is zero or below, never under minus its amount.</summary>
    Overdraft,
}

/// <summary>A lot of credit in a wallet, and what is left of it.</summary>
/// <param name="Id">bkt_…, the suffix of the transaction that made it.</param>
/// <param name="Kind">Which kind of credit it holds.</param>
/// <param name="Amount">What was put in; for the overdraft bucket the most that may be owed.</param>
/// <param name="Remaining">What is left; for the overdraft bucket minus what is owed.</param>
/// <param name="Priority">Overrides the kind in the spending order; lesser is spent first. Null: the kind's own place, kind × 100.</param>
/// <param name="EffectiveAt">The instant from which it counts.</param>
/// <param name="ExpiresAt">The instant from which it counts for nothing; null: never.</param>
/// <param name="Source">Where it came from, such as <c>plan</c>, <c>promo</c>, <c>user_gift</c>, <c>pack</c>.</param>
/// <param name="Origin">The payment, grant or gift behind it, if one is named.</param>
/// <param name="Giftable">Whether it may be given to another customer.</param>
public sealed record Bucket(
    string Id,
    BucketKind Kind,
    Credits Amount,
    Credits Remaining,
    int? Priority,
    DateTimeOffset EffectiveAt,
    DateTimeOffset? ExpiresAt,
    string Source,
    string? Origin,
    bool Giftable)
{
    /// <summary>The place in the spending order: an explicit priority, else 0, 100, 200… by kind.</summary>
    public int Rank => Priority ?? (int)Kind * 100;

    /// <summary>Whether it counts at <paramref name="instant"/>: effective, not expired. The instant of expiry is already outside.</summary>
    public bool IsLiveAt(DateTimeOffset instant) => EffectiveAt <= instant && !IsExpiredAt(instant);

    public bool IsExpiredAt(DateTimeOffset instant) => ExpiresAt <= instant;
}

/// <summary>The spending order: rank, then the soonest expiry, then the oldest, then the id.</summary>
public sealed class DrawdownOrder : IComparer<Bucket>
{
    public static DrawdownOrder Instance { get; } = new();

    public int Compare(Bucket? x, Bucket? y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        var byRank = x.Rank.CompareTo(y.Rank);
        if (byRank != 0)
        {
            return byRank;
        }

        var byExpiry = (x.ExpiresAt ?? DateTimeOffset.MaxValue).CompareTo(y.ExpiresAt ?? DateTimeOffset.MaxValue);
        if (byExpiry != 0)
        {
            return byExpiry;
        }

        var byAge = x.EffectiveAt.CompareTo(y.EffectiveAt);
        return byAge != 0 ? byAge : string.CompareOrdinal(x.Id, y.Id);
    }
}

using BillingPortal.Catalog;
using BillingPortal.Ledger;

namespace BillingPortal.Components.Shared;

/// <summary>Credit of one kind in a wallet, as a slice of its bar.</summary>
/// <param name="Kind">Which kind.</param>
/// <param name="Remaining">What is left; below zero: owed.</param>
/// <param name="NextExpiryAt">When the first of it expires; null: never.</param>
/// <param name="NextExpiry">How much expires then.</param>
public sealed record Pocket(BucketKind Kind, Credits Remaining, DateTimeOffset? NextExpiryAt, Credits NextExpiry)
{
    public bool IsOwed => Kind is BucketKind.Overdraft;

    /// <summary>What people read, such as "Pack credits".</summary>
    public string NameIn(string creditType) => NameOf(Kind, creditType);

    /// <inheritdoc cref="NameIn"/>
    public static string NameOf(BucketKind kind, string creditType) => (kind, creditType) switch
    {
        (BucketKind.Overdraft, _) => "Owed",
        (BucketKind.Daily, _) => "Today's allowance",
        (BucketKind.Plan, CreditTypes.IncludedMinutes) => "Included minutes",
        (BucketKind.Plan, _) => "Plan credits",
        (BucketKind.Promotional, CreditTypes.Flows) => "Bonus flows",
        (BucketKind.Promotional, _) => "Bonus credits",
        (_, CreditTypes.Credits) => "Pack credits",
        _ => "Bought",
    };
}

/// <summary>A wallet as people see it: what can be spent, from which pockets in which order, and what is set aside.</summary>
/// <param name="CreditType">One of <see cref="CreditTypes"/>.</param>
/// <param name="Available">What can be spent now; below zero: owed.</param>
/// <param name="Held">Reserved for work in progress.</param>
/// <param name="Pockets">In the order they are spent; empty ones left out.</param>
public sealed record WalletSummary(string CreditType, Credits Available, Credits Held, IReadOnlyList<Pocket> Pockets)
{
    public static WalletSummary Of(Wallet wallet, DateTimeOffset now) => new(
        wallet.Key.CreditType,
        wallet.AvailableAt(now),
        wallet.HeldAt(now),
        [
            .. wallet.Buckets
                .Where(bucket => bucket.IsLiveAt(now) && !bucket.Remaining.IsZero)
                .Order(DrawdownOrder.Instance)
                .GroupBy(bucket => bucket.Kind)
                .Select(PocketOf),
        ]);

    /// <summary>The pocket that loses something first by itself; null if nothing expires.</summary>
    public Pocket? FirstToExpire => Pockets.Where(pocket => pocket.NextExpiryAt is not null).MinBy(pocket => pocket.NextExpiryAt);

    private static Pocket PocketOf(IGrouping<BucketKind, Bucket> buckets)
    {
        var expiry = buckets.Min(bucket => bucket.ExpiresAt);
        return new Pocket(
            buckets.Key,
            Credits.Sum(buckets.Select(bucket => bucket.Remaining)),
            expiry,
            expiry is null ? Credits.Zero : Credits.Sum(buckets.Where(bucket => bucket.ExpiresAt == expiry).Select(bucket => bucket.Remaining)));
    }
}

namespace BillingPortal.Ledger;

/// <summary>A place where credit sits: one of a wallet's buckets, or a system account.</summary>
/// <param name="Name">"bucket", or the system account's name as stored.</param>
/// <param name="BucketId">The bucket; null for a system account.</param>
public readonly record struct LedgerAccount(string Name, string? BucketId)
{
    /// <summary>The name every bucket's account carries.</summary>
    public const string BucketName = "bucket";

    public static LedgerAccount IssuedPlan { get; } = new("issued:plan", null);

    public static LedgerAccount IssuedPromotional { get; } = new("issued:promotional", null);

    public static LedgerAccount IssuedPurchased { get; } = new("issued:purchased", null);

    public static LedgerAccount Consumed { get; } = new("consumed", null);

    public static LedgerAccount Expired { get; } = new("expired", null);

    public static LedgerAccount ClawedBack { get; } = new("clawed_back", null);

    /// <summary>Credit on its way from one customer to another; both sides commit together, so its total is always zero.</summary>
    /// <remarks>Why a gift is two transactions through this account and not one across two wallets: docs/decisions/0002.</remarks>
    public static LedgerAccount Transferred { get; } = new("transferred", null);

    public static LedgerAccount Bucket(string bucketId) => new(BucketName, bucketId);

    /// <summary>The account that issues credit of a kind.</summary>
    public static LedgerAccount IssuedFor(BucketKind kind) => kind switch
    {
        BucketKind.Daily or BucketKind.Plan => IssuedPlan,
        BucketKind.Promotional => IssuedPromotional,
        BucketKind.Purchased => IssuedPurchased,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "An overdraft is never issued."),
    };
}

/// <summary>One leg of a transaction: what an account gains (positive) or gives (negative).</summary>
public readonly record struct Posting(LedgerAccount Account, Credits Amount);

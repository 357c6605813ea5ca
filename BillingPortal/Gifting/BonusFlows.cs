using BillingPortal.Ledger;

namespace BillingPortal.Gifting;

/// <summary>Bonus flows: what a wallet of flows holds beside the daily allowance. Source: contract, "Credit types".</summary>
public static class BonusFlows
{
    /// <summary>What <c>Source</c> says of a gift.</summary>
    public const string GiftSource = "user_gift";

    /// <summary>Bonus flows that can be used at an instant: all but the daily ones, less what is promised as gifts.</summary>
    public static Credits AvailableIn(Wallet wallet, DateTimeOffset now)
    {
        var bonus = Credits.Sum(wallet.Buckets.Where(bucket => bucket.Kind is not BucketKind.Daily && bucket.IsLiveAt(now)).Select(bucket => bucket.Remaining));
        return Credits.Max(Credits.Zero, bonus - wallet.PromisedAt(now));
    }
}

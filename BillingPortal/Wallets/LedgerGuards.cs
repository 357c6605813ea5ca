using BillingPortal.Store;

namespace BillingPortal.Wallets;

/// <summary>What keeps posted rows as they were posted.</summary>
internal static class LedgerGuards
{
    public static AppendOnly Rows { get; } = new(
        "refuse_change", "posted rows are never changed: post a correction instead", "transactions", "postings", "posted_references");
}

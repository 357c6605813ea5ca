using System.Collections.Immutable;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Wallets;

namespace BillingPortal.Components;

/// <summary>Says transactions in words.</summary>
public sealed class TransactionText(PriceCatalog catalog)
{
    public static ImmutableArray<TransactionType> Types { get; } = [.. Enum.GetValues<TransactionType>()];

    /// <summary>One word for why the balance changed.</summary>
    public static string TypeName(TransactionType type) => type switch
    {
        TransactionType.Grant => "Granted",
        TransactionType.Purchase => "Bought",
        TransactionType.Charge => "Used",
        TransactionType.GiftSent => "Gift sent",
        TransactionType.GiftReceived => "Gift received",
        TransactionType.Expired => "Expired",
        TransactionType.ClawedBack => "Taken back",
        _ => "Adjusted",
    };

    /// <summary>What it was for: an operation's label, else its note, else what its source means.</summary>
    public string TitleOf(TransactionView transaction) =>
        catalog.FindOperation(transaction.Source)?.Label ?? transaction.Note ?? SourceName(transaction.Source);

    /// <summary>A source in words; an operation's label, or the source itself if it is none the portal names.</summary>
    public string SourceName(string source) => source switch
    {
        "plan" => "Plan allowance",
        "pack" => "Credit pack",
        "api_pack" => "API credit pack",
        "promo" => "Promotion",
        "admin" or "support" => "From support",
        "correction" => "Correction",
        "user_gift" => "Gift",
        "referral" => "Referral",
        "signup_bonus" => "Welcome credits",
        "post_creation" => "Post",
        "expiry" => "Expired",
        _ => catalog.FindOperation(source)?.Label ?? source,
    };
}

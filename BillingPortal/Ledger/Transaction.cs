using System.Collections.Immutable;

namespace BillingPortal.Ledger;

/// <summary>A wallet: one organization's credit of one type.</summary>
public readonly record struct WalletKey(string OrganizationId, string CreditType) : IComparable<WalletKey>
{
    /// <summary>Ordinal by organization, then credit type: the order in which wallets are locked, everywhere.</summary>
    public int CompareTo(WalletKey other)
    {
        var byOrganization = string.CompareOrdinal(OrganizationId, other.OrganizationId);
        return byOrganization != 0 ? byOrganization : string.CompareOrdinal(CreditType, other.CreditType);
    }

    public static bool operator <(WalletKey left, WalletKey right) => left.CompareTo(right) < 0;

    public static bool operator >(WalletKey left, WalletKey right) => left.CompareTo(right) > 0;

    public static bool operator <=(WalletKey left, WalletKey right) => left.CompareTo(right) <= 0;

    public static bool operator >=(WalletKey left, WalletKey right) => left.CompareTo(right) >= 0;
}

/// <summary>Why a balance changed.</summary>
public enum TransactionType
{
    /// <summary>Credit given: an allowance, a promotion, an administrator's grant.</summary>
    Grant,

    /// <summary>Credit paid for.</summary>
    Purchase,

    /// <summary>Usage.</summary>
    Charge,

    /// <summary>Given to another customer.</summary>
    GiftSent,

    /// <summary>Received from another customer.</summary>
    GiftReceived,

    /// <summary>What was left of a bucket when it expired.</summary>
    Expired,

    /// <summary>Taken back: a refund, a dispute, a voided grant.</summary>
    ClawedBack,

    /// <summary>An administrator's deduction.</summary>
    Adjusted,
}

/// <summary>What a transaction says of itself, beside its postings.</summary>
/// <param name="TransactionId">tx_…</param>
/// <param name="Reference">The external reference that posts at most once for ever in its organization: "event:…", "payment:…".</param>
/// <param name="Source">What caused it: an operation, "pack", "plan", "promo", "user_gift"…</param>
/// <param name="Note">A sentence for people; plain text.</param>
/// <param name="Actor">Who did it, as <c>Caller.Actor</c> has it.</param>
/// <param name="RecordedAt">When the portal posted it.</param>
/// <param name="EffectiveAt">When it happened, as the event says; equal to <paramref name="RecordedAt"/> unless it came late.</param>
public sealed record TransactionHeader(
    string TransactionId,
    string Reference,
    string Source,
    string? Note,
    string Actor,
    DateTimeOffset RecordedAt,
    DateTimeOffset EffectiveAt);

/// <summary>An immutable entry of a wallet: its postings sum to zero, its amount is what the wallet's buckets gained.</summary>
/// <param name="Header">Id, reference, source, actor, times.</param>
/// <param name="Wallet">The wallet whose buckets it moved.</param>
/// <param name="Sequence">1, 2, 3… without a gap in its wallet.</param>
/// <param name="Type">Why.</param>
/// <param name="Amount">Signed: what the wallet gained.</param>
/// <param name="BalanceAfter">The wallet's posted balance after it.</param>
/// <param name="Postings">At least two legs.</param>
public sealed record Transaction(
    TransactionHeader Header,
    WalletKey Wallet,
    long Sequence,
    TransactionType Type,
    Credits Amount,
    Credits BalanceAfter,
    ImmutableArray<Posting> Postings)
{
    public string Id => Header.TransactionId;
}

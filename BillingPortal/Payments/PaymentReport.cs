using System.Collections.Immutable;
using BillingPortal.Ledger;

namespace BillingPortal.Payments;

/// <summary>What has become of a payment, as the gateway sees it.</summary>
public enum PaymentOutcome
{
    /// <summary>The buyer has not paid yet.</summary>
    Open,

    /// <summary>The buyer did their part; the money is on its way and may still not come.</summary>
    Processing,

    /// <summary>The money is there.</summary>
    Paid,

    /// <summary>The money will not come; of a checkout's charge: not from this card.</summary>
    Failed,

    /// <summary>The page ended unpaid.</summary>
    Expired,
}

/// <summary>A payment as the gateway sees it, whether told by an event or when asked.</summary>
/// <param name="SessionId">The gateway's checkout; null if the report is about the charge itself.</param>
/// <param name="PaymentId">The payment we gave it, if it has one.</param>
/// <param name="Outcome">What has become of it.</param>
/// <param name="Amount">What the gateway collects.</param>
/// <param name="Currency">ISO 4217, lower case.</param>
/// <param name="IsLive">Whether real money moved.</param>
/// <param name="PaymentIntentId">The gateway's payment, once there is one.</param>
/// <param name="FailureCode">Why it failed, in the gateway's word; see <see cref="FailureCodes"/> for those with a meaning here.</param>
public sealed record PaymentReport(
    string? SessionId, string? PaymentId, PaymentOutcome Outcome, Money Amount, string Currency, bool IsLive, string? PaymentIntentId, string? FailureCode);

/// <summary>What the gateway has of a charge now: what came, and what of it went back.</summary>
/// <param name="Report">How the charge stands.</param>
/// <param name="Refunded">Given back in all; refunds that failed are not in it.</param>
/// <param name="Disputes">Every dispute of it, decided or not.</param>
public sealed record GatewayMoney(PaymentReport Report, Money Refunded, ImmutableArray<GatewaySubject.Dispute> Disputes);

/// <summary>Failures that mean something to the portal. All others are the bank's or the gateway's own words.</summary>
public static class FailureCodes
{
    /// <summary>The bank wants its customer to confirm, who is away: nothing was charged, and only they can go on.</summary>
    public const string AuthenticationRequired = "authentication_required";

    /// <summary>The gateway has no such card, or no such customer, any more.</summary>
    public const string CardMissing = "card_missing";

    /// <summary>The bank said no and not why.</summary>
    public const string Declined = "card_declined";

    /// <summary>It was given up before the gateway heard of it.</summary>
    public const string GivenUp = "given_up";
}

/// <summary>A genuine event of the gateway.</summary>
/// <param name="Id">evt_…; a re-delivery has the same.</param>
/// <param name="Type">Such as <c>checkout.session.completed</c>.</param>
/// <param name="Subject">What it is about; null if the portal does not act on it.</param>
public sealed record GatewayEvent(string Id, string Type, GatewaySubject? Subject);

/// <summary>What an event is about.</summary>
public abstract record GatewaySubject
{
    private GatewaySubject()
    {
    }

    /// <summary>Our payment, if it is named.</summary>
    public string? PaymentId => this switch
    {
        Payment payment => payment.Report.PaymentId,
        Refund refund => refund.OwnId,
        _ => null,
    };

    /// <summary>The gateway's payment, if it is named.</summary>
    public string? ChargeId => this switch
    {
        Payment payment => payment.Report.PaymentIntentId,
        Refund refund => refund.PaymentIntentId,
        FailedRefund refund => refund.PaymentIntentId,
        Dispute dispute => dispute.PaymentIntentId,
        _ => null,
    };

    /// <summary>A payment, by its checkout or its charge.</summary>
    public sealed record Payment(PaymentReport Report) : GatewaySubject;

    /// <summary>Money that was given back, told as all that was of this payment so far.</summary>
    /// <param name="PaymentIntentId">The gateway's payment.</param>
    /// <param name="OwnId">The payment we gave it, if the event carries it.</param>
    /// <param name="TotalRefunded">Of all refunds of the payment together.</param>
    /// <param name="Currency">ISO 4217, lower case.</param>
    /// <param name="IsLive">Whether real money moved.</param>
    public sealed record Refund(string PaymentIntentId, string? OwnId, Money TotalRefunded, string Currency, bool IsLive) : GatewaySubject;

    /// <summary>Money that was given back and did not arrive: the gateway has it again.</summary>
    /// <param name="PaymentIntentId">The gateway's payment.</param>
    /// <param name="RefundId">The gateway's refund.</param>
    /// <param name="OwnId">The refund we asked for, if it was us.</param>
    /// <param name="Reason">Why, in the gateway's word; null if it gave none.</param>
    public sealed record FailedRefund(string PaymentIntentId, string RefundId, string? OwnId, string? Reason) : GatewaySubject;

    /// <summary>Money that a cardholder's bank took back, pending a decision or after it.</summary>
    /// <param name="DisputeId">The gateway's dispute.</param>
    /// <param name="PaymentIntentId">The gateway's payment.</param>
    /// <param name="Amount">What is in dispute.</param>
    /// <param name="State">How it stands.</param>
    /// <param name="Currency">ISO 4217, lower case.</param>
    /// <param name="IsLive">Whether real money moved.</param>
    public sealed record Dispute(string DisputeId, string PaymentIntentId, Money Amount, DisputeState State, string Currency, bool IsLive) : GatewaySubject;

    /// <summary>The saved cards of a customer may have changed.</summary>
    public sealed record Cards(string CustomerId) : GatewaySubject;
}

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

    /// <summary>A payment, by its checkout or its charge.</summary>
    public sealed record Payment(PaymentReport Report) : GatewaySubject;

    /// <summary>The saved cards of a customer may have changed.</summary>
    public sealed record Cards(string CustomerId) : GatewaySubject;
}

using BillingPortal.Ledger;

namespace BillingPortal.Payments;

/// <summary>The company that takes the money. One is configured; the sandbox stands in for it where no money is to move.</summary>
public interface IPaymentGateway
{
    /// <summary>Whether real money moves. What the gateway reports must say the same.</summary>
    bool IsLive { get; }

    /// <summary>Opens a page on which the buyer pays. The same payment again gives the same page.</summary>
    /// <exception cref="GatewayException">The gateway could not, or did not answer in time.</exception>
    Task<OpenedCheckout> OpenCheckoutAsync(CheckoutOrder order, CancellationToken cancellationToken);

    /// <summary>How a checkout stands; null if the gateway knows none by this id.</summary>
    /// <exception cref="GatewayException">The gateway could not say.</exception>
    Task<CheckoutReport?> FindCheckoutAsync(string sessionId, CancellationToken cancellationToken);

    /// <summary>Checks who sent an event and reads it; null if it is not the gateway's own, or is older than the tolerance.</summary>
    ValueTask<GatewayEvent?> ReadEventAsync(ReadOnlyMemory<byte> body, string? signature, CancellationToken cancellationToken);
}

/// <summary>What the gateway is asked to collect.</summary>
/// <param name="PaymentId">Our payment; the gateway keeps it and gives it back, and does the work once for it.</param>
/// <param name="Description">What the buyer reads.</param>
/// <param name="Amount">In <see cref="Money.Currency"/>.</param>
/// <param name="SuccessUrl">Where the browser goes after paying.</param>
/// <param name="CancelUrl">Where the browser goes if the buyer turns back.</param>
/// <param name="ExpiresAt">When the page ends.</param>
public sealed record CheckoutOrder(string PaymentId, string Description, Money Amount, string SuccessUrl, string CancelUrl, DateTimeOffset ExpiresAt);

/// <summary>A page on which the buyer can pay.</summary>
public sealed record OpenedCheckout(string SessionId, string Url);

/// <summary>What has become of a checkout, as the gateway sees it.</summary>
public enum CheckoutOutcome
{
    /// <summary>The buyer has not paid yet.</summary>
    Open,

    /// <summary>The buyer did their part; the money is on its way and may still not come.</summary>
    Processing,

    /// <summary>The money is there.</summary>
    Paid,

    /// <summary>The money will not come.</summary>
    Failed,

    /// <summary>The page ended unpaid.</summary>
    Expired,
}

/// <summary>A checkout as the gateway sees it, whether told by an event or when asked.</summary>
/// <param name="SessionId">The gateway's checkout.</param>
/// <param name="PaymentId">The payment we gave it, if it has one.</param>
/// <param name="Outcome">What has become of it.</param>
/// <param name="Amount">What the gateway collects.</param>
/// <param name="Currency">ISO 4217, lower case.</param>
/// <param name="IsLive">Whether real money moved.</param>
/// <param name="PaymentIntentId">The gateway's payment, once there is one.</param>
/// <param name="FailureCode">Why it failed, in the gateway's word.</param>
public sealed record CheckoutReport(
    string SessionId, string? PaymentId, CheckoutOutcome Outcome, Money Amount, string Currency, bool IsLive, string? PaymentIntentId, string? FailureCode);

/// <summary>A genuine event of the gateway.</summary>
/// <param name="Id">evt_…; a re-delivery has the same.</param>
/// <param name="Type">Such as <c>checkout.session.completed</c>.</param>
/// <param name="Checkout">The checkout it is about; null if it is about something else.</param>
public sealed record GatewayEvent(string Id, string Type, CheckoutReport? Checkout);

/// <summary>The gateway could not do, or say, what it was asked. Whether it did the work is not known; asking again is safe.</summary>
public sealed class GatewayException : Exception
{
    public GatewayException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

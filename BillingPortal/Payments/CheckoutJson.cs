using System.Text.Json;
using BillingPortal.Ledger;

namespace BillingPortal.Payments;

/// <summary>Reads events and checkout sessions in Stripe's JSON, which both gateways speak.</summary>
/// <remarks>Source: docs.stripe.com/api/events/object and docs.stripe.com/api/checkout/sessions/object.</remarks>
internal static class CheckoutJson
{
    /// <summary>The metadata entry, and the client reference, that carry our payment's id.</summary>
    public const string PaymentIdKey = "payment_id";

    private const string SessionEvents = "checkout.session.";

    /// <summary>Reads an event; null if it is not one.</summary>
    public static GatewayEvent? ReadEvent(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            if (Text(root, "id") is not { Length: > 0 } id || Text(root, "type") is not { Length: > 0 } type)
            {
                return null;
            }

            var isCheckout = type.StartsWith(SessionEvents, StringComparison.Ordinal);
            return new GatewayEvent(id, type, isCheckout ? ReadSession(root.GetProperty("data").GetProperty("object"), type) : null);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Reads a session; <paramref name="eventType"/> says what the session alone cannot: that a delayed payment failed.</summary>
    public static CheckoutReport ReadSession(JsonElement session, string? eventType = null) => new(
        Text(session, "id") ?? "",
        PaymentId(session),
        Outcome(Text(session, "status"), Text(session, "payment_status"), eventType),
        Money.FromCents(session.TryGetProperty("amount_total", out var amount) && amount.ValueKind is JsonValueKind.Number && amount.TryGetInt64(out var cents) ? cents : 0),
        Text(session, "currency") ?? "",
        session.TryGetProperty("livemode", out var live) && live.ValueKind is JsonValueKind.True,
        Text(session, "payment_intent"),
        eventType is "checkout.session.async_payment_failed" ? "payment_failed" : null);

    private static CheckoutOutcome Outcome(string? status, string? paymentStatus, string? eventType) => (eventType, status, paymentStatus) switch
    {
        ("checkout.session.async_payment_failed", _, _) => CheckoutOutcome.Failed,
        (_, "complete", "paid") => CheckoutOutcome.Paid,
        (_, "complete", _) => CheckoutOutcome.Processing,
        (_, "expired", _) => CheckoutOutcome.Expired,
        _ => CheckoutOutcome.Open,
    };

    private static string? PaymentId(JsonElement session) =>
        session.TryGetProperty("metadata", out var metadata) && metadata.ValueKind is JsonValueKind.Object && Text(metadata, PaymentIdKey) is { } id
            ? id
            : Text(session, "client_reference_id");

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}

using System.Text.Json;
using BillingPortal.Ledger;

namespace BillingPortal.Payments;

/// <summary>Reads events, checkout sessions and payment intents in Stripe's JSON, which both gateways speak.</summary>
/// <remarks>Source: docs.stripe.com/api/events/object, /checkout/sessions/object, /payment_intents/object and /setup_intents/object.</remarks>
internal static class GatewayJson
{
    /// <summary>The metadata entry, and the client reference, that carry our payment's id.</summary>
    public const string PaymentIdKey = "payment_id";

    /// <summary>The metadata entry of a refund that carries our refund's id.</summary>
    public const string RefundIdKey = "refund_id";

    private const string SetupMode = "setup";

    /// <summary>Reads an event; null if it is not one.</summary>
    public static GatewayEvent? ReadEvent(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            return Text(root, "id") is { Length: > 0 } id && Text(root, "type") is { Length: > 0 } type
                ? new GatewayEvent(id, type, ReadSubject(type, root))
                : null;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Reads a session; <paramref name="eventType"/> says what the session alone cannot: that a delayed payment failed.</summary>
    public static PaymentReport ReadSession(JsonElement session, string? eventType = null) => new(
        Text(session, "id") ?? "",
        PaymentId(session),
        Outcome(Text(session, "status"), Text(session, "payment_status"), eventType),
        Amount(session, "amount_total"),
        Text(session, "currency") ?? "",
        IsTrue(session, "livemode"),
        Text(session, "payment_intent"),
        eventType is "checkout.session.async_payment_failed" ? "payment_failed" : null);

    /// <summary>Reads a payment intent.</summary>
    public static PaymentReport ReadIntent(JsonElement intent)
    {
        var (outcome, failure) = Text(intent, "status") switch
        {
            "succeeded" => (PaymentOutcome.Paid, null),
            "processing" => (PaymentOutcome.Processing, null),
            // Nobody was given a way to confirm it, so it stays unpaid.
            "requires_action" => (PaymentOutcome.Failed, FailureCodes.AuthenticationRequired),
            "requires_payment_method" when Property(intent, "last_payment_error") is { } error =>
                (PaymentOutcome.Failed, FailureOf(error)),
            "canceled" => (PaymentOutcome.Failed, FailureCodes.GivenUp),
            _ => (PaymentOutcome.Open, null),
        };
        return new PaymentReport(
            null, PaymentId(intent), outcome, Amount(intent, "amount"), Text(intent, "currency") ?? "", IsTrue(intent, "livemode"), Text(intent, "id"), failure);
    }

    /// <summary>The portal's word for an error of a payment: the bank's own where it gave one.</summary>
    public static string FailureOf(JsonElement error) => Text(error, "code") switch
    {
        FailureCodes.AuthenticationRequired => FailureCodes.AuthenticationRequired,
        "resource_missing" => FailureCodes.CardMissing,
        var code => Text(error, "decline_code") switch
        {
            null or "generic_decline" => code ?? FailureCodes.Declined,
            var word => word,
        },
    };

    private static GatewaySubject? ReadSubject(string type, JsonElement root)
    {
        if (type.StartsWith("checkout.session.", StringComparison.Ordinal))
        {
            var session = Subject(root);
            return Text(session, "mode") is SetupMode ? CardsOf(session) : new GatewaySubject.Payment(ReadSession(session, type));
        }

        return type switch
        {
            "payment_intent.succeeded" or "payment_intent.payment_failed" or "payment_intent.requires_action" or "payment_intent.processing" =>
                new GatewaySubject.Payment(ReadIntent(Subject(root))),
            "charge.refunded" => RefundOf(Subject(root)),
            "refund.updated" or "refund.failed" or "charge.refund.updated" => FailedRefundOf(Subject(root)),
            "charge.dispute.created" or "charge.dispute.closed" => ReadDispute(Subject(root)),
            "setup_intent.succeeded" or "payment_method.attached" => CardsOf(Subject(root)),
            _ => null,
        };
    }

    private static GatewaySubject.Refund? RefundOf(JsonElement charge) =>
        Text(charge, "payment_intent") is { } intentId
            ? new GatewaySubject.Refund(intentId, PaymentId(charge), Amount(charge, "amount_refunded"), Text(charge, "currency") ?? "", IsTrue(charge, "livemode"))
            : null;

    // A refund that goes well is told of by its charge.
    private static GatewaySubject.FailedRefund? FailedRefundOf(JsonElement refund) =>
        !CountsAsRefund(refund) && Text(refund, "id") is { } id && Text(refund, "payment_intent") is { } intentId
            ? new GatewaySubject.FailedRefund(
                intentId, id, Property(refund, "metadata") is { } metadata ? Text(metadata, RefundIdKey) : null, Text(refund, "failure_reason"))
            : null;

    /// <summary>Whether a refund gives money back, now or soon.</summary>
    public static bool CountsAsRefund(JsonElement refund) => Text(refund, "status") is not ("failed" or "canceled");

    /// <summary>Reads a dispute; null for a mere warning. One that needs an answer, or is under review, is open.</summary>
    public static GatewaySubject.Dispute? ReadDispute(JsonElement dispute) =>
        Text(dispute, "payment_intent") is { } intentId && Text(dispute, "id") is { } id && StateOf(Text(dispute, "status")) is { } state
            ? new GatewaySubject.Dispute(id, intentId, Amount(dispute, "amount"), state, Text(dispute, "currency") ?? "", IsTrue(dispute, "livemode"))
            : null;

    private static DisputeState? StateOf(string? status) => status switch
    {
        "needs_response" or "under_review" => DisputeState.Open,
        "won" => DisputeState.Won,
        "lost" => DisputeState.Lost,
        _ => null,
    };

    private static GatewaySubject.Cards? CardsOf(JsonElement element) =>
        Text(element, "customer") is { } customer ? new GatewaySubject.Cards(customer) : null;

    private static JsonElement Subject(JsonElement root) => root.GetProperty("data").GetProperty("object");

    private static PaymentOutcome Outcome(string? status, string? paymentStatus, string? eventType) => (eventType, status, paymentStatus) switch
    {
        ("checkout.session.async_payment_failed", _, _) => PaymentOutcome.Failed,
        (_, "complete", "paid") => PaymentOutcome.Paid,
        (_, "complete", _) => PaymentOutcome.Processing,
        (_, "expired", _) => PaymentOutcome.Expired,
        _ => PaymentOutcome.Open,
    };

    private static string? PaymentId(JsonElement element) =>
        Property(element, "metadata") is { } metadata && Text(metadata, PaymentIdKey) is { } id ? id : Text(element, "client_reference_id");

    public static JsonElement? Property(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Object ? value : null;

    /// <summary>An amount in cents; zero if there is none.</summary>
    public static Money Amount(JsonElement element, string name) =>
        Money.FromCents(element.TryGetProperty(name, out var amount) && amount.ValueKind is JsonValueKind.Number && amount.TryGetInt64(out var cents) ? cents : 0);

    public static bool IsTrue(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.True;

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}

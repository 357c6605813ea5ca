using System.Text.Json;
using BillingPortal.Ledger;

namespace BillingPortal.Payments.Sandbox;

/// <summary>Writes the sandbox's sessions, intents and events as Stripe writes its own.</summary>
internal static class SandboxJson
{
    private const string ApiVersion = "2025-09-30.clover";

    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>An event about a session, an intent, or what else <paramref name="subject"/> is.</summary>
    public static SandboxEvent Event(string type, object subject, DateTimeOffset at)
    {
        var id = Ids.New("evt", at);
        var payload = JsonSerializer.Serialize(
            new
            {
                Id = id,
                Object = "event",
                ApiVersion,
                Created = at.ToUnixTimeSeconds(),
                Data = new { Object = subject },
                Livemode = false,
                PendingWebhooks = 1,
                Type = type,
            },
            Options);
        return new SandboxEvent { Id = id, Payload = payload, CreatedAt = at, NextAttemptAt = at };
    }

    public static JsonElement Element(object subject) => JsonSerializer.SerializeToElement(subject, Options);

    public static object Session(SandboxSession session, DateTimeOffset now) => new
    {
        session.Id,
        Object = "checkout.session",
        AmountTotal = session.IsSetup ? (long?)null : session.AmountCents.Cents,
        session.CancelUrl,
        ClientReferenceId = session.PaymentId,
        Created = session.CreatedAt.ToUnixTimeSeconds(),
        Money.Currency,
        Customer = session.CustomerId,
        ExpiresAt = session.ExpiresAt.ToUnixTimeSeconds(),
        Livemode = false,
        Metadata = MetadataOf(session.PaymentId),
        Mode = session.IsSetup ? "setup" : "payment",
        PaymentIntent = session.PaymentIntentId,
        PaymentStatus = session switch
        {
            { IsSetup: true } => "no_payment_required",
            { Status: SandboxStatus.Complete, Bounces: false } when session.ClearsAt <= now => "paid",
            _ => "unpaid",
        },
        Status = session.Status.ToString().ToLowerInvariant(),
        session.SuccessUrl,
    };

    public static object SetupIntent(string id, SandboxCard card) => new
    {
        Id = id,
        Object = "setup_intent",
        Customer = card.CustomerId,
        Livemode = false,
        PaymentMethod = card.Id,
        Status = "succeeded",
        Usage = "off_session",
    };

    public static object Intent(SandboxIntent intent, DateTimeOffset now)
    {
        var isOpen = intent.ClientSecret is not null;
        var isPaid = !isOpen && intent.FailureCode is null && intent.ClearsAt <= now;
        return new
        {
            intent.Id,
            Object = "payment_intent",
            Amount = intent.AmountCents.Cents,
            AmountReceived = isPaid ? intent.AmountCents.Cents : 0,
            Created = intent.CreatedAt.ToUnixTimeSeconds(),
            Money.Currency,
            Customer = intent.CustomerId,
            LastPaymentError = intent.FailureCode is { } code ? ErrorOf(code) : null,
            LatestCharge = ChargeIdOf(intent),
            Livemode = false,
            Metadata = MetadataOf(intent.PaymentId),
            PaymentMethod = intent.FailureCode is null ? intent.CardId : null,
            Status = isOpen || intent.FailureCode is not null ? "requires_payment_method" : isPaid ? "succeeded" : "processing",
        };
    }

    public static object Charge(SandboxIntent intent) => new
    {
        Id = ChargeIdOf(intent),
        Object = "charge",
        Amount = intent.AmountCents.Cents,
        AmountRefunded = intent.RefundedCents.Cents,
        Created = intent.CreatedAt.ToUnixTimeSeconds(),
        Money.Currency,
        Customer = intent.CustomerId,
        Livemode = false,
        Metadata = MetadataOf(intent.PaymentId),
        Paid = true,
        PaymentIntent = intent.Id,
        Refunded = intent.RefundedCents == intent.AmountCents,
        Status = "succeeded",
    };

    public static object FailedRefund(SandboxRefund refund) => new
    {
        refund.Id,
        Object = "refund",
        Amount = refund.AmountCents.Cents,
        Money.Currency,
        FailureReason = "expired_or_canceled_card",
        Metadata = new Dictionary<string, string> { [GatewayJson.RefundIdKey] = refund.RefundId },
        PaymentIntent = refund.PaymentIntentId,
        Status = "failed",
    };

    public static object Dispute(SandboxIntent intent, string status) => new
    {
        Id = $"dp_{Suffix(intent)}",
        Object = "dispute",
        Amount = (intent.AmountCents - intent.RefundedCents).Cents,
        Charge = ChargeIdOf(intent),
        Money.Currency,
        Livemode = false,
        Metadata = new Dictionary<string, string>(),
        PaymentIntent = intent.Id,
        Reason = "fraudulent",
        Status = status,
    };

    private static string ChargeIdOf(SandboxIntent intent) => $"ch_{Suffix(intent)}";

    private static string Suffix(SandboxIntent intent) => intent.Id[(intent.Id.IndexOf('_', StringComparison.Ordinal) + 1)..];

    private static object ErrorOf(string code) => code == FailureCodes.AuthenticationRequired
        ? new { Code = code, DeclineCode = code, Type = "card_error" }
        : new { Code = FailureCodes.Declined, DeclineCode = code == FailureCodes.Declined ? "generic_decline" : code, Type = "card_error" };

    private static Dictionary<string, string> MetadataOf(string paymentId) => new() { [GatewayJson.PaymentIdKey] = paymentId };
}

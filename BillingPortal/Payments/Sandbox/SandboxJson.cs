using System.Text.Json;
using BillingPortal.Ledger;

namespace BillingPortal.Payments.Sandbox;

/// <summary>Writes the sandbox's sessions and events as Stripe writes its own.</summary>
internal static class SandboxJson
{
    private const string ApiVersion = "2025-09-30.clover";

    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static string Event(string id, string type, SandboxSession session, DateTimeOffset now) => JsonSerializer.Serialize(
        new
        {
            Id = id,
            Object = "event",
            ApiVersion,
            Created = now.ToUnixTimeSeconds(),
            Data = new { Object = Session(session, now) },
            Livemode = false,
            PendingWebhooks = 1,
            Type = type,
        },
        Options);

    public static JsonElement SessionElement(SandboxSession session, DateTimeOffset now) => JsonSerializer.SerializeToElement(Session(session, now), Options);

    private static object Session(SandboxSession session, DateTimeOffset now) => new
    {
        session.Id,
        Object = "checkout.session",
        AmountTotal = session.AmountCents.Cents,
        session.CancelUrl,
        ClientReferenceId = session.PaymentId,
        Created = session.CreatedAt.ToUnixTimeSeconds(),
        Money.Currency,
        ExpiresAt = session.ExpiresAt.ToUnixTimeSeconds(),
        Livemode = false,
        Metadata = new Dictionary<string, string> { [CheckoutJson.PaymentIdKey] = session.PaymentId },
        Mode = "payment",
        PaymentIntent = session.PaymentIntentId,
        PaymentStatus = session.Status is SandboxStatus.Complete && session.ClearsAt <= now && !session.Bounces ? "paid" : "unpaid",
        Status = session.Status.ToString().ToLowerInvariant(),
        session.SuccessUrl,
    };
}

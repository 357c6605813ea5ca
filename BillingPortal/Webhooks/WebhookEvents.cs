using System.Collections.Immutable;

namespace BillingPortal.Webhooks;

/// <summary>A type of event that endpoints may be told of.</summary>
/// <param name="Type">As it is sent, such as <c>flow.gift_received</c>.</param>
/// <param name="Description">When it is sent.</param>
/// <param name="Example">An example of its <c>data</c>, as JSON.</param>
public sealed record WebhookEventType(string Type, string Description, string Example)
{
    /// <summary>Whether it tells of money or credits, which a key may follow only with <c>billing:read</c>.</summary>
    public bool IsBilling => !Type.StartsWith("flow.", StringComparison.Ordinal) && !Type.StartsWith("post.", StringComparison.Ordinal)
        && !Type.StartsWith("webhook.", StringComparison.Ordinal);
}

/// <summary>Every type of event there is. Source: contract, "001 · Flows"; <see cref="Disabled"/> and <c>spend_limit.reached</c> are the portal's own.</summary>
public static class WebhookEvents
{
    /// <summary>Sent by hand, to see whether an endpoint works.</summary>
    public const string Test = "webhook.test";

    /// <summary>Tells an organization's other endpoints that one was switched off.</summary>
    public const string Disabled = "webhook.disabled";

    /// <summary>Subscribes to every type, those of later versions included.</summary>
    public const string Everything = "*";

    public static ImmutableArray<WebhookEventType> All { get; } =
    [
        new("flow.gift_received", "Somebody gave you bonus flows.",
            """{"transactionId":"tx_0cQ3v9aB","amount":10,"senderId":"user_1","recipientId":"user_2","note":"Great work"}"""),
        new("post.created", "A post was scheduled and a flow was taken for it.",
            """{"id":"post_0cQ3v9aB","channelId":"channel_123","scheduledFor":1735120800000,"status":"queued","flowSource":"daily"}"""),
        new("credits.purchased", "A pack or a top-up was paid and credited.",
            """{"paymentId":"pay_0cQ3v9aB","transactionId":"tx_0cQ3v9aB","pack":"credits_5000","creditType":"credits","credits":5000,"amountUsd":39,"balanceAfter":5120}"""),
        new("credits.granted", "Credit was granted: a promotion, a referral, an administrator.",
            """{"transactionId":"tx_0cQ3v9aB","creditType":"flows","credits":50,"source":"promo","note":"Beta tester reward","expiresAt":null,"balanceAfter":75}"""),
        new("credits.low_balance", "The available credit fell below the threshold.", """{"creditType":"credits","balance":95,"threshold":100}"""),
        new("credits.exhausted", "No credit is available any more.", """{"creditType":"credits","balance":0,"threshold":0}"""),
        new("spend_limit.reached", "The organization's own limit refused usage, the first time in its day or month.",
            """{"creditType":"credits","period":"day","limit":500,"until":"2026-03-11T00:00:00+00:00"}"""),
        new("auto_reload.succeeded", "Auto-reload charged the card and added credit.", """{"attemptId":"arl_0cQ3v9aB","amountUsd":39,"credits":3900}"""),
        new("auto_reload.failed", "Auto-reload could not charge the card.", """{"attemptId":"arl_0cQ3v9aB","amountUsd":39,"reason":"card_declined"}"""),
        new("subscription.changed", "The plan, its seats or its state changed.", """{"change":"upgrade","planId":"pro","planName":"Pro","status":"active","seats":1}"""),
        new("invoice.paid", "An invoice was issued and paid.", """{"invoiceId":"inv_0cQ3v9aB","number":"2026-000042","amountUsd":39,"paymentId":"pay_0cQ3v9aB"}"""),
        new("payment.refunded", "A payment was given back, whole or in part.", """{"paymentId":"pay_0cQ3v9aB","amountUsd":39}"""),
        new("payment.refund_failed", "Money that was to be given back did not arrive; the credit taken for it is there again.",
            """{"paymentId":"pay_0cQ3v9aB","amountUsd":39,"creditType":"credits","creditsGivenAgain":5000}"""),
        new(Test, "Sent by hand, to see whether an endpoint works.", """{"message":"This is a test."}"""),
        new(Disabled, "Another endpoint of yours was switched off because it kept failing.",
            """{"webhookId":"webhook_0cQ3v9aB","url":"https://example.com/hook","reason":"failing","since":1735120800000}"""),
    ];

    /// <summary>The type of a name; null if there is none.</summary>
    public static WebhookEventType? Find(string type) => All.FirstOrDefault(known => known.Type == type);
}

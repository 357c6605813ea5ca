namespace BillingPortal.Api.Reference;

internal static partial class ApiReference
{
    private const string PostExample = """
        {
          "id": "post_03pLR5NMWPONHN9THK6", "channelId": "channel_123", "content": "Hello world!", "scheduledFor": 1735128000000, "status": "queued",
          "flowSource": "daily", "transactionId": "tx_03pLR5NMWPONHN9THK6", "createdAt": 1735041600000
        }
        """;

    private const string EndpointExample = """
        {
          "id": "webhook_03pLR5", "userId": "user_1", "url": "https://hooks.example.com/billing", "events": ["flow.gift_received", "credits.purchased"], "active": true,
          "createdAt": 1706000000000, "pausedAt": null, "pauseReason": null, "failingSince": null, "lastAttemptAt": null
        }
        """;

    private const string SecretExample = """
        {
          "id": "webhook_03pLR5", "userId": "user_1", "url": "https://hooks.example.com/billing", "events": ["flow.gift_received", "credits.purchased"], "secret": "whsec_…",
          "active": true, "createdAt": 1706000000000, "previousSecretUntil": null
        }
        """;

    private static Dictionary<string, OperationFacts> Flows => new()
    {
        ["GET /api/flows/balance"] = new()
        {
            Answer = """{ "daily": { "used": 3, "limit": 10, "remaining": 7 }, "bonus": { "available": 25 }, "total": { "available": 32 } }""",
        },
        ["GET /api/flows/transactions"] = new()
        {
            Query = [QueryFact.Number("limit", "Most transactions.", 1, 100, 50)],
            Answer = """
                {
                  "transactions": [ { "id": "tx_03pLR5NMWPONHN9THK6", "type": "gift_received", "amount": 10, "balanceAfter": 35, "source": "user_gift", "note": "Happy birthday!", "createdAt": 1706000000000 } ],
                  "count": 1
                }
                """,
        },
        ["POST /api/flows/gift"] = new()
        {
            Description = "Bonus flows only. Both sides post in one transaction.",
            Request = """{ "recipientEmail": "friend@example.com", "amount": 10, "note": "Great work on your content!" }""",
            Answer = """{ "transferred": 10, "yourBalance": 15, "recipientEmail": "friend@example.com", "transactionId": "tx_03pLR5NMWPONHN9THK6", "success": true }""",
            Errors = [new(400, "INSUFFICIENT_FLOWS", "Insufficient bonus flows")],
        },
        ["POST /api/flows/admin/grant"] = new()
        {
            Description = "For platform administrators.",
            Request = """{ "userEmail": "user@example.com", "amount": 50, "source": "promo", "note": "Beta tester reward" }""",
            Answer = """{ "granted": 50, "newBalance": 75, "userEmail": "user@example.com", "transactionId": "tx_03pLR5NMWPONHN9THK6", "success": true }""",
            Errors = [new(404, "NOT_FOUND", "User not found")],
        },
        ["POST /api/posts"] = new()
        {
            Description = "Takes a daily flow; when those are used up, a bonus flow.",
            Request = """{ "channelId": "channel_123", "content": "Hello world!", "scheduledFor": "2024-12-25T12:00:00Z" }""",
            Answer = PostExample,
            Errors = [new(402, "NO_FLOWS", "No flows available")],
        },
        ["GET /api/posts"] = new()
        {
            Query = [QueryFact.Text("after", "The nextAfter of the page before."), QueryFact.Number("limit", "Most posts of a page.", 1, 100, 50)],
            Answer = $$"""{ "posts": [ {{PostExample}} ], "count": 1, "nextAfter": null }""",
        },
        ["GET /api/posts/{id}"] = new() { Answer = PostExample },
        ["GET /v1/webhooks"] = new() { Answer = $$"""{ "webhooks": [ {{EndpointExample}} ], "count": 1 }""" },
        ["POST /v1/webhooks"] = new()
        {
            Description = "Deliveries are signed twice: Flow-Signature, and the Standard Webhooks headers. Addresses inside private networks are refused.",
            Request = """{ "url": "https://hooks.example.com/billing", "events": ["flow.gift_received", "credits.purchased"] }""",
            Answer = SecretExample,
            Errors = [new(400, "INVALID_WEBHOOK", "url must begin with https://."), new(409, "WEBHOOK_LIMIT_REACHED", "An organization has at most 20 webhook endpoints. Remove one first.")],
        },
        ["GET /v1/webhooks/{id}"] = new() { Answer = EndpointExample },
        ["PATCH /v1/webhooks/{id}"] = new()
        {
            Request = """{ "active": true }""",
            Answer = EndpointExample,
            Errors = [new(400, "INVALID_WEBHOOK", "url must begin with https://.")],
        },
        ["DELETE /v1/webhooks/{id}"] = new() { Answer = """{ "id": "webhook_03pLR5", "deleted": true }""" },
        ["POST /v1/webhooks/{id}/secret"] = new()
        {
            Description = "Both secrets sign for as many hours as overlapHours says, 24 unless given.",
            Request = """{ "overlapHours": 24 }""",
            Answer = SecretExample,
        },
        ["POST /v1/webhooks/{id}/test"] = new()
        {
            Request = """{ "event": "webhook.test" }""",
            Answer = """{ "deliveryId": "dlv_03pLR5", "success": true }""",
            Errors = [new(409, "WEBHOOK_PAUSED", "This webhook endpoint is paused. Make it active first.")],
        },
        ["GET /v1/webhooks/{id}/deliveries"] = new()
        {
            Query =
            [
                QueryFact.Number("page", "From 1.", 1, 1000, 1), QueryFact.Number("perPage", "Of one page.", 1, 100, 20),
                QueryFact.Choice("status", "Only these.", "pending", "delivered", "failed"),
            ],
            Answer = """
                {
                  "deliveries": [ {
                    "id": "dlv_03pLR5", "eventId": "evt_03pLR5", "event": "flow.gift_received", "status": "delivered", "attempts": 1, "responseStatus": 200, "error": null, "durationMs": 87,
                    "createdAt": 1706000000000, "lastAttemptAt": 1706000000200, "nextAttemptAt": null, "deliveredAt": 1706000000287
                  } ],
                  "page": 1, "perPage": 20, "total": 1
                }
                """,
        },
        ["POST /v1/webhooks/{id}/deliveries/{deliveryId}/resend"] = new()
        {
            Answer = """{ "deliveryId": "dlv_03pLR5", "success": true }""",
            Errors = [new(409, "WEBHOOK_PAUSED", "This webhook endpoint is paused. Make it active first.")],
        },
    };
}

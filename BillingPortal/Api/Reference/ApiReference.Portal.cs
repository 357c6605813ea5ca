namespace BillingPortal.Api.Reference;

internal static partial class ApiReference
{
    private const string HoldExample = """
        {
          "id": "hold_03pLR5", "credits": 40, "expiresAt": "2026-04-10T09:45:00.000Z", "status": "open", "operation": "voice", "quantity": 10,
          "creditType": "credits", "includedUnits": 0, "createdAt": "2026-04-10T09:30:00.000Z"
        }
        """;

    private const string NumberExample = """
        {
          "id": "num_03pLR5", "number": "+14155550100", "label": "Support", "status": "active", "rentedAt": "2026-04-10T09:30:00.000Z",
          "nextChargeAt": "2026-05-10T09:30:00.000Z", "pastDueSince": null, "releasedAt": null
        }
        """;

    private static Dictionary<string, OperationFacts> Portal => new()
    {
        ["POST /api/auth/login"] = new()
        {
            Description = "The access token stands for the person in the organization last chosen, for as many seconds as expiresIn says. Who has an authenticator app sends its code, or a recovery code, as code too.",
            Request = """{ "email": "pro@example.com", "password": "Demo-pass-1" }""",
            Answer = """{ "tokenType": "Bearer", "accessToken": "CfDJ8Gk…", "expiresIn": 3600, "refreshToken": "CfDJ8Hm…" }""",
            Errors = [new(401, "INVALID_CREDENTIALS", "The e-mail address or the password is wrong, or the account is locked for a while."), new(401, "CODE_REQUIRED", "The person has an authenticator app, and its code was not sent.")],
        },
        ["POST /api/auth/refresh"] = new()
        {
            Request = """{ "refreshToken": "CfDJ8Hm…" }""",
            Answer = """{ "tokenType": "Bearer", "accessToken": "CfDJ8Gk…", "expiresIn": 3600, "refreshToken": "CfDJ8Hm…" }""",
            Errors = [new(401, "INVALID_REFRESH_TOKEN", "Sign in again.")],
        },
        ["POST /api/v1/credits/purchase"] = new()
        {
            Description = "Send the buyer's browser to url. The credits arrive when the payment has settled, never before.",
            Request = """{ "pack": "credits_5000" }""",
            Answer = """
                {
                  "url": "https://billing.example.com/sandbox/checkout/cs_test_03pLR5",
                  "paymentId": "pay_03pLR5OMNPFg9eZ6NiP",
                  "pack": { "id": "credits_5000", "name": "Growth Pack", "credits": 5000, "price": "$39" }
                }
                """,
            Errors =
            [
                new(400, "INVALID_PACK", "There is no such pack. Choose one of credits_1000, credits_5000, credits_20000, credits_100000."),
                new(429, "PACK_LIMIT_REACHED", "This billing cycle allows no more of this pack."),
                new(503, "PAYMENT_PROVIDER_UNAVAILABLE", "The payment provider does not answer just now. Nothing was charged; try again with the same idempotency key."),
            ],
        },
        ["GET /api/v1/me"] = new()
        {
            Answer = """
                {
                  "kind": "key", "organization": { "id": "org_03pLR5", "name": "Northwind", "personal": false, "timeZone": "UTC" },
                  "plan": { "id": "pro", "name": "Pro", "apiAccess": true, "status": "active" }, "scopes": ["billing:read", "usage:write"],
                  "key": { "id": "key_03pLR5", "name": "ci-prod", "expiresAt": null }
                }
                """,
        },
        ["GET /api/v1/estimate"] = new()
        {
            Description = "Any operation of the catalog may be given a quantity. Model calls take model, inputTokens and outputTokens. Nothing held is subtracted.",
            Query =
            [
                QueryFact.Quantity("image_to_html", "Calls."), QueryFact.Quantity("code_export", "Calls."), QueryFact.Quantity("figma_export", "Calls."),
                QueryFact.Quantity("voice", "Minutes."), QueryFact.Quantity("chat", "Messages."), QueryFact.Quantity("transfer_minute", "Minutes."),
                QueryFact.Quantity("storage_egress", "GB."), QueryFact.Quantity("ai_tokens", "Tokens out."),
                QueryFact.Text("model", "Of the model calls."), QueryFact.Quantity("inputTokens", "Of the model calls."), QueryFact.Quantity("outputTokens", "Of the model calls."),
                QueryFact.Number("flowsPerDay", "Posts a day.", 0, 1_000_000), QueryFact.Text("plan", "Whose rates apply; the lowest plan that buys packs unless given."),
            ],
            Answer = """
                {
                  "items": [ { "id": "image_to_html", "operation": "image_to_html", "label": "Image → HTML", "quantity": 50, "unit": "call", "rate": 30, "pricedUnit": "call", "credits": 1500, "creditType": "credits" } ],
                  "totalCredits": 1500, "recommendedPack": "credits_5000",
                  "packs": [ { "id": "credits_1000", "covers": false }, { "id": "credits_5000", "covers": true } ],
                  "cheapest": { "packs": [ { "id": "credits_1000", "count": 2 } ], "credits": 2000, "priceUsd": 18, "leftover": 500 },
                  "plan": null, "apiCredits": { "totalCredits": 0, "recommendedPack": null }, "flowsPlan": null
                }
                """,
            Errors = [new(400, "UNKNOWN_OPERATION", "image_to_pdf: There is no such operation.")],
        },
        ["POST /api/v1/holds"] = new()
        {
            Description = "Lowers what is available, not what is posted. A hold that is neither captured nor released frees itself when it expires.",
            Request = """{ "operation": "voice", "quantity": 10, "expiresInSeconds": 900 }""",
            Answer = HoldExample,
            Errors =
            [
                new(400, "UNKNOWN_OPERATION", "There is no operation 'image_to_pdf'."),
                new(402, "INSUFFICIENT_CREDITS", "Insufficient credits"),
                new(409, "TOO_MANY_HOLDS", "Too many holds are open."),
            ],
        },
        ["GET /api/v1/holds/{id}"] = new() { Answer = HoldExample },
        ["POST /api/v1/holds/{id}/capture"] = new()
        {
            Description = "Charges what was really used, which may be more than was held if there is enough, and frees the rest.",
            Request = """{ "quantity": 7 }""",
            Answer = """
                { "id": "hold_03pLR5", "status": "captured", "creditType": "credits", "credits": 28, "includedUnits": 0, "balanceAfter": 4942, "transactionId": "tx_03pLR5NMWPONHN9THK6", "heldCredits": 40 }
                """,
            Errors = [new(402, "INSUFFICIENT_CREDITS", "Insufficient credits"), new(409, "HOLD_EXPIRED", "This hold has expired; what it held is free again.")],
        },
        ["POST /api/v1/holds/{id}/release"] = new()
        {
            Answer = HoldExample.Replace("\"open\"", "\"released\"", StringComparison.Ordinal),
            Errors = [new(409, "HOLD_CAPTURED", "This hold was captured before.")],
        },
        ["POST /api/v1/numbers"] = new()
        {
            Description = "Charged on the same day of every month. Without credit it is tried again for 7 days; then the number is given up.",
            Request = """{ "number": "+14155550100", "label": "Support" }""",
            Answer = NumberExample,
            Errors = [new(402, "INSUFFICIENT_CREDITS", "Insufficient credits"), new(409, "NUMBER_TAKEN", "This number is rented already.")],
        },
        ["GET /api/v1/numbers"] = new()
        {
            Query = [QueryFact.Text("after", "The nextAfter of the page before."), QueryFact.Number("limit", "Most numbers of a page.", 1, 100, 50)],
            Answer = $$"""{ "data": [ {{NumberExample}} ], "nextAfter": null }""",
        },
        ["DELETE /api/v1/numbers/{id}"] = new()
        {
            Answer = """
                {
                  "id": "num_03pLR5", "number": "+14155550100", "label": "Support", "status": "released", "rentedAt": "2026-04-10T09:30:00.000Z",
                  "nextChargeAt": null, "pastDueSince": null, "releasedAt": "2026-04-12T08:00:00.000Z"
                }
                """,
        },
        ["POST /api/v1/admin/payments/{paymentId}/refund"] = new()
        {
            Description = "For platform administrators. Without amountUsd all that is left is given back. What the customer has already spent of it becomes debt.",
            Request = """{ "reason": "Bought twice by mistake", "amountUsd": 10 }""",
            Answer = """{ "id": "rfd_03pLR5", "paymentId": "pay_03pLR5", "amountUsd": 10, "state": "pending" }""",
            Errors = [new(409, "NOT_REFUNDABLE", "At most $29.00 can be given back.")],
        },
        ["GET /api/v1/notifications"] = new()
        {
            Description = "For signed-in people.",
            Query = [QueryFact.Text("cursor", "The nextCursor of the page before."), QueryFact.Number("limit", "Most notifications of a page.", 1, 100, 50)],
            Answer = """
                {
                  "data": [ {
                    "id": "ntf_03pLR5", "organizationId": "org_03pLR5", "kind": "invoice.paid", "title": "Receipt 2026-000042", "text": "Growth Pack was paid.",
                    "link": "/invoices", "createdAt": "2026-04-10T09:30:00.000Z", "readAt": null
                  } ],
                  "unread": 1, "nextCursor": null
                }
                """,
        },
        ["POST /api/v1/notifications/{id}/read"] = new() { Answer = """{ "read": true }""" },
        ["POST /api/v1/notifications/read"] = new() { Answer = """{ "read": true }""" },
    };
}

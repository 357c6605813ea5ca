namespace BillingPortal.Api.Reference;

internal static partial class ApiReference
{
    private static Dictionary<string, OperationFacts> ApiCredits => new()
    {
        ["GET /v1/api-credits"] = new() { Answer = """{ "balance": 2373897, "total_purchased": 2374050, "total_consumed": 153 }""" },
        ["POST /v1/keys/generate"] = new()
        {
            Description = "The key is shown this once; only a hash of it is kept. A platform administrator alone can give billing:write.",
            Request = """{ "name": "ci-prod", "expires_in_days": 90, "scopes": ["billing:read", "usage:write"] }""",
            Answer = """
                {
                  "id": "key_03pLR5", "api_key": "bp_live_a1b2c3d4_…", "key_prefix": "bp_live_a1b2c3d4", "name": "ci-prod", "scopes": ["billing:read", "usage:write"],
                  "is_active": true, "created_at": "2026-04-10T09:30:00.000Z", "expires_at": "2026-07-09T09:30:00.000Z", "warning": "Copy it now: it is not shown again."
                }
                """,
        },
        ["GET /v1/keys"] = new()
        {
            Query = [QueryFact.Text("after", "The next_after of the page before."), QueryFact.Number("limit", "Most keys of a page.", 1, 100, 100)],
            Answer = """
                {
                  "data": [ {
                    "id": "key_03pLR5", "key_prefix": "bp_live_a1b2c3d4", "name": "ci-prod", "scopes": ["billing:read"], "is_active": true,
                    "created_at": "2026-04-10T09:30:00.000Z", "expires_at": null, "last_used_at": null, "revoked_at": null, "replaces": null, "replaced_by": null
                  } ],
                  "next_after": null
                }
                """,
        },
        ["POST /v1/keys/revoke"] = new()
        {
            Description = "Effective at the next request, everywhere.",
            Request = """{ "key_id": "key_03pLR5" }""",
            Answer = """{ "revoked": true }""",
            Errors = [new(404, "NOT_FOUND", "There is no such key.")],
        },
        ["POST /v1/keys/rotate"] = new()
        {
            Description = "The new key has the old one's name, scopes and end. The old one works for grace_seconds more, a day unless said otherwise; 0 ends it at once.",
            Request = """{ "key_id": "key_03pLR5", "grace_seconds": 3600 }""",
            Answer = """
                {
                  "id": "key_03pLR6", "api_key": "bp_live_e5f6a7b8_…", "key_prefix": "bp_live_e5f6a7b8", "name": "ci-prod", "scopes": ["billing:read", "usage:write"],
                  "is_active": true, "created_at": "2026-04-10T09:30:00.000Z", "expires_at": null, "warning": "Copy it now: it is not shown again.",
                  "replaces": "key_03pLR5", "old_key_expires_at": "2026-04-10T10:30:00.000Z"
                }
                """,
            Errors = [new(404, "NOT_FOUND", "There is no such key.")],
        },
        ["GET /v1/billing/packs"] = new()
        {
            Description = "Credits are price × 95 % × 100,000, computed before any rounding.",
            Answer = """
                { "data": [ { "key": "starter", "name": "API Starter", "price": "$9.99", "credits_after_fee": "~949,050", "note": "5% fee applied", "credits": 949050, "fee": "$0.50" } ] }
                """,
        },
        ["POST /v1/billing/checkout"] = new()
        {
            Description = "After paying, the browser comes back with ?billing=success. The credits arrive when the payment has settled, never before.",
            Request = """{ "pack": "growth" }""",
            Answer = """{ "url": "https://billing.example.com/sandbox/checkout/cs_test_03pLR5" }""",
            Errors = [new(400, "INVALID_PACK", "There is no such pack. Choose one of starter, growth, scale, business, enterprise.")],
        },
        ["GET /v1/billing/history"] = new()
        {
            Query = [QueryFact.Text("before", "The next_before of the page before."), QueryFact.Number("limit", "Most purchases of a page.", 1, 100, 50)],
            Answer = """
                {
                  "data": [ { "id": "tx_03pLR5NMWPONHN9THK6", "amount": 2374050, "balance_after": 2374050, "stripe_payment_id": "pi_03pLR5", "created_at": "2026-03-30T10:00:00.000Z" } ],
                  "next_before": null
                }
                """,
        },
    };
}

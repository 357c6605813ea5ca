namespace BillingPortal.Api.Reference;

internal static partial class ApiReference
{
    private static readonly ErrorFact NotEnabled = new(400, "CREDITS_NOT_ENABLED", "This installation does not use the credit system.");

    private static Dictionary<string, OperationFacts> OrganizationCredits => new()
    {
        ["GET /credits/balance"] = new()
        {
            Description = "creditBalance = realtimeBalance + pendingConsumption; the breakdown sums to pendingConsumption.",
            Answer = """
                {
                  "data": {
                    "creditBalance": 5000, "dateBalance": "2026-04-10T00:00:00.000Z", "realtimeBalance": 4970, "pendingConsumption": 30,
                    "breakdown": { "storage": 0, "ai": 0, "operations": 30, "voice": 0 }
                  },
                  "success": true
                }
                """,
            Errors = [NotEnabled],
        },
        ["GET /credits/transactions"] = new()
        {
            Description = "creditAmount is signed. Fields that do not concern a transaction are left out.",
            Query =
            [
                QueryFact.Number("page", "From 1.", 1, 10_000_000, 1),
                QueryFact.Number("limit", "Of one page.", 1, 100, 50),
                QueryFact.Choice("direction", "What came in, what went out, or both.", "all", "in", "out"),
                QueryFact.Moment("startDate", "The start."),
                QueryFact.Moment("endDate", "The end; a day as the end includes that day."),
                QueryFact.Text("repoId", "Only usage of this repository."),
            ],
            Answer = """
                {
                  "data": [ {
                    "id": "tx_03pLR5NMWPONHN9THK6", "creditAmount": -10, "createdAt": "2026-04-10T09:30:00.000Z", "description": "Storage egress, 1 GB", "type": "consumption", "reason": "charge",
                    "balanceAfter": 4990, "rateType": "Public Node", "rateConcept": "Storage egress", "rateUsed": 10, "repoId": "repo_1", "unitId": "unit_1", "host": "eu-1.example.com"
                  } ],
                  "pagination": { "total": 1, "page": 1, "limit": 50, "totalIsExact": true },
                  "success": true
                }
                """,
            Errors = [NotEnabled],
        },
        ["GET /credits/stats/monthly"] = new()
        {
            Description = "One row for each month, empty ones included, the oldest first; balance = grants + purchases − consumption.",
            Query = [QueryFact.Number("months", "How many months, with this one.", 1, 24, 12)],
            Answer = """
                {
                  "data": [ { "month": "2026-04-01T00:00:00.000Z", "consumption": 30, "purchases": 5000, "grants": 2000, "balance": 6970, "usage": 30 } ],
                  "totals": { "consumption": 30, "purchases": 5000, "grants": 2000, "balance": 6970, "usage": 30 },
                  "success": true
                }
                """,
            Errors = [NotEnabled],
        },
        ["GET /credits/packs"] = new()
        {
            Answer = """{ "data": [ { "id": "credits_5000", "name": "Growth Pack", "code": "growth", "credits": 5000, "price": 39 } ], "success": true }""",
            Errors = [NotEnabled],
        },
        ["GET /credits/rates"] = new()
        {
            Answer = """
                { "data": [ { "id": "storage_egress_public", "type": "Public Node", "typeCode": "public", "concept": "Storage egress", "conceptCode": "storage_egress", "unit": "GB", "rate": 10 } ], "success": true }
                """,
            Errors = [NotEnabled],
        },
        ["POST /credits/packs/buy"] = new()
        {
            Description = "Needs a paid plan and the role billing. An open checkout counts towards the limit until it ends.",
            Request = """{ "packId": "credits_5000" }""",
            Answer = """{ "checkoutUrl": "https://billing.example.com/sandbox/checkout/cs_test_03pLR5", "sessionId": "cs_test_03pLR5", "success": true }""",
            Errors = [NotEnabled, new(404, "PACK_NOT_FOUND", "There is no such pack."), new(429, "PACK_LIMIT_REACHED", "This billing cycle allows no more of this pack.")],
        },
    };
}

namespace BillingPortal.Api.Reference;

internal static partial class ApiReference
{
    private static Dictionary<string, OperationFacts> Usage => new()
    {
        ["POST /api/v1/usage/events"] = new()
        {
            Description =
                "One event, or an array of up to 1,000, each standing for itself: a batch is answered with an object whose results are in the events' order. "
                + "An id is charged once in its organization, for ever; sending it again answers what the first time did, as a duplicate. Events may be up to 35 days late.",
            Request = """{ "id": "call-4711", "operation": "image_to_html", "quantity": 1, "occurredAt": "2026-04-10T09:30:00Z" }""",
            OtherAnswer = typeof(UsageEndpoints.BatchAnswer),
            Answer = """
                { "id": "call-4711", "status": "charged", "creditType": "credits", "credits": 30, "balanceAfter": 4970, "transactionId": "tx_03pLR5NMWPONHN9THK6" }
                """,
            Errors =
            [
                new(400, "UNKNOWN_OPERATION", "There is no operation 'image_to_pdf'."),
                new(402, "INSUFFICIENT_CREDITS", "Insufficient credits"),
            ],
        },
        ["GET /api/v1/usage"] = new()
        {
            Description = "Of the calling key, unless keyId names another one of the organization; of the whole organization for a signed-in person.",
            Query = [QueryFact.Number("days", "How many days, with today.", 1, 90, 30), QueryFact.Text("keyId", "Only what this key reported.")],
            Answer = """
                {
                  "period": { "start": "2026-04-09T00:00:00.000Z", "end": "2026-04-10T09:30:00.000Z", "days": 2 },
                  "key": { "id": "key_03pLR5", "name": "ci-prod", "lastUsed": "2026-04-10T09:29:58.120Z" },
                  "summary": { "totalCalls": 3, "totalCredits": 75, "byEndpoint": { "image_to_html": { "calls": 2, "credits": 60, "label": "Image → HTML" }, "code_export": { "calls": 1, "credits": 15, "label": "Export Code" } } },
                  "daily": [ { "date": "2026-04-09", "calls": 0, "credits": 0 }, { "date": "2026-04-10", "calls": 3, "credits": 75 } ]
                }
                """,
            Errors = [new(404, "NOT_FOUND", "There is no such key.")],
        },
    };
}

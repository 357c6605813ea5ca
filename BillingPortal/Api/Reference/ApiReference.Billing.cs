namespace BillingPortal.Api.Reference;

internal static partial class ApiReference
{
    private static readonly QueryFact From = QueryFact.Moment("from", "The start.");
    private static readonly QueryFact To = QueryFact.Moment("to", "The end; a day as the end includes that day.");

    private static readonly QueryFact[] ItemFilter =
    [
        From, To,
        QueryFact.Choice("channel", "Only this channel.", [.. Catalog.Channels.All]),
        QueryFact.Text("operation", "Only this operation."),
        QueryFact.Text("keyId", "Only what this key reported."),
    ];

    private const string PdfExample = "%PDF-1.7 …";

    private const string DetailsExample = """{ "data": { "name": "Northwind GmbH", "address": "1 Main Street", "taxId": "DE123456789", "reference": "" }, "success": true }""";

    private const string ReloadExample = """
        {
          "data": {
            "enabled": true, "thresholdUsd": 20, "amountUsd": 50, "monthlyLimitUsd": 200, "chargedThisMonthUsd": 50, "problem": null, "notBefore": null, "openPaymentId": null,
            "card": { "brand": "visa", "last4": "4242", "expiryMonth": 12, "expiryYear": 2030 }
          },
          "success": true
        }
        """;

    private const string SubscriptionExample = """
        {
          "data": {
            "plan": {
              "id": "pro", "name": "Pro", "monthlyPriceUsd": 199, "yearlyPriceUsd": 1990, "includedMinutes": 1000, "overageRate": 4, "monthlyCredits": 40000,
              "dailyFlows": 50, "perSeat": false, "apiAccess": true, "oneTimeCredits": 0, "packPurchase": true
            },
            "status": "active", "interval": "monthly", "seats": 1, "currentPeriodStart": "2026-04-10T09:30:00.000Z", "currentPeriodEnd": "2026-05-10T09:30:00.000Z",
            "cancelAtPeriodEnd": false, "pendingPlanId": null, "pendingInterval": null, "pendingSeats": null, "paidUntil": "2026-05-10T09:30:00.000Z",
            "carriedOverUsd": 0, "pastDueSince": null, "nextPaymentAttemptAt": null, "failureCode": null
          },
          "success": true
        }
        """;

    private static readonly ErrorFact NotByKey = new(403, "DASHBOARD_SESSION_REQUIRED", "This action needs a signed-in user, not an API key.");

    private static readonly ErrorFact ProviderAway =
        new(503, "PAYMENT_PROVIDER_UNAVAILABLE", "The payment provider does not answer just now. Nothing was charged; try again with the same idempotency key.");

    private static Dictionary<string, OperationFacts> Billing => new()
    {
        ["GET /api/v1/billing/wallet"] = new()
        {
            Description = "Amounts in credits are exact; 1 credit is 1 cent.",
            Answer = """
                {
                  "data": {
                    "balanceUsd": 49.7, "autoReloadEnabled": false, "autoReloadThresholdUsd": null, "autoReloadAmountUsd": null,
                    "balanceCredits": 4970, "heldCredits": 0, "availableCredits": 4970,
                    "buckets": [ { "id": "bkt_03pLR5", "kind": "purchased", "source": "pack", "amount": 5000, "remaining": 4970, "effectiveAt": "2026-04-01T08:00:00.000Z", "expiresAt": null, "giftable": false } ]
                  },
                  "success": true
                }
                """,
        },
        ["GET /api/v1/billing/usage"] = new()
        {
            Description = "One row for each day and channel that had usage.",
            Query = [From, To],
            Answer = """
                { "data": [ { "date": "2026-04-10", "channel": "voice", "quantity": 12, "credits": 48, "items": 5, "included": 0, "creditType": "credits" } ], "success": true }
                """,
        },
        ["GET /api/v1/billing/usage/items"] = new()
        {
            Query = [.. ItemFilter, QueryFact.Text("cursor", "The nextCursor of the page before."), QueryFact.Number("limit", "Most items of a page.", 1, 1000, 50)],
            Answer = """
                {
                  "data": [ {
                    "time": "2026-04-10T09:30:00.000Z", "type": "voice", "channel": "voice", "quantity": 3, "credits": 12, "description": "Voice, 3 minutes", "agentId": "agent_7",
                    "id": "itm_03pLR5NMWPONHN9THK6", "eventId": "call-4711", "included": 0, "creditType": "credits", "rate": 4, "outcome": "charged", "keyId": "key_03pLR5",
                    "repoId": null, "unitId": null, "host": null, "model": null, "transactionId": "tx_03pLR5NMWPONHN9THK6", "balanceAfter": 4958, "recordedAt": "2026-04-10T09:30:01.000Z"
                  } ],
                  "nextCursor": null,
                  "success": true
                }
                """,
        },
        ["GET /api/v1/billing/usage/items.csv"] = new()
        {
            Description = "The same rows as a file, streamed, as many as there are.",
            Query = ItemFilter,
            Answer = "time,id,event_id,operation,channel,quantity,…",
        },
        ["GET /api/v1/billing/plans"] = new()
        {
            Answer = """
                {
                  "data": [ {
                    "id": "pro", "name": "Pro", "monthlyPriceUsd": 199, "yearlyPriceUsd": 1990, "includedMinutes": 1000, "overageRate": 4, "monthlyCredits": 40000,
                    "dailyFlows": 50, "perSeat": false, "apiAccess": true, "oneTimeCredits": 0, "packPurchase": true
                  } ],
                  "success": true
                }
                """,
        },
        ["POST /api/v1/billing/wallet/credit"] = new()
        {
            Description = "Needs a platform administrator, or a key that one gave billing:write. Either amountUsd or credits. The same reference again gives nothing a second time.",
            Request = """{ "credits": 500, "note": "Goodwill", "reference": "ticket-4711" }""",
            Answer = """{ "data": { "transactionId": "tx_03pLR5NMWPONHN9THK6", "balanceCredits": 5470 }, "success": true }""",
            Errors = [new(404, "NOT_FOUND", "There is no such organization."), new(422, "REFERENCE_REUSED", "This reference was used for another amount. Nothing was given.")],
        },
        ["POST /api/v1/billing/wallet/topup"] = new()
        {
            Description = "$5 to $10,000, for signed-in people. A page that takes cards itself confirms clientSecret; any other sends the browser to url.",
            Request = """{ "amountUsd": 10 }""",
            Answer = """
                { "data": { "clientSecret": "pi_03pLR5_secret_…", "url": "https://billing.example.com/billing/payments/pay_03pLR5/pay", "paymentId": "pay_03pLR5", "amountUsd": 10, "credits": 1000 }, "success": true }
                """,
            Errors = [NotByKey, ProviderAway],
        },
        ["GET /api/v1/billing/wallet/auto-reload"] = new() { Answer = ReloadExample },
        ["PUT /api/v1/billing/wallet/auto-reload"] = new()
        {
            Description = "Strictly below thresholdUsd the saved card is charged the smallest multiple of amountUsd that lifts the balance to it, within monthlyLimitUsd. For signed-in people.",
            Request = """{ "enabled": true, "thresholdUsd": 20, "amountUsd": 50, "monthlyLimitUsd": 200 }""",
            Answer = ReloadExample,
            Errors = [NotByKey],
        },
        ["GET /api/v1/billing/wallet/auto-reload/attempts"] = new()
        {
            Query = [QueryFact.Text("cursor", "The nextCursor of the page before."), QueryFact.Number("limit", "Most attempts of a page.", 1, 100, 50)],
            Answer = """
                {
                  "data": [ { "id": "rld_03pLR5", "state": "succeeded", "reason": null, "amountUsd": 50, "availableCredits": 1960, "paymentId": "pay_03pLR5", "startedAt": "2026-04-10T09:30:00.000Z", "endedAt": "2026-04-10T09:30:02.000Z" } ],
                  "nextCursor": null, "success": true
                }
                """,
        },
        ["GET /api/v1/billing/subscription"] = new() { Answer = SubscriptionExample },
        ["POST /api/v1/billing/subscription"] = new()
        {
            Description = "For signed-in people. Where something is due first, data is { url, paymentId }: the plan changes when it is paid.",
            Request = """{ "planId": "pro", "interval": "monthly", "seats": 1 }""",
            OtherAnswer = typeof(Envelope<SubscriptionEndpoints.CheckoutAnswer>),
            Answer = SubscriptionExample,
            Errors =
            [
                new(400, "INVALID_PLAN", "There is no such plan."),
                NotByKey,
                new(409, "RENEWAL_UNDER_WAY", "The renewal is being paid just now. Nothing was changed; try again in a minute."),
                ProviderAway,
            ],
        },
        ["DELETE /api/v1/billing/subscription"] = new()
        {
            Description = "For signed-in people.",
            Answer = SubscriptionExample.Replace("\"cancelAtPeriodEnd\": false", "\"cancelAtPeriodEnd\": true", StringComparison.Ordinal),
            Errors = [NotByKey, new(409, "RENEWAL_UNDER_WAY", "The renewal is being paid just now. Nothing was changed; try again in a minute.")],
        },
        ["POST /api/v1/billing/subscription/resume"] = new() { Description = "For signed-in people.", Answer = SubscriptionExample, Errors = [NotByKey] },
        ["GET /api/v1/billing/subscription/preview"] = new()
        {
            Query =
            [
                QueryFact.Text("planId", "The plan.", isRequired: true), QueryFact.Choice("interval", "How often it renews.", "monthly", "yearly"),
                QueryFact.Number("seats", "How many; as many as now unless given.", 1, 10_000),
            ],
            Answer = """
                {
                  "data": {
                    "change": "upgrade", "planId": "pro", "interval": "monthly", "seats": 1, "timing": "now", "effectiveAt": "2026-04-10T09:30:00.000Z", "dueTodayUsd": 184.5,
                    "lines": [ { "description": "Pro plan, 10 Apr to 10 May 2026", "amountUsd": 199 }, { "description": "Unused part of Lite", "amountUsd": -14.5 } ],
                    "nextInvoice": { "date": "2026-05-10T09:30:00.000Z", "amountUsd": 199 }, "creditsGained": 40000, "carriedOverUsd": 0
                  },
                  "success": true
                }
                """,
            Errors = [new(400, "INVALID_PLAN", "There is no such plan.")],
        },
        ["GET /api/v1/billing/invoices"] = new()
        {
            Query =
            [
                From, To, QueryFact.Text("search", "A part of the number, or an amount."), QueryFact.Text("cursor", "The nextCursor of the page before."),
                QueryFact.Number("limit", "Most invoices of a page.", 1, 100, 50),
            ],
            Answer = """
                {
                  "data": [ {
                    "id": "inv_03pLR5", "number": "2026-000042", "date": "2026-04-10T09:30:00.000Z", "description": "Growth Pack", "amountUsd": 39, "taxUsd": 0, "refundedUsd": 0, "status": "paid",
                    "paymentId": "pay_03pLR5", "pdfUrl": "https://billing.example.com/api/v1/billing/invoices/inv_03pLR5/pdf"
                  } ],
                  "nextCursor": null, "success": true
                }
                """,
        },
        ["GET /api/v1/billing/invoices/{id}"] = new()
        {
            Answer = """
                {
                  "data": {
                    "id": "inv_03pLR5", "number": "2026-000042", "date": "2026-04-10T09:30:00.000Z", "subtotalUsd": 39, "taxUsd": 0, "taxRatePercent": 0, "amountUsd": 39, "refundedUsd": 0, "status": "paid",
                    "paymentId": "pay_03pLR5", "test": false, "buyer": { "name": "Northwind", "address": "1 Main Street", "taxId": "", "reference": "" },
                    "lines": [ { "description": "Growth Pack, 5,000 credits", "quantity": 1, "amountUsd": 39 } ], "creditNotes": [],
                    "pdfUrl": "https://billing.example.com/api/v1/billing/invoices/inv_03pLR5/pdf"
                  },
                  "success": true
                }
                """,
        },
        ["GET /api/v1/billing/invoices/{id}/pdf"] = new() { Answer = PdfExample },
        ["GET /api/v1/billing/credit-notes/{id}/pdf"] = new() { Answer = PdfExample },
        ["GET /api/v1/billing/statements/{month}"] = new()
        {
            Description = "opening + changes = closing, in every wallet. final is false while the month lasts.",
            Answer = """
                {
                  "data": {
                    "month": "2026-04", "final": true, "wallets": [ { "creditType": "credits", "opening": 0, "changes": { "purchase": 5000, "charge": -30 }, "closing": 4970 } ],
                    "documents": [ { "number": "2026-000042", "date": "2026-04-10T09:30:00.000Z", "description": "Growth Pack", "amountUsd": 39 } ], "totalUsd": 39
                  },
                  "success": true
                }
                """,
            Errors = [new(400, "INVALID_REQUEST", "month must be a month such as 2026-04.")],
        },
        ["GET /api/v1/billing/statements/{month}/pdf"] = new() { Answer = PdfExample, Errors = [new(400, "INVALID_REQUEST", "month must be a month such as 2026-04.")] },
        ["GET /api/v1/billing/details"] = new() { Answer = DetailsExample },
        ["PUT /api/v1/billing/details"] = new()
        {
            Request = """{ "name": "Northwind GmbH", "address": "1 Main Street", "taxId": "DE123456789", "reference": "" }""",
            Answer = DetailsExample,
        },
        ["GET /api/v1/billing/wallet/auto-reload/rehearsal"] = new()
        {
            Description = "availableByDay is what the wallet would have held at the end of each day, the oldest first.",
            Query =
            [
                QueryFact.Dollars("thresholdUsd", "Below what it charges.", isRequired: true), QueryFact.Dollars("amountUsd", "What it charges, or a multiple of it.", isRequired: true),
                QueryFact.Dollars("monthlyLimitUsd", "Most in a month."),
            ],
            Answer = """
                { "data": { "reloads": 1, "chargedUsd": 50, "lowestCredits": 1960, "attempts": [ { "at": "2026-04-10T00:00:00.000Z", "amountUsd": 50 } ], "availableByDay": [ 2400, 1960, 6960 ] }, "success": true }
                """,
            Errors = [new(400, "INVALID_REQUEST", "thresholdUsd is missing.")],
        },
    };
}

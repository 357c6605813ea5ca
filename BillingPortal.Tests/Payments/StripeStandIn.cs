using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BillingPortal.Tests.Payments;

/// <summary>What goes wrong with one request.</summary>
internal enum StripeFault
{
    /// <summary>500, and nothing was done.</summary>
    BrokenBefore,

    /// <summary>The work is done and remembered; the answer is 500 this once.</summary>
    BrokenAfter,

    /// <summary>The connection is cut before the work.</summary>
    CutBefore,

    /// <summary>The work is done and remembered; the connection is cut before the answer.</summary>
    CutAfter,

    /// <summary>No answer until whoever asked goes away.</summary>
    Silence,

    /// <summary>429 with <c>Retry-After: 1</c>.</summary>
    TooMany,

    /// <summary>500 that says not to try again.</summary>
    BrokenForGood,

    /// <summary>Half of an answer.</summary>
    HalfAnswer,
}

/// <summary>A request as it came.</summary>
internal sealed record StripeRequest(string Method, string Path, IReadOnlyDictionary<string, string> Fields, string? Key, string? Version, string? Authorization, long At);

/// <summary>Stands in for Stripe: remembers customers, cards, sessions, intents, refunds and idempotency keys, knows only published parameters, and fails when told to.</summary>
internal sealed class StripeStandIn : IAsyncDisposable
{
    public const string GoodCard = "pm_good";
    public const string PoorCard = "pm_poor";
    public const string AskingCard = "pm_asking";

    private readonly WebApplication app;
    private readonly ConcurrentQueue<StripeFault> faults = new();
    private readonly ConcurrentDictionary<string, JsonObject> things = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Body, int Status, string Answer)> remembered = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim one = new(1);
    private readonly string stamp = Guid.NewGuid().ToString("N")[..8];
    private int last;

    private StripeStandIn(WebApplication app) => this.app = app;

    public ConcurrentQueue<StripeRequest> Requests { get; } = new();

    /// <summary>What the published API does not know of all that was asked; must stay empty.</summary>
    public ConcurrentQueue<string> Unknown { get; } = new();

    /// <summary>Whether it says that real money moves.</summary>
    public bool IsLive { get; set; }

    public string Address => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public static async Task<StripeStandIn> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var standIn = new StripeStandIn(app);
        app.Run(standIn.AnswerAsync);
        await app.StartAsync();
        return standIn;
    }

    /// <summary>Makes the next requests fail, one fault each, in this order.</summary>
    public void Fail(params StripeFault[] next)
    {
        foreach (var fault in next)
        {
            faults.Enqueue(fault);
        }
    }

    public IReadOnlyList<JsonObject> All(string kind) => [.. things.Values.Where(thing => (string?)thing["object"] == kind)];

    public JsonObject Thing(string id) => things[id];

    /// <summary>The buyer pays a session's page.</summary>
    public JsonObject Pay(string sessionId)
    {
        var session = things[sessionId];
        var intent = NewIntent(new Dictionary<string, string>
        {
            ["amount"] = ((long)session["amount_total"]!).ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["metadata[payment_id]"] = (string)session["metadata"]!["payment_id"]!,
        });
        intent["status"] = "succeeded";
        (session["status"], session["payment_status"], session["payment_intent"]) = ("complete", "paid", (string)intent["id"]!);
        return session;
    }

    /// <summary>A cardholder's bank takes a payment back.</summary>
    public void Dispute(string intentId, string status) => Keep("dispute", new JsonObject
    {
        ["id"] = NewId("dp"),
        ["amount"] = (long)things[intentId]["amount"]!,
        ["currency"] = "usd",
        ["payment_intent"] = intentId,
        ["status"] = status,
    });

    /// <summary>Saves a card for a customer.</summary>
    public void Save(string customerId, string card) => things[card] = new JsonObject
    {
        ["id"] = card,
        ["object"] = "payment_method",
        ["customer"] = customerId,
        ["created"] = 1_780_000_000,
        ["card"] = new JsonObject { ["brand"] = "visa", ["last4"] = "4242", ["exp_month"] = 12, ["exp_year"] = 2034 },
    };

    /// <summary>Forgets something, as if it was deleted on Stripe's own pages.</summary>
    public void Delete(string id) => things.TryRemove(id, out _);

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        one.Dispose();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var request = await ReadAsync(http.Request);
        Requests.Enqueue(request);
        foreach (var unknown in StripePublishedApi.UnknownIn(request.Method, request.Path, request.Fields.Keys))
        {
            Unknown.Enqueue(unknown);
        }

        StripeFault? fault = faults.TryDequeue(out var next) ? next : null;
        switch (fault)
        {
            case StripeFault.BrokenBefore:
                await WriteAsync(http, 500, Error("api_error", null));
                return;
            case StripeFault.BrokenForGood:
                http.Response.Headers["Stripe-Should-Retry"] = "false";
                await WriteAsync(http, 500, Error("api_error", null));
                return;
            case StripeFault.TooMany:
                http.Response.Headers.RetryAfter = "1";
                await WriteAsync(http, 429, Error("invalid_request_error", "rate_limit"));
                return;
            case StripeFault.CutBefore:
                http.Abort();
                return;
            case StripeFault.Silence:
                await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                return;
        }

        var (status, answer) = await DoOnceAsync(request);
        switch (fault)
        {
            case StripeFault.BrokenAfter:
                await WriteAsync(http, 500, Error("api_error", null));
                return;
            case StripeFault.CutAfter:
                http.Abort();
                return;
            case StripeFault.HalfAnswer:
                await WriteAsync(http, status, answer[..(answer.Length / 2)]);
                return;
            default:
                await WriteAsync(http, status, answer);
                return;
        }
    }

    private static async Task<StripeRequest> ReadAsync(HttpRequest request)
    {
        var fields = request.HasFormContentType ? await request.ReadFormAsync() : null;
        var all = fields is null ? request.Query.Select(pair => (pair.Key, Value: pair.Value.ToString())) : fields.Select(pair => (pair.Key, Value: pair.Value.ToString()));
        return new StripeRequest(
            request.Method, request.Path, all.ToDictionary(pair => pair.Key, pair => pair.Value), request.Headers["Idempotency-Key"], request.Headers["Stripe-Version"],
            request.Headers.Authorization, TimeProvider.System.GetTimestamp());
    }

    private static Task WriteAsync(HttpContext http, int status, string answer)
    {
        (http.Response.StatusCode, http.Response.ContentType) = (status, "application/json");
        http.Response.Headers["Request-Id"] = "req_1";
        return http.Response.WriteAsync(answer);
    }

    /// <summary>Does a change once for its key, and refuses the key for anything else.</summary>
    private async Task<(int Status, string Answer)> DoOnceAsync(StripeRequest request)
    {
        await one.WaitAsync();
        try
        {
            if (request.Authorization is not ("Bearer sk_test_standin" or "Bearer sk_live_standin"))
            {
                return (401, Error("invalid_request_error", null));
            }

            var body = $"{request.Path}?{string.Join('&', request.Fields.OrderBy(field => field.Key, StringComparer.Ordinal))}";
            if (request.Key is { } key && remembered.TryGetValue(key, out var earlier))
            {
                return earlier.Body == body ? (earlier.Status, earlier.Answer) : (400, Error("idempotency_error", null));
            }

            var (status, answer) = Do(request);
            if (request.Key is not null)
            {
                remembered[request.Key] = (body, status, answer);
            }

            return (status, answer);
        }
        finally
        {
            one.Release();
        }
    }

    private (int Status, string Answer) Do(StripeRequest request)
    {
        var parts = request.Path.Split('/', StringSplitOptions.RemoveEmptyEntries)[1..];
        return (request.Method, parts) switch
        {
            ("POST", ["checkout", "sessions"]) => Ok(NewSession(request.Fields)),
            ("POST", ["payment_intents"]) => Intent(request.Fields),
            ("POST", ["payment_intents", var id, "cancel"]) => Cancel(id),
            ("GET", ["payment_intents"]) => Ok(List(All("payment_intent").Where(intent => (string?)intent["customer"] == request.Fields["customer"]), request.Fields)),
            ("POST", ["customers"]) => Ok(Keep("customer", new JsonObject { ["id"] = NewId("cus") })),
            ("GET", ["customers", var id, "payment_methods"]) => things.ContainsKey(id) ? Ok(List(All("payment_method").Where(card => (string?)card["customer"] == id), request.Fields)) : Missing("customer"),
            ("POST", ["payment_methods", var id, "detach"]) => Detach(id),
            ("POST", ["refunds"]) => Refund(request.Fields),
            ("GET", ["refunds" or "disputes"]) => Ok(List(All(parts[0][..^1]).Where(thing => (string?)thing["payment_intent"] == request.Fields["payment_intent"]), request.Fields)),
            ("GET", ["payment_intents", var id]) => things.TryGetValue(id, out var intent) ? Ok(Expanded(intent, request.Fields)) : Missing("intent"),
            ("GET", [.., var id]) => things.TryGetValue(id, out var thing) ? Ok(thing) : Missing("id"),
            _ => (404, Error("invalid_request_error", null)),
        };
    }

    private JsonObject NewSession(IReadOnlyDictionary<string, string> fields)
    {
        var isSetup = fields["mode"] == "setup";
        var id = NewId("cs_test");
        return Keep("checkout.session", new JsonObject
        {
            ["id"] = id,
            ["mode"] = fields["mode"],
            ["status"] = "open",
            ["payment_status"] = isSetup ? "no_payment_required" : "unpaid",
            ["amount_total"] = isSetup ? null : Number(fields["line_items[0][price_data][unit_amount]"]) * Number(fields["line_items[0][quantity]"]),
            ["currency"] = fields.GetValueOrDefault("line_items[0][price_data][currency]"),
            ["client_reference_id"] = fields.GetValueOrDefault("client_reference_id"),
            ["customer"] = fields.GetValueOrDefault("customer"),
            ["metadata"] = Metadata(fields),
            ["payment_intent"] = null,
            ["url"] = $"https://checkout.stripe.example/c/pay/{id}",
            ["expires_at"] = Number(fields["expires_at"]),
            ["success_url"] = fields["success_url"],
            ["cancel_url"] = fields["cancel_url"],
        });
    }

    private (int Status, string Answer) Intent(IReadOnlyDictionary<string, string> fields)
    {
        if (fields.GetValueOrDefault("confirm") is not "true")
        {
            return Ok(NewIntent(fields));
        }

        if (!things.ContainsKey(fields["customer"]) || !things.TryGetValue(fields["payment_method"], out var card) || (string?)card["customer"] != fields["customer"])
        {
            return Missing("payment_method");
        }

        var intent = NewIntent(fields);
        switch (fields["payment_method"])
        {
            case PoorCard:
                intent["status"] = "requires_payment_method";
                intent["last_payment_error"] = new JsonObject { ["type"] = "card_error", ["code"] = "card_declined", ["decline_code"] = "insufficient_funds" };
                return (402, Error("card_error", "card_declined", "insufficient_funds", intent));
            case AskingCard:
                intent["status"] = "requires_payment_method";
                return (402, Error("card_error", "authentication_required", "authentication_required", intent));
            default:
                intent["status"] = "succeeded";
                return Ok(intent);
        }
    }

    private JsonObject NewIntent(IReadOnlyDictionary<string, string> fields)
    {
        var id = NewId("pi");
        return Keep("payment_intent", new JsonObject
        {
            ["id"] = id,
            ["amount"] = Number(fields["amount"]),
            ["currency"] = "usd",
            ["customer"] = fields.GetValueOrDefault("customer"),
            ["metadata"] = Metadata(fields),
            ["status"] = "requires_payment_method",
            ["client_secret"] = $"{id}_secret_1",
            ["last_payment_error"] = null,
        });
    }

    private (int Status, string Answer) Cancel(string id)
    {
        if (!things.TryGetValue(id, out var intent))
        {
            return Missing("intent");
        }

        if ((string?)intent["status"] is "succeeded" or "processing" or "canceled")
        {
            return (400, Error("invalid_request_error", "payment_intent_unexpected_state", intent: intent));
        }

        intent["status"] = "canceled";
        return Ok(intent);
    }

    private (int Status, string Answer) Detach(string id)
    {
        if (!things.TryGetValue(id, out var card) || card["customer"] is null)
        {
            return (400, Error("invalid_request_error", null));
        }

        card["customer"] = null;
        return Ok(card);
    }

    private (int Status, string Answer) Refund(IReadOnlyDictionary<string, string> fields)
    {
        if (!things.TryGetValue(fields["payment_intent"], out var intent))
        {
            return Missing("payment_intent");
        }

        var refunded = All("refund").Where(refund => (string?)refund["payment_intent"] == fields["payment_intent"]).Sum(refund => (long)refund["amount"]!);
        return refunded + Number(fields["amount"]) > (long)intent["amount"]!
            ? (400, Error("invalid_request_error", "charge_already_refunded"))
            : Ok(Keep("refund", new JsonObject
            {
                ["id"] = NewId("re"),
                ["amount"] = Number(fields["amount"]),
                ["payment_intent"] = fields["payment_intent"],
                ["metadata"] = Metadata(fields),
                ["status"] = "succeeded",
            }));
    }

    private JsonObject Expanded(JsonObject intent, IReadOnlyDictionary<string, string> fields)
    {
        var answer = (JsonObject)intent.DeepClone();
        if (fields.Values.Contains("latest_charge") && (string?)intent["status"] == "succeeded")
        {
            var isOfIntent = (JsonObject thing) => (string?)thing["payment_intent"] == (string?)intent["id"];
            answer["latest_charge"] = new JsonObject
            {
                ["object"] = "charge",
                ["amount_refunded"] = All("refund").Where(isOfIntent).Sum(refund => (long)refund["amount"]!),
                ["disputed"] = All("dispute").Any(isOfIntent),
            };
        }

        return answer;
    }

    private static JsonObject List(IEnumerable<JsonObject> items, IReadOnlyDictionary<string, string> fields)
    {
        // Newest first, as Stripe lists.
        var after = items.OrderByDescending(item => (string)item["id"]!, StringComparer.Ordinal)
            .Where(item => fields.GetValueOrDefault("starting_after") is not { } id || string.CompareOrdinal((string)item["id"]!, id) < 0).ToList();
        var limit = (int)Number(fields["limit"]);
        return new JsonObject { ["object"] = "list", ["data"] = new JsonArray([.. after.Take(limit).Select(item => item.DeepClone())]), ["has_more"] = after.Count > limit };
    }

    private JsonObject Keep(string kind, JsonObject thing)
    {
        (thing["object"], thing["livemode"]) = (kind, IsLive);
        things[(string)thing["id"]!] = thing;
        return thing;
    }

    private string NewId(string prefix) => $"{prefix}_{stamp}{Interlocked.Increment(ref last):D8}";

    private static long Number(string text) => long.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static JsonObject Metadata(IReadOnlyDictionary<string, string> fields) => new(fields
        .Where(field => field.Key.StartsWith("metadata[", StringComparison.Ordinal))
        .Select(field => KeyValuePair.Create(field.Key[9..^1], (JsonNode?)field.Value)));

    private static (int Status, string Answer) Ok(JsonObject thing) => (200, thing.ToJsonString());

    private static (int Status, string Answer) Missing(string parameter) => (404, new JsonObject
    {
        ["error"] = new JsonObject { ["type"] = "invalid_request_error", ["code"] = "resource_missing", ["param"] = parameter, ["message"] = "No such thing: sk_test_standin" },
    }.ToJsonString());

    private static string Error(string type, string? code, string? decline = null, JsonObject? intent = null) => new JsonObject
    {
        ["error"] = new JsonObject { ["type"] = type, ["code"] = code, ["decline_code"] = decline, ["message"] = "Your key sk_test_standin may be in here.", ["payment_intent"] = intent?.DeepClone() },
    }.ToJsonString();
}

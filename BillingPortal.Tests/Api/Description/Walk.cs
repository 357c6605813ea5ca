using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using BillingPortal.Ledger;
using BillingPortal.Notifications;
using BillingPortal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Api.Description;

/// <summary>Somebody who has one of everything, and a call of each operation that works on it.</summary>
/// <remarks>The calls are the description's own examples, with the names of things that exist.</remarks>
internal sealed class Walk
{
    private readonly Site site;
    private readonly Dictionary<string, string> things = new(StringComparer.Ordinal);

    private Walk(Site site, Person owner, HttpClient user, ApiDocument document)
    {
        (this.site, Owner, User, Document) = (site, owner, user, document);
    }

    /// <summary>Owner of an organization on a plan with all there is, and a platform administrator.</summary>
    public Person Owner { get; }

    public HttpClient User { get; }

    public ApiDocument Document { get; }

    /// <summary>Ids of what this person has, by what it is.</summary>
    public IReadOnlyDictionary<string, string> Things => things;

    public static async Task<Walk> StartAsync(Site site)
    {
        var owner = await site.SignUpAsync(administrator: true, plan: "pro");
        await site.GiveAsync(owner, 5_000, BucketKind.Purchased);
        var walk = new Walk(site, owner, await site.NewUserClientAsync(owner), await ApiDocument.ReadAsync(site));
        await walk.MakeAsync("grant", "api/flows/admin/grant", $$"""{ "userEmail": "{{owner.Email}}", "amount": 900 }""", "transactionId");
        var friend = await site.SignUpAsync();
        walk.things["friend"] = friend.Email;
        walk.things["month"] = TimeProvider.System.GetUtcNow().ToString("yyyy-MM", CultureInfo.InvariantCulture);
        await walk.MakeAsync("key", "v1/keys/generate", """{ "name": "walk" }""", "id");
        await walk.MakeAsync("post", "api/posts", """{ "channelId": "c", "content": "Hello" }""", "id");
        await walk.MakeAsync("webhook", "v1/webhooks", """{ "url": "https://hooks.example.com/billing", "events": ["webhook.test"] }""", "id");
        await walk.MakeAsync("delivery", $"v1/webhooks/{walk.things["webhook"]}/test", "{}", "deliveryId");
        await walk.MakeAsync("number", "api/v1/numbers", $$"""{ "number": "{{NewNumber()}}" }""", "id");
        (walk.things["payment"], walk.things["invoice"], walk.things["note"]) = await Purchases.SettledPurchase.WithCreditNoteAsync(site, owner);
        await site.Services.GetRequiredService<NotificationDispatch>().TellDueAsync(TestContext.Current.CancellationToken);
        var told = await walk.User.GetFromJsonAsync<JsonObject>("api/v1/notifications", TestContext.Current.CancellationToken);
        walk.things["notification"] = (string)told!["data"]![0]!["id"]!;
        return walk;
    }

    /// <summary>A call of an operation that works; anew each time, as some things can be used up.</summary>
    /// <param name="operation">Of the description.</param>
    /// <param name="missing">Whether it names things that do not exist instead.</param>
    public async Task<HttpRequestMessage> CallAsync(DescribedOperation operation, bool missing = false)
    {
        if (!missing)
        {
            await RefreshAsync(operation);
        }

        var path = operation.Path.TrimStart('/');
        foreach (var parameter in operation.Parameters("path"))
        {
            var name = (string)parameter["name"]!;
            path = path.Replace($"{{{name}}}", missing && name is not "month" ? Nobody(ThingOf(operation, name)) : things[ThingOf(operation, name)], StringComparison.Ordinal);
        }

        path += operation.Path switch
        {
            "/api/v1/billing/subscription/preview" => "?planId=team",
            "/api/v1/billing/wallet/auto-reload/rehearsal" => "?thresholdUsd=20&amountUsd=50",
            _ => "",
        };

        var call = new HttpRequestMessage(HttpMethod.Parse(operation.Method), path);
        if (operation.RequestExample is { } example)
        {
            call.Content = new StringContent(Adapt(operation, JsonNode.Parse(example)!.AsObject(), missing).ToJsonString(), Encoding.UTF8, "application/json");
        }

        return call;
    }

    /// <summary>Whether a call of the operation names something that belongs to somebody.</summary>
    public static bool NamesThings(DescribedOperation operation) =>
        operation.Parameters("path").Any(parameter => (string)parameter["name"]! is not "month")
        || operation.RequestExample?.Contains("\"key_id\"", StringComparison.Ordinal) == true;

    private JsonObject Adapt(DescribedOperation operation, JsonObject body, bool missing)
    {
        switch (operation.Name)
        {
            case "POST /api/auth/login":
                (body["email"], body["password"]) = (Owner.Email, Person.Password);
                break;
            case "POST /api/auth/refresh":
                body["refreshToken"] = things["refresh"];
                break;
            case "POST /api/v1/usage/events":
                body["id"] = Guid.NewGuid().ToString("N");
                body.Remove("occurredAt");
                break;
            case "POST /v1/keys/revoke" or "POST /v1/keys/rotate":
                body["key_id"] = missing ? Nobody("key") : things["key"];
                break;
            case "POST /api/flows/gift":
                body["recipientEmail"] = things["friend"];
                break;
            case "POST /api/flows/admin/grant":
                body["userEmail"] = things["friend"];
                break;
            case "POST /api/v1/numbers":
                body["number"] = NewNumber();
                break;
            case "POST /api/v1/billing/wallet/credit":
                body["reference"] = Guid.NewGuid().ToString("N");
                break;
            case "PUT /api/v1/billing/wallet/auto-reload":
                // Without a card on file it can only be set up, not switched on.
                body["enabled"] = false;
                break;
            case "POST /api/v1/billing/subscription":
                body["planId"] = "team";
                break;
        }

        return body;
    }

    /// <summary>What a call uses up is made again before it.</summary>
    private async Task RefreshAsync(DescribedOperation operation)
    {
        switch (operation.Path)
        {
            case "/api/auth/refresh":
                var tokens = await User.PostAsJsonAsync("api/auth/login", new { email = Owner.Email, password = Person.Password });
                things["refresh"] = (string)(await tokens.Content.ReadFromJsonAsync<JsonObject>())!["refreshToken"]!;
                break;
            case "/v1/keys/revoke" or "/v1/keys/rotate":
                await MakeAsync("key", "v1/keys/generate", """{ "name": "walk" }""", "id");
                break;
            case "/v1/webhooks/{id}" when operation.Method is "DELETE":
                await MakeAsync("removed webhook", "v1/webhooks", """{ "url": "https://hooks.example.com/billing", "events": ["webhook.test"] }""", "id");
                break;
            case "/v1/webhooks/{id}/deliveries/{deliveryId}/resend":
                await MakeAsync("delivery", $"v1/webhooks/{things["webhook"]}/test", "{}", "deliveryId");
                break;
            case "/api/v1/numbers/{id}":
                await MakeAsync("number", "api/v1/numbers", $$"""{ "number": "{{NewNumber()}}" }""", "id");
                break;
            case { } path when path.StartsWith("/api/v1/holds/{id}", StringComparison.Ordinal):
                await MakeAsync("hold", "api/v1/holds", """{ "operation": "image_to_html", "quantity": 10 }""", "id");
                break;
        }
    }

    private async Task MakeAsync(string thing, string path, string body, string idField)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await User.PostAsync(path, content, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {text}");
        things[thing] = (string)JsonNode.Parse(text)![idField]!;
    }

    private static string ThingOf(DescribedOperation operation, string parameter) => (operation.Path, parameter) switch
    {
        (_, "deliveryId") => "delivery",
        (_, "month") => "month",
        (_, "paymentId") => "payment",
        ("/api/v1/notifications/{id}/read", _) => "notification",
        ("/v1/webhooks/{id}", _) when operation.Method is "DELETE" => "removed webhook",
        var (path, _) when path.StartsWith("/api/posts", StringComparison.Ordinal) => "post",
        var (path, _) when path.StartsWith("/v1/webhooks", StringComparison.Ordinal) => "webhook",
        var (path, _) when path.StartsWith("/api/v1/holds", StringComparison.Ordinal) => "hold",
        var (path, _) when path.StartsWith("/api/v1/numbers", StringComparison.Ordinal) => "number",
        var (path, _) when path.StartsWith("/api/v1/billing/invoices", StringComparison.Ordinal) => "invoice",
        var (path, _) when path.StartsWith("/api/v1/billing/credit-notes", StringComparison.Ordinal) => "note",
        _ => throw new InvalidOperationException($"{operation} names something that this walk does not have: say what {parameter} is."),
    };

    private static string NewNumber() => $"+1415{Random.Shared.Next(1_000_000, 9_999_999)}";

    // As long as a real one, so that only its absence tells them apart.
    private string Nobody(string thing) => things.TryGetValue(thing, out var id) ? $"{id[..^6]}000000" : $"{thing}_0000000000000000000";
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using BillingPortal.Tests.Subscriptions;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Api;

public abstract class SubscriptionEndpointTests<TEngine>(PlanShop<TEngine> plans) : IClassFixture<PlanShop<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private const string Path = "api/v1/billing/subscription";

    [Fact]
    public async Task The_subscription_reads_as_the_contract_says()
    {
        var (person, client) = await NewAsync("pro");
        using var _ = client;
        using var key = await plans.Shop.Site.NewKeyClientAsync(person, "billing:read");

        foreach (var reader in new[] { client, key })
        {
            var data = await DataAsync(await reader.GetAsync(Path, Cancel));
            Assert.Equal(("pro", 159m, 1500, 6.5m), (Text(data.GetProperty("plan"), "id"), Number(data.GetProperty("plan"), "monthlyPriceUsd"), (int)Number(data.GetProperty("plan"), "includedMinutes"), Number(data.GetProperty("plan"), "overageRate")));
            Assert.Equal(("active", 1m), (Text(data, "status"), Number(data, "seats")));
            Assert.Equal("2027-01-31T12:00:00.000Z", Text(data, "currentPeriodStart"));
            Assert.Equal("2027-02-28T12:00:00.000Z", Text(data, "currentPeriodEnd"));
            Assert.False(data.GetProperty("cancelAtPeriodEnd").GetBoolean());
        }
    }

    [Fact]
    public async Task A_change_that_must_be_paid_gives_an_address_and_the_same_answer_for_the_same_key()
    {
        var (person, client) = await NewAsync(null);
        using var _ = client;

        var first = await PostAsync(client, """{"planId":"lite","interval":"monthly"}""", "change-1");
        var again = await PostAsync(client, """{"planId":"lite","interval":"monthly"}""", "change-1");
        var other = await PostAsync(client, """{"planId":"pro"}""", "change-1");

        var body = await first.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("/sandbox/checkout/", (await DataAsync(first)).GetProperty("url").GetString(), StringComparison.Ordinal);
        Assert.Equal(body, await again.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("true", again.Headers.GetValues("Idempotent-Replayed").Single());
        Assert.Equal(HttpStatusCode.UnprocessableEntity, other.StatusCode);
        Assert.Single(await plans.PaymentsAsync(person.Caller));
    }

    [Fact]
    public async Task Lesser_plans_are_scheduled_called_off_and_canceled()
    {
        var (_, client) = await NewAsync("pro");
        using var _ = client;

        var scheduled = await DataAsync(await PostAsync(client, """{"planId":"lite"}"""));
        var resumed = await DataAsync(await client.PostAsync($"{Path}/resume", null, Cancel));
        var canceled = await DataAsync(await client.DeleteAsync(Path, Cancel));

        Assert.Equal(("pro", "lite"), (Text(scheduled.GetProperty("plan"), "id"), Text(scheduled, "pendingPlanId")));
        Assert.Equal(JsonValueKind.Null, resumed.GetProperty("pendingPlanId").ValueKind);
        Assert.True(canceled.GetProperty("cancelAtPeriodEnd").GetBoolean());
    }

    [Fact]
    public async Task A_preview_says_what_is_due_and_what_comes_next()
    {
        var (person, first) = await NewAsync("starter");
        first.Dispose();
        plans.Clock.Now = PlanShop<TEngine>.Start.AddDays(14);
        using var client = await plans.Shop.Site.NewUserClientAsync(person);

        var data = await DataAsync(await client.GetAsync($"{Path}/preview?planId=pro", Cancel));
        var seats = await DataAsync(await client.GetAsync($"{Path}/preview?planId=team&interval=yearly&seats=4", Cancel));

        Assert.Equal(("upgrade", "now", 139.5m, 40_000m), (Text(data, "change"), Text(data, "timing"), Number(data, "dueTodayUsd"), Number(data, "creditsGained")));
        Assert.Equal([159m, -19.5m], data.GetProperty("lines").EnumerateArray().Select(line => Number(line, "amountUsd")));
        Assert.Equal(159m, Number(data.GetProperty("nextInvoice"), "amountUsd"));
        Assert.Equal(8_340.5m, Number(seats, "dueTodayUsd"));
    }

    [Theory]
    [InlineData("""{"planId":"platinum"}""", HttpStatusCode.BadRequest, "INVALID_PLAN")]
    [InlineData("""{"planId":"team","seats":0}""", HttpStatusCode.BadRequest, "INVALID_REQUEST")]
    [InlineData("""{"planId":"team","seats":"two"}""", HttpStatusCode.BadRequest, "INVALID_REQUEST")]
    [InlineData("""{"planId":"lite","interval":"weekly"}""", HttpStatusCode.BadRequest, "INVALID_REQUEST")]
    [InlineData("""{"interval":"monthly"}""", HttpStatusCode.BadRequest, "INVALID_REQUEST")]
    public async Task What_cannot_be_is_refused_by_name(string body, HttpStatusCode status, string code)
    {
        var (person, client) = await NewAsync(null);
        using var _ = client;

        var answer = await PostAsync(client, body);

        Assert.Equal((status, code), (answer.StatusCode, await CodeAsync(answer)));
        Assert.Empty(await plans.PaymentsAsync(person.Caller));
    }

    [Fact]
    public async Task A_key_may_look_and_not_change()
    {
        var (person, client) = await NewAsync("lite");
        client.Dispose();
        using var key = await plans.Shop.Site.NewKeyClientAsync(person, "billing:read", "usage:write");
        using var blind = await plans.Shop.Site.NewKeyClientAsync(person, "usage:write");
        using var nobody = plans.Shop.Site.NewClient();

        Assert.Equal("DASHBOARD_SESSION_REQUIRED", await CodeAsync(await PostAsync(key, """{"planId":"pro"}""")));
        Assert.Equal("DASHBOARD_SESSION_REQUIRED", await CodeAsync(await key.DeleteAsync(Path, Cancel)));
        Assert.Equal("DASHBOARD_SESSION_REQUIRED", await CodeAsync(await key.PostAsync($"{Path}/resume", null, Cancel)));
        Assert.Equal("MISSING_SCOPE", await CodeAsync(await blind.GetAsync(Path, Cancel)));
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.GetAsync(Path, Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync(nobody, """{"planId":"pro"}""")).StatusCode);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private async Task<(Person Person, HttpClient Client)> NewAsync(string? plan)
    {
        plans.Clock.Now = PlanShop<TEngine>.Start;
        var person = await plans.Shop.Site.SignUpAsync();
        if (plan is not null)
        {
            await plans.ChangeAsync(person.Caller, plan);
        }

        return (person, await plans.Shop.Site.NewUserClientAsync(person));
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, string json, string? key = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json") };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return client.SendAsync(request, Cancel);
    }

    private static async Task<JsonElement> DataAsync(HttpResponseMessage answer)
    {
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.True(answer.IsSuccessStatusCode, body.ToString());
        Assert.True(body.GetProperty("success").GetBoolean());
        return body.GetProperty("data");
    }

    private static async Task<string?> CodeAsync(HttpResponseMessage answer) =>
        (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("code").GetString();

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private static decimal Number(JsonElement element, string name) => element.GetProperty(name).GetDecimal();
}

public sealed class SubscriptionEndpointTestsOnSqlite(PlanShop<SqliteEngine> plans) : SubscriptionEndpointTests<SqliteEngine>(plans);

public sealed class SubscriptionEndpointTestsOnPostgres(PlanShop<PostgresEngine> plans) : SubscriptionEndpointTests<PostgresEngine>(plans);

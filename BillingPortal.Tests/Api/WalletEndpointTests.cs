using System.Net;
using System.Text;
using System.Text.Json;
using BillingPortal.Tests.Purchases;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Api;

public abstract class WalletEndpointTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private const string TopUp = "api/v1/billing/wallet/topup";
    private const string AutoReload = "api/v1/billing/wallet/auto-reload";

    [Fact]
    public async Task Ten_dollars_are_a_thousand_credits_once_they_are_paid_and_never_before()
    {
        await using var shop = Shop.Open(store.Database);
        var person = await shop.NewPersonAsync("free");
        using var client = await shop.Site.NewUserClientAsync(person);

        var (status, body) = await SendAsync(client, HttpMethod.Post, TopUp, """{"amountUsd":10,"credits":999999,"organizationId":"org_other"}""", "k");
        var again = await SendAsync(client, HttpMethod.Post, TopUp, """{"amountUsd":10,"credits":999999,"organizationId":"org_other"}""", "k");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.True(body.GetProperty("success").GetBoolean());
        Assert.Equal(body.GetRawText(), again.Body.GetRawText());
        var data = body.GetProperty("data");
        Assert.Matches("^pi_.+_secret_.+$", data.GetProperty("clientSecret").GetString());
        var paymentId = data.GetProperty("paymentId").GetString()!;
        Assert.Equal($"{shop.Site.Address}billing/payments/{paymentId}", data.GetProperty("url").GetString());
        Assert.Equal(0m, await shop.PurchasedAsync(person.Caller));

        await shop.SendAsync($$$"""
            { "id": "evt_{{{Guid.NewGuid():N}}}", "object": "event", "type": "payment_intent.succeeded", "livemode": false, "data": { "object": {
              "id": "{{{data.GetProperty("clientSecret").GetString()!.Split("_secret_")[0]}}}", "object": "payment_intent", "amount": 1000, "currency": "usd",
              "livemode": false, "status": "succeeded", "metadata": { "payment_id": "{{{paymentId}}}" } } } }
            """);
        Assert.Equal(1000m, await shop.PurchasedAsync(person.Caller));
    }

    [Fact]
    public async Task Keys_may_look_and_neither_top_up_nor_set_a_rule()
    {
        await using var shop = Shop.Open(store.Database);
        using var client = await shop.Site.NewKeyClientAsync(await shop.NewPersonAsync());

        var topUp = await SendAsync(client, HttpMethod.Post, TopUp, """{"amountUsd":10}""");
        var rule = await SendAsync(client, HttpMethod.Put, AutoReload, """{"enabled":true,"thresholdUsd":20,"amountUsd":50}""");
        var look = await SendAsync(client, HttpMethod.Get, AutoReload, null);

        foreach (var (status, body) in new[] { topUp, rule })
        {
            Assert.Equal((HttpStatusCode.Forbidden, "DASHBOARD_SESSION_REQUIRED"), (status, body.GetProperty("code").GetString()));
            Assert.False(body.GetProperty("success").GetBoolean());
        }

        Assert.Equal((HttpStatusCode.OK, false), (look.Status, look.Body.GetProperty("data").GetProperty("enabled").GetBoolean()));
    }

    [Fact]
    public async Task Amounts_that_are_none_or_out_of_bounds_are_refused_by_name_and_change_nothing()
    {
        await using var shop = Shop.Open(store.Database);
        using var client = await shop.Site.NewUserClientAsync(await shop.NewPersonAsync());

        foreach (var amount in new[] { "0", "-5", "4.99", "10000.01", "10.001", "\"10\"", "1e30", "9007199254740993", "null", "[10]", "true" })
        {
            var (status, body) = await SendAsync(client, HttpMethod.Post, TopUp, $$"""{"amountUsd":{{amount}}}""");
            Assert.True(status is HttpStatusCode.BadRequest, $"{amount}: {status}");
            Assert.Equal("amountUsd", body.GetProperty("errors")[0].GetProperty("field").GetString());
        }

        foreach (var (rule, field) in new[]
        {
            ("""{"enabled":true}""", "thresholdUsd"), ("""{"enabled":true,"thresholdUsd":20}""", "amountUsd"), ("""{"enabled":true,"amountUsd":20}""", "thresholdUsd"),
            ("""{"enabled":true,"thresholdUsd":0,"amountUsd":50}""", "thresholdUsd"), ("""{"enabled":true,"thresholdUsd":20,"amountUsd":1}""", "amountUsd"),
            ("""{"enabled":true,"thresholdUsd":20,"amountUsd":50,"monthlyLimitUsd":49}""", "monthlyLimitUsd"), ("""{"enabled":"yes","thresholdUsd":20,"amountUsd":50}""", "enabled"),
        })
        {
            var (status, body) = await SendAsync(client, HttpMethod.Put, AutoReload, rule);
            Assert.Equal((HttpStatusCode.BadRequest, field), (status, body.GetProperty("errors")[0].GetProperty("field").GetString()));
        }

        Assert.Equal(JsonValueKind.Null, (await SendAsync(client, HttpMethod.Get, AutoReload, null)).Body.GetProperty("data").GetProperty("thresholdUsd").ValueKind);
    }

    [Fact]
    public async Task The_wallet_shows_the_rule_and_a_reload_shows_among_the_attempts()
    {
        await using var shop = Shop.Open(store.Database);
        var person = await shop.NewPersonAsync();
        await shop.SaveCardAsync(person.Caller);
        using var client = await shop.Site.NewUserClientAsync(person);

        await shop.LeaveAsync(person.Caller, 2000);
        var (status, saved) = await SendAsync(client, HttpMethod.Put, AutoReload, """{"enabled":true,"thresholdUsd":20.5,"amountUsd":50,"monthlyLimitUsd":200}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("4242", saved.GetProperty("data").GetProperty("card").GetProperty("last4").GetString());
        await Eventually.TrueAsync(async () => await shop.PurchasedAsync(person.Caller) == 5000m);

        var wallet = (await SendAsync(client, HttpMethod.Get, "api/v1/billing/wallet", null)).Body.GetProperty("data");
        Assert.Equal(
            (true, 20.5m, 50m, 70m),
            (wallet.GetProperty("autoReloadEnabled").GetBoolean(), wallet.GetProperty("autoReloadThresholdUsd").GetDecimal(),
                wallet.GetProperty("autoReloadAmountUsd").GetDecimal(), wallet.GetProperty("balanceUsd").GetDecimal()));
        var attempts = (await SendAsync(client, HttpMethod.Get, $"{AutoReload}/attempts?limit=1", null)).Body;
        Assert.Equal("succeeded", attempts.GetProperty("data")[0].GetProperty("state").GetString());

        var (_, off) = await SendAsync(client, HttpMethod.Put, AutoReload, """{"enabled":false}""");
        Assert.Equal((false, 20.5m), (off.GetProperty("data").GetProperty("enabled").GetBoolean(), off.GetProperty("data").GetProperty("thresholdUsd").GetDecimal()));
    }

    private static async Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(HttpClient client, HttpMethod method, string path, string? json, string? key = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        }

        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return (response.StatusCode, body.RootElement.Clone());
    }
}

public sealed class WalletEndpointTestsOnSqlite(StoreFixture<SqliteEngine> store) : WalletEndpointTests<SqliteEngine>(store);

public sealed class WalletEndpointTestsOnPostgres(StoreFixture<PostgresEngine> store) : WalletEndpointTests<PostgresEngine>(store);

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using BillingPortal.Access;
using BillingPortal.Tests.Purchases;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Api;

public abstract class PurchaseEndpointTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private const string Path = "api/v1/credits/purchase";

    [Fact]
    public async Task A_key_gets_the_address_to_pay_at_and_the_pack_as_the_contract_has_it()
    {
        await using var shop = Shop.Open(store.Database);
        var person = await shop.NewPersonAsync();
        using var client = await shop.Site.NewKeyClientAsync(person, Scopes.BillingRead);

        var (status, body, _) = await PostAsync(client, """{"pack":"credits_5000","price":1}""");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.StartsWith($"{shop.Site.Address}sandbox/checkout/", body.GetProperty("url").GetString(), StringComparison.Ordinal);
        Assert.Equal("""{"id":"credits_5000","name":"Growth Pack","credits":5000,"price":"$39"}""", body.GetProperty("pack").GetRawText());
        Assert.Equal(3900, (await shop.PaymentAsync(person.Caller, body.GetProperty("paymentId").GetString()!)).Amount.Cents);
    }

    [Fact]
    public async Task The_address_to_pay_at_is_never_what_the_request_says()
    {
        await using var shop = Shop.Open(store.Database);
        var person = await shop.NewPersonAsync();
        using var client = await shop.Site.NewKeyClientAsync(person);
        client.DefaultRequestHeaders.Host = "evil.example";
        client.DefaultRequestHeaders.Add("X-Forwarded-Host", "evil.example");
        client.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");

        var (_, body, _) = await PostAsync(client, """{"pack":"credits_5000"}""");

        var url = body.GetProperty("url").GetString()!;
        Assert.StartsWith(shop.Site.Address.ToString(), url, StringComparison.Ordinal);
        var page = await shop.Sandbox.FindAsync(url[(url.LastIndexOf('/') + 1)..], TestContext.Current.CancellationToken);
        Assert.StartsWith(shop.Site.Address.ToString(), page!.SuccessUrl, StringComparison.Ordinal);
        Assert.StartsWith(shop.Site.Address.ToString(), page.CancelUrl, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signed_in_person_may_buy_too()
    {
        await using var shop = Shop.Open(store.Database);
        using var client = await shop.Site.NewUserClientAsync(await shop.NewPersonAsync());

        Assert.Equal(HttpStatusCode.OK, (await PostAsync(client, """{"pack":"credits_1000"}""")).Status);
    }

    [Fact]
    public async Task The_same_idempotency_key_gives_the_same_answer_byte_for_byte()
    {
        await using var shop = Shop.Open(store.Database);
        using var client = await shop.Site.NewKeyClientAsync(await shop.NewPersonAsync());

        var first = await PostAsync(client, """{"pack":"credits_1000"}""", "k-1");
        var again = await PostAsync(client, """{"pack":"credits_1000"}""", "k-1");
        var other = await PostAsync(client, """{"pack":"credits_5000"}""", "k-1");

        Assert.Equal(first.Body.GetRawText(), again.Body.GetRawText());
        Assert.Equal((false, true), (first.IsReplay, again.IsReplay));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "IDEMPOTENCY_KEY_REUSED"), (other.Status, Code(other.Body)));
    }

    [Theory]
    [InlineData("""{"pack":"credits_7"}""", "INVALID_PACK", "pack")]
    [InlineData("""{"pack":""}""", "INVALID_PACK", "pack")]
    [InlineData("""{}""", "INVALID_REQUEST", "pack")]
    [InlineData("""{"pack":null}""", "INVALID_REQUEST", "pack")]
    [InlineData("""{"pack":5000}""", "INVALID_REQUEST", "pack")]
    [InlineData("""{"pack":["credits_5000"]}""", "INVALID_REQUEST", "pack")]
    [InlineData("""{"pack":"credits_5000""", "INVALID_REQUEST", null)]
    [InlineData("""[]""", "INVALID_REQUEST", null)]
    public async Task What_is_no_pack_is_refused_naming_the_field(string body, string code, string? field)
    {
        await using var shop = Shop.Open(store.Database);
        var person = await shop.NewPersonAsync();
        using var client = await shop.Site.NewKeyClientAsync(person);

        var (status, answer, _) = await PostAsync(client, body);

        Assert.Equal((HttpStatusCode.BadRequest, code), (status, Code(answer)));
        Assert.Equal(field, answer.TryGetProperty("field", out var named) ? named.GetString() : null);
        Assert.Empty(await shop.Tracker.ListOpenAsync(person.Caller, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_free_plan_is_told_to_upgrade()
    {
        await using var shop = Shop.Open(store.Database);
        using var client = await shop.Site.NewUserClientAsync(await shop.NewPersonAsync("free"));

        var (status, body, _) = await PostAsync(client, """{"pack":"credits_5000"}""");

        Assert.Equal((HttpStatusCode.Forbidden, "UPGRADE_REQUIRED"), (status, Code(body)));
        Assert.True(body.GetProperty("upgrade").GetBoolean());
        Assert.False(string.IsNullOrEmpty(body.GetProperty("error").GetString()));
    }

    [Fact]
    public async Task Past_the_limit_the_answer_says_when_there_is_room_again()
    {
        await using var shop = Shop.Open(store.Database);
        var person = await shop.NewPersonAsync();
        using var client = await shop.Site.NewKeyClientAsync(person);
        for (var i = 0; i < 3; i++)
        {
            await shop.BuyAsync(person.Caller);
        }

        var (status, body, _) = await PostAsync(client, """{"pack":"credits_5000"}""");

        Assert.Equal((HttpStatusCode.TooManyRequests, "PACK_LIMIT_REACHED"), (status, Code(body)));
        Assert.Matches("^[0-9-]{10}T[0-9:]{8}\\.[0-9]{3}Z$", body.GetProperty("nextAvailableAt").GetString());
    }

    [Fact]
    public async Task Without_credentials_or_scope_nothing_is_ordered()
    {
        await using var shop = Shop.Open(store.Database);
        var person = await shop.NewPersonAsync();
        using var nobody = shop.Site.NewClient();
        using var meter = await shop.Site.NewKeyClientAsync(person, Scopes.UsageWrite);

        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync(nobody, """{"pack":"credits_5000"}""")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await PostAsync(meter, """{"pack":"credits_5000"}""")).Status);
        Assert.Empty(await shop.Tracker.ListOpenAsync(person.Caller, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_form_of_the_buy_page_wants_a_session_and_its_own_token()
    {
        await using var shop = Shop.Open(store.Database);
        using var nobody = shop.Site.NewClient();
        using var client = await shop.Site.NewUserClientAsync(await shop.NewPersonAsync());
        Dictionary<string, string> form = new() { ["pack"] = "credits_5000", ["idempotencyKey"] = "k" };

        using var unknown = await nobody.PostAsync("billing/checkout", new FormUrlEncodedContent(form), TestContext.Current.CancellationToken);
        using var tokenless = await client.PostAsync("billing/checkout", new FormUrlEncodedContent(form), TestContext.Current.CancellationToken);

        Assert.Contains("/Account/Login", unknown.Headers.Location?.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, tokenless.StatusCode);
    }

    private static string? Code(JsonElement body) => body.GetProperty("code").GetString();

    private static async Task<(HttpStatusCode Status, JsonElement Body, bool IsReplay)> PostAsync(HttpClient client, string body, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        return (response.StatusCode, answer, response.Headers.Contains("Idempotent-Replayed"));
    }
}

public sealed class PurchaseEndpointTestsOnSqlite(StoreFixture<SqliteEngine> store) : PurchaseEndpointTests<SqliteEngine>(store);

public sealed class PurchaseEndpointTestsOnPostgres(StoreFixture<PostgresEngine> store) : PurchaseEndpointTests<PostgresEngine>(store);

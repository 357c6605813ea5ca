using System.Text.Json;
using BillingPortal.Access;
using BillingPortal.Tests.Api;
using BillingPortal.Tests.Gifting;
using BillingPortal.Tests.Metering;
using BillingPortal.Tests.Support;
using BillingPortal.Webhooks;

namespace BillingPortal.Tests.Webhooks;

/// <summary>Endpoints over HTTP: adding, changing, removing, and who may.</summary>
public abstract class WebhookEndpointTests<TEngine>(MeteredSite<TEngine> portal) : IClassFixture<MeteredSite<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private const string Url = "https://hooks.example.com/flow?a=b";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_endpoint_is_added_with_a_secret_that_is_shown_this_once()
    {
        var customer = await portal.NewCustomerAsync();

        var added = await customer.PostAsync("v1/webhooks", new { url = Url, events = new[] { "flow.gift_received", "post.created" } });
        var list = await customer.GetAsync("v1/webhooks");
        var found = await customer.GetAsync($"v1/webhooks/{added.Text("id")}");

        Assert.Equal(200, added.Status);
        Assert.StartsWith("webhook_", added.Text("id"), StringComparison.Ordinal);
        Assert.Matches("^whsec_[A-Za-z0-9+/=]{44}$", added.Text("secret"));
        Assert.Equal((Url, true), (added.Text("url"), added["active"].GetBoolean()));
        Assert.Equal(["flow.gift_received", "post.created"], added["events"].EnumerateArray().Select(type => type.GetString()));
        Assert.Equal(portal.Clock.Now.ToUnixTimeMilliseconds(), added["createdAt"].GetInt64());
        Assert.NotEmpty(added.Text("userId")!);
        Assert.Equal(1, list["count"].GetInt32());
        Assert.DoesNotContain("whsec_", list.Body.GetRawText() + found.Body.GetRawText(), StringComparison.Ordinal);
        await using var db = await portal.ConnectAsync();
        await using var command = db.CreateCommand();
        command.CommandText = $"SELECT secret FROM webhook_endpoints WHERE id = '{added.Text("id")}'";
        Assert.DoesNotContain(added.Text("secret")!["whsec_".Length..], (string)(await command.ExecuteScalarAsync(Ct))!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://hooks.example.com/")]
    [InlineData("ftp://hooks.example.com/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://hooks.example.com/")]
    [InlineData("//hooks.example.com/")]
    [InlineData("/relative")]
    [InlineData("https://user:password@hooks.example.com/")]
    [InlineData("https://hooks.example.com:22/")]
    [InlineData("https://localhost/")]
    [InlineData("https://LOCALHOST./")]
    [InlineData("https://a.localhost/")]
    [InlineData("https://db.internal/")]
    [InlineData("https://printer.local/")]
    [InlineData("https://intranet/")]
    [InlineData("https://127.0.0.1/")]
    [InlineData("https://127.1/")]
    [InlineData("https://127.255.255.254/")]
    [InlineData("https://2130706433/")]
    [InlineData("https://0x7f000001/")]
    [InlineData("https://0x7f.0.0.1/")]
    [InlineData("https://017700000001/")]
    [InlineData("https://0177.0.0.01/")]
    [InlineData("https://127.0.0.1./")]
    [InlineData("https://\uFF11\uFF12\uFF17.0.0.1/")]
    [InlineData("https://0.0.0.0/")]
    [InlineData("https://[::1]/")]
    [InlineData("https://[::]/")]
    [InlineData("https://[0:0:0:0:0:ffff:7f00:1]/")]
    [InlineData("https://[::ffff:127.0.0.1]/")]
    [InlineData("https://[::ffff:169.254.169.254]/")]
    [InlineData("https://[::127.0.0.1]/")]
    [InlineData("https://[64:ff9b::7f00:1]/")]
    [InlineData("https://[2002:7f00:1::]/")]
    [InlineData("https://[fe80::1]/")]
    [InlineData("https://[fd00::1]/")]
    [InlineData("https://[fec0::1]/")]
    [InlineData("https://10.1.2.3/")]
    [InlineData("https://172.16.0.1/")]
    [InlineData("https://172.31.255.255/")]
    [InlineData("https://192.168.1.1/")]
    [InlineData("https://169.254.169.254/latest/meta-data/")]
    [InlineData("https://100.64.0.1/")]
    [InlineData("https://198.18.0.1/")]
    [InlineData("https://224.0.0.1/")]
    [InlineData("https://255.255.255.255/")]
    public async Task An_address_inside_or_of_another_kind_is_refused(string url)
    {
        var customer = await portal.NewCustomerAsync();

        var refused = await customer.PostAsync("v1/webhooks", new { url, events = new[] { "*" } });

        Assert.Equal((400, "url"), (refused.Status, refused.Text("field")));
        Assert.Equal(0, (await customer.GetAsync("v1/webhooks"))["count"].GetInt32());
    }

    [Theory]
    [InlineData("""{"url":"https://hooks.example.com/"}""", "events")]
    [InlineData("""{"events":["*"]}""", "url")]
    [InlineData("""{"url":"https://hooks.example.com/","events":[]}""", "events")]
    [InlineData("""{"url":"https://hooks.example.com/","events":["nothing"]}""", "events")]
    [InlineData("""{"url":7,"events":["*"]}""", "url")]
    public async Task An_endpoint_that_cannot_be_names_the_field(string body, string field)
    {
        var customer = await portal.NewCustomerAsync();

        var refused = await customer.Client.PostAsync("v1/webhooks", body, null);

        Assert.Equal((400, field), (refused.Status, refused.Json.GetProperty("field").GetString()));
    }

    [Fact]
    public async Task An_endpoint_is_changed_paused_and_removed()
    {
        var customer = await portal.NewCustomerAsync();
        var id = (await customer.PostAsync("v1/webhooks", new { url = Url, events = new[] { "*" } })).Text("id");

        var moved = await PatchAsync(customer, id, new { url = "https://other.example.com/", events = new[] { "post.created" } });
        var paused = await PatchAsync(customer, id, new { active = false });
        var resumed = await PatchAsync(customer, id, new { active = true });
        var inside = await PatchAsync(customer, id, new { url = "https://10.0.0.1/" });
        using var removed = await customer.Client.DeleteAsync($"v1/webhooks/{id}", Ct);

        Assert.Equal(("https://other.example.com/", "post.created"), (moved.Text("url"), moved["events"][0].GetString()));
        Assert.Equal((false, "by_hand"), (paused["active"].GetBoolean(), paused.Text("pauseReason")));
        Assert.True(resumed["active"].GetBoolean());
        Assert.Equal(400, inside.Status);
        Assert.Equal(200, (int)removed.StatusCode);
        Assert.Equal("Webhook not found", (await customer.GetAsync($"v1/webhooks/{id}")).Text("error"));
    }

    [Fact]
    public async Task Nobody_reaches_anothers_endpoint()
    {
        var (customer, other) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync());
        var id = (await customer.PostAsync("v1/webhooks", new { url = Url, events = new[] { "*" } })).Text("id");

        Answer[] answers =
        [
            await other.GetAsync($"v1/webhooks/{id}"), await other.GetAsync($"v1/webhooks/{id}/deliveries"), await PatchAsync(other, id, new { active = false }),
            await other.PostAsync($"v1/webhooks/{id}/test", new { }), await other.PostAsync($"v1/webhooks/{id}/secret", new { }),
            await other.PostAsync($"v1/webhooks/{id}/deliveries/whd_1/resend", new { }),
        ];
        using var removal = await other.Client.DeleteAsync($"v1/webhooks/{id}", Ct);

        Assert.All(answers, answer => Assert.Equal((404, "Webhook not found"), (answer.Status, answer.Text("error"))));
        Assert.Equal(404, (int)removal.StatusCode);
        Assert.True((await customer.GetAsync($"v1/webhooks/{id}"))["active"].GetBoolean());
    }

    [Fact]
    public async Task A_key_without_the_right_scopes_neither_manages_nor_listens_in_on_billing()
    {
        var reader = await portal.NewCustomerAsync("lite", Scopes.FlowsRead);
        var flows = await portal.NewCustomerAsync("lite", Scopes.FlowsRead, Scopes.FlowsWrite);
        var member = Caller.ForUser("somebody", flows.Organization, MemberRole.Billing);

        Assert.Equal("Forbidden", (await reader.PostAsync("v1/webhooks", new { url = Url, events = new[] { "post.created" } })).Text("error"));
        Assert.Equal(403, (await flows.PostAsync("v1/webhooks", new { url = Url, events = new[] { "invoice.paid" } })).Status);
        Assert.Equal(403, (await flows.PostAsync("v1/webhooks", new { url = Url, events = new[] { "*" } })).Status);
        Assert.Equal(200, (await flows.PostAsync("v1/webhooks", new { url = Url, events = new[] { "flow.gift_received" } })).Status);
        await Assert.ThrowsAsync<AccessDeniedException>(() => portal.Get<WebhookSubscriptions>().AddAsync(member, Url, ["post.created"], null, Ct));
    }

    [Fact]
    public async Task An_organization_has_ten_endpoints_however_many_are_added_at_once_and_one_for_an_idempotency_key()
    {
        var customer = await portal.NewCustomerAsync();
        var body = JsonSerializer.Serialize(new { url = Url, events = new[] { "*" } });

        var first = await customer.Client.PostAsync("v1/webhooks", body, "one");
        var again = await customer.Client.PostAsync("v1/webhooks", body, "one");
        var others = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => customer.Client.PostAsync("v1/webhooks", body, null)));

        Assert.Equal((200, first.Body, true), (again.Status, again.Body, again.IsReplay));
        Assert.Equal(9, others.Count(answer => answer.Status == 200));
        Assert.All(others.Where(answer => answer.Status != 200), answer => Assert.Equal((409, "WEBHOOK_LIMIT_REACHED"), (answer.Status, answer.Code)));
        Assert.Equal(10, (await customer.GetAsync("v1/webhooks"))["count"].GetInt32());
    }

    [Fact]
    public async Task Deliveries_are_listed_by_page_and_status_and_a_test_needs_no_body()
    {
        var customer = await portal.NewCustomerAsync();
        var id = (await customer.PostAsync("v1/webhooks", new { url = "https://nowhere.invalid/", events = new[] { "*" } })).Text("id");
        using var test = await customer.Client.PostAsync($"v1/webhooks/{id}/test", null, Ct);
        var typed = await customer.PostAsync($"v1/webhooks/{id}/test", new { @event = "invoice.paid" });
        var unknown = await customer.PostAsync($"v1/webhooks/{id}/test", new { @event = "nothing" });

        var all = await customer.GetAsync($"v1/webhooks/{id}/deliveries?page=1&perPage=1");
        var pending = await customer.GetAsync($"v1/webhooks/{id}/deliveries?status=pending");
        var delivered = await customer.GetAsync($"v1/webhooks/{id}/deliveries?status=delivered");

        Assert.Equal((200, 200, 400), ((int)test.StatusCode, typed.Status, unknown.Status));
        Assert.Equal((2, 1, 1), (all["total"].GetInt32(), all["deliveries"].GetArrayLength(), all["perPage"].GetInt32()));
        Assert.Equal((2, 0), (pending["total"].GetInt32(), delivered["total"].GetInt32()));
        Assert.Equal(typed.Text("deliveryId"), pending["deliveries"].EnumerateArray().First(one => one.GetProperty("event").GetString() == "invoice.paid").GetProperty("id").GetString());
        foreach (var query in new[] { "page=0", "perPage=101", "status=sideways", "page=x" })
        {
            Assert.Equal(400, (await customer.GetAsync($"v1/webhooks/{id}/deliveries?{query}")).Status);
        }
    }

    private static async Task<Answer> PatchAsync(Customer customer, string? id, object body)
    {
        using var content = new StringContent(JsonSerializer.Serialize(body), System.Text.Encoding.UTF8, "application/json");
        using var response = await customer.Client.PatchAsync($"v1/webhooks/{id}", content, Ct);
        return await Answer.OfAsync(response);
    }
}

public sealed class WebhookEndpointTestsOnSqlite(MeteredSite<SqliteEngine> portal) : WebhookEndpointTests<SqliteEngine>(portal);

public sealed class WebhookEndpointTestsOnPostgres(MeteredSite<PostgresEngine> portal) : WebhookEndpointTests<PostgresEngine>(portal);

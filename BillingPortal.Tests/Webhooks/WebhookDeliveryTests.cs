using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Tests.Gifting;
using BillingPortal.Tests.Metering;
using BillingPortal.Tests.Support;
using BillingPortal.Webhooks;

namespace BillingPortal.Tests.Webhooks;

/// <summary>What arrives at receivers that work, fail, hang, move and come back. Source: contract, "001 · Flows"; faults F60.</summary>
public abstract class WebhookDeliveryTests<TEngine>(WebhookSite<TEngine> portal) : IClassFixture<WebhookSite<TEngine>>, IAsyncLifetime
    where TEngine : IStoreEngine, new()
{
    private Receiver receiver = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private WebhookLog Log => portal.Get<WebhookLog>();

    private WebhookSubscriptions Subscriptions => portal.Get<WebhookSubscriptions>();

    public async ValueTask InitializeAsync() => receiver = await Receiver.StartAsync();

    public ValueTask DisposeAsync() => receiver.DisposeAsync();

    [Fact]
    public async Task A_gift_is_told_signed_in_both_schemes()
    {
        var (giver, friend) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync());
        var (_, secret) = await portal.AddAsync(friend, receiver.Address, "flow.gift_received");
        await portal.Site.GiveAsync(giver.Person, 5, BucketKind.Promotional, CreditTypes.Flows);
        Assert.Equal("Insufficient bonus flows", (await giver.GiftAsync(friend.Person.Email, 5)).Text("error"));
        var admin = await portal.Site.SignUpAsync(administrator: true);
        await portal.Get<BillingPortal.Gifting.BonusGrants>().GrantAsync(admin.Caller, new(giver.Person.Email, 5), null, Ct);

        var gift = await giver.GiftAsync(friend.Person.Email, 5, "¡Olé! <b>\u202E</b>");
        await Eventually.TrueAsync(() => receiver.All.Count == 1);

        Assert.Equal(200, gift.Status);
        var told = receiver.All[0];
        var body = JsonSerializer.Deserialize<JsonElement>(told.Body);
        Assert.Equal(["event", "data", "timestamp"], body.EnumerateObject().Select(field => field.Name));
        Assert.Equal("flow.gift_received", body.GetProperty("event").GetString());
        Assert.Equal(portal.Clock.Now.ToUnixTimeMilliseconds(), body.GetProperty("timestamp").GetInt64());
        var data = body.GetProperty("data");
        Assert.Equal(["transactionId", "amount", "senderId", "recipientId", "note"], data.EnumerateObject().Select(field => field.Name));
        Assert.Equal((5, "¡Olé! <b>\u202E</b>"), (data.GetProperty("amount").GetDecimal(), data.GetProperty("note").GetString()));
        Assert.Equal("flow.gift_received", told["Flow-Event-Type"]);
        Assert.Equal("application/json", told["Content-Type"]);
        Assert.StartsWith("evt_", told["webhook-id"], StringComparison.Ordinal);
        AssertSigned(told, secret, portal.Clock.Now);
    }

    [Fact]
    public async Task Failures_are_tried_again_with_the_same_id_and_bytes_and_what_is_newer_waits_its_turn()
    {
        var customer = await portal.NewCustomerAsync();
        var (endpoint, secret) = await portal.AddAsync(customer, receiver.Address);
        receiver.Says(500);
        await portal.HappenAsync(customer, "post.created", new { n = 1 });
        await portal.HappenAsync(customer, "post.created", new { n = 2 });
        await Eventually.TrueAsync(() => receiver.All.Count == 1);
        await Eventually.TrueAsync(async () => (await portal.EndpointAsync(customer, endpoint)).BackoffUntil is not null);
        portal.Clock.Now += TimeSpan.FromSeconds(7);
        await Eventually.TrueAsync(() => receiver.All.Count == 2);

        receiver.Says(204);
        portal.Clock.Now += TimeSpan.FromSeconds(20);
        await Eventually.TrueAsync(() => receiver.All.Count == 4);
        await Eventually.TrueAsync(async () => (await Log.ListAsync(customer.Person.Caller, endpoint.Id, WebhookDeliveryState.Delivered, 1, 10, Ct))!.Total == 2);

        Assert.Equal([1, 1, 1, 2], receiver.All.Select(one => JsonSerializer.Deserialize<JsonElement>(one.Body).GetProperty("data").GetProperty("n").GetInt32()));
        Assert.Single(receiver.All.Take(3).Select(one => (one["webhook-id"], one.Body)).Distinct());
        AssertSigned(receiver.All[3], secret, portal.Clock.Now);
        var deliveries = (await Log.ListAsync(customer.Person.Caller, endpoint.Id, null, 1, 10, Ct))!.Deliveries;
        var detail = (await Log.FindAsync(customer.Person.Caller, deliveries.Single(delivery => delivery.Attempts == 3).Id, Ct))!;
        Assert.Equal([500, 500, 204], detail.Attempts.Select(attempt => attempt.Status));
        Assert.Null((await portal.EndpointAsync(customer, endpoint)).FailingSince);
    }

    [Fact]
    public async Task An_event_that_a_receiver_refuses_steps_aside_for_those_behind_it()
    {
        var customer = await portal.NewCustomerAsync();
        var (endpoint, _) = await portal.AddAsync(customer, receiver.Address);
        receiver.Answer = (http, one) =>
        {
            http.Response.StatusCode = one.Body.Contains("\"n\":1", StringComparison.Ordinal) ? 422 : 200;
            return Task.CompletedTask;
        };
        await portal.HappenAsync(customer, "post.created", new { n = 1 });
        await portal.HappenAsync(customer, "post.created", new { n = 2 });

        await Eventually.TrueAsync(() => receiver.All.Any(one => one.Body.Contains("\"n\":2", StringComparison.Ordinal)));

        Assert.Null((await portal.EndpointAsync(customer, endpoint)).BackoffUntil);
    }

    [Fact]
    public async Task A_receiver_that_hangs_keeps_no_other_waiting_and_is_cut_off()
    {
        var (slow, quick) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync());
        var (hanging, _) = await portal.AddAsync(slow, new Uri(receiver.Address, "slow"));
        await portal.AddAsync(quick, new Uri(receiver.Address, "quick"));
        receiver.Answer = (http, one) => one.Path == "/slow" ? Task.Delay(Timeout.Infinite, http.RequestAborted) : Task.CompletedTask;
        await portal.HappenAsync(slow, "post.created", new { });
        await portal.HappenAsync(quick, "post.created", new { });

        await Eventually.TrueAsync(() => receiver.At("/quick").Count == 1);
        await Eventually.TrueAsync(async () => (await portal.DeliveryAsync(slow, hanging)).LastError == "timeout");

        Assert.Null((await portal.DeliveryAsync(slow, hanging)).LastStatus);
    }

    [Fact]
    public async Task A_redirect_is_a_failure_and_not_followed()
    {
        var customer = await portal.NewCustomerAsync();
        var (endpoint, _) = await portal.AddAsync(customer, receiver.Address);
        receiver.Answer = (http, one) =>
        {
            http.Response.StatusCode = 302;
            http.Response.Headers.Location = "/elsewhere";
            return Task.CompletedTask;
        };
        await portal.HappenAsync(customer, "post.created", new { });

        await Eventually.TrueAsync(async () => (await portal.DeliveryAsync(customer, endpoint)).LastStatus == 302);

        Assert.Empty(receiver.At("/elsewhere"));
        Assert.Equal(WebhookDeliveryState.Pending, (await portal.DeliveryAsync(customer, endpoint)).State);
    }

    [Fact]
    public async Task A_receiver_that_asks_for_time_gets_it()
    {
        var customer = await portal.NewCustomerAsync();
        var (endpoint, _) = await portal.AddAsync(customer, receiver.Address);
        receiver.Says(429, "Retry-After", "600");
        await portal.HappenAsync(customer, "post.created", new { });
        await Eventually.TrueAsync(async () => (await portal.DeliveryAsync(customer, endpoint)).LastStatus == 429);

        Assert.Equal(portal.Clock.Now.AddSeconds(600), (await portal.DeliveryAsync(customer, endpoint)).NextAttemptAt);
        receiver.Says(200);
        portal.Clock.Now += TimeSpan.FromSeconds(600);
        await Eventually.TrueAsync(async () => (await portal.DeliveryAsync(customer, endpoint)).State is WebhookDeliveryState.Delivered);
        Assert.Equal(2, receiver.All.Count);
    }

    [Fact]
    public async Task A_receiver_that_is_gone_is_sent_nothing_more_and_the_organizations_others_hear_of_it()
    {
        var customer = await portal.NewCustomerAsync();
        var (endpoint, _) = await portal.AddAsync(customer, new Uri(receiver.Address, "gone"), "post.created");
        await portal.AddAsync(customer, new Uri(receiver.Address, "other"), WebhookEvents.Disabled);
        receiver.Answer = (http, one) =>
        {
            http.Response.StatusCode = one.Path == "/gone" ? 410 : 200;
            return Task.CompletedTask;
        };
        await portal.HappenAsync(customer, "post.created", new { n = 1 });
        await Eventually.TrueAsync(() => receiver.At("/other").Count == 1);
        await portal.HappenAsync(customer, "post.created", new { n = 2 });

        var notice = JsonSerializer.Deserialize<JsonElement>(receiver.At("/other")[0].Body).GetProperty("data");
        Assert.Equal((endpoint.Id, "gone"), (notice.GetProperty("webhookId").GetString(), notice.GetProperty("reason").GetString()));
        var gone = await portal.EndpointAsync(customer, endpoint);
        Assert.Equal((false, WebhookPause.Gone), (gone.IsActive, gone.Pause));
        Assert.Equal(WebhookDeliveryState.Failed, (await portal.DeliveryAsync(customer, endpoint)).State);
        Assert.Single(receiver.At("/gone"));
        Assert.IsType<WebhookSend.Paused>(await Log.TestAsync(customer.Person.Caller, endpoint.Id, WebhookEvents.Test, Ct));
    }

    [Fact]
    public async Task After_days_of_failure_an_endpoint_is_switched_off_and_made_active_it_gets_what_waited()
    {
        var customer = await portal.NewCustomerAsync();
        var (endpoint, _) = await portal.AddAsync(customer, receiver.Address, "post.created");
        receiver.Says(503);
        await portal.HappenAsync(customer, "post.created", new { n = 1 });
        await Eventually.TrueAsync(async () => (await portal.DeliveryAsync(customer, endpoint)).Attempts == 1);
        portal.Clock.Now += TimeSpan.FromDays(2);
        await Eventually.TrueAsync(async () => (await portal.DeliveryAsync(customer, endpoint)).Attempts == 2);
        await portal.HappenAsync(customer, "post.created", new { n = 2 });
        portal.Clock.Now += TimeSpan.FromDays(1);
        await Eventually.TrueAsync(async () => (await portal.EndpointAsync(customer, endpoint)).Pause is WebhookPause.Failing);
        var before = receiver.All.Count;

        receiver.Says(200);
        Assert.IsType<WebhookChange.Done>(await Subscriptions.ChangeAsync(customer.Person.Caller, endpoint.Id, new WebhookEdit(IsActive: true), Ct));
        await Eventually.TrueAsync(() => receiver.All.Count > before);

        await Eventually.TrueAsync(async () => (await Log.ListAsync(customer.Person.Caller, endpoint.Id, WebhookDeliveryState.Pending, 1, 10, Ct))!.Total == 0);
        var failed = (await Log.ListAsync(customer.Person.Caller, endpoint.Id, WebhookDeliveryState.Failed, 1, 10, Ct))!.Deliveries;
        foreach (var delivery in failed)
        {
            Assert.IsType<WebhookSend.Queued>(await Log.ResendAsync(customer.Person.Caller, endpoint.Id, delivery.Id, Ct));
        }

        await Eventually.TrueAsync(async () => (await Log.ListAsync(customer.Person.Caller, endpoint.Id, WebhookDeliveryState.Delivered, 1, 10, Ct))!.Total == 2);
        Assert.Equal(2, receiver.All.Select(one => one["webhook-id"]).Distinct().Count());
    }

    [Fact]
    public async Task What_was_waiting_when_the_portal_stopped_arrives_after_it_starts_and_once_although_two_instances_run()
    {
        var customer = await portal.NewCustomerAsync();
        var (endpoint, _) = await portal.AddAsync(customer, receiver.Address);
        receiver.Says(500);
        await portal.HappenAsync(customer, "post.created", new { n = 0 });
        await Eventually.TrueAsync(async () => (await portal.DeliveryAsync(customer, endpoint)).Attempts == 1);
        for (var n = 1; n < 30; n++)
        {
            await portal.HappenAsync(customer, "post.created", new { n });
        }

        await portal.RestartAsync();
        await using var second = portal.StartAnother();
        receiver.Says(200);
        portal.Clock.Now += TimeSpan.FromSeconds(7);
        await Eventually.TrueAsync(() => receiver.All.Count == 31);
        await Eventually.TrueAsync(async () => (await Log.ListAsync(customer.Person.Caller, endpoint.Id, WebhookDeliveryState.Delivered, 1, 10, Ct))!.Total == 30);

        Assert.Equal(
            Enumerable.Range(0, 30).Prepend(0),
            receiver.All.Select(one => JsonSerializer.Deserialize<JsonElement>(one.Body).GetProperty("data").GetProperty("n").GetInt32()));
    }

    [Fact]
    public async Task A_rolled_secret_signs_beside_the_old_one_for_as_long_as_was_asked()
    {
        var customer = await portal.NewCustomerAsync();
        var (endpoint, old) = await portal.AddAsync(customer, receiver.Address);
        var rolled = Assert.IsType<WebhookChange.Done>(await Subscriptions.RollSecretAsync(customer.Person.Caller, endpoint.Id, 24, null, Ct));
        await portal.HappenAsync(customer, "post.created", new { });
        await Eventually.TrueAsync(() => receiver.All.Count == 1);
        AssertSigned(receiver.All[0], rolled.Secret!, portal.Clock.Now);
        AssertSigned(receiver.All[0], old, portal.Clock.Now);

        portal.Clock.Now += TimeSpan.FromHours(24);
        await portal.HappenAsync(customer, "post.created", new { });
        await Eventually.TrueAsync(() => receiver.All.Count == 2);

        AssertSigned(receiver.All[1], rolled.Secret!, portal.Clock.Now);
        Assert.DoesNotContain(Hex(old, receiver.All[1], portal.Clock.Now), receiver.All[1]["Flow-Signature"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_test_goes_out_at_once_and_a_resend_is_the_same_again()
    {
        var customer = await portal.NewCustomerAsync();
        var (endpoint, _) = await portal.AddAsync(customer, receiver.Address, "invoice.paid");
        var other = await portal.NewCustomerAsync();

        var test = Assert.IsType<WebhookSend.Queued>(await Log.TestAsync(customer.Person.Caller, endpoint.Id, WebhookEvents.Test, Ct));
        await Eventually.TrueAsync(() => receiver.All.Count == 1);
        await Eventually.TrueAsync(async () => (await portal.DeliveryAsync(customer, endpoint)).State is WebhookDeliveryState.Delivered);
        var foreign = await Log.ResendAsync(other.Person.Caller, endpoint.Id, test.DeliveryId, Ct);
        Assert.IsType<WebhookSend.Queued>(await Log.ResendAsync(customer.Person.Caller, endpoint.Id, test.DeliveryId, Ct));
        await Eventually.TrueAsync(() => receiver.All.Count == 2);

        Assert.IsType<WebhookSend.NotFound>(foreign);
        Assert.Equal((receiver.All[0]["webhook-id"], receiver.All[0].Body), (receiver.All[1]["webhook-id"], receiver.All[1].Body));
        Assert.Equal("webhook.test", receiver.All[0]["Flow-Event-Type"]);
        Assert.IsType<WebhookSend.UnknownType>(await Log.TestAsync(customer.Person.Caller, endpoint.Id, "nothing", Ct));
    }

    [Fact]
    public async Task A_name_that_turns_to_an_inside_address_after_it_was_saved_is_not_connected_to()
    {
        var customer = await portal.NewCustomerAsync();
        var target = new Uri($"https://rebound.example:{receiver.Address.Port}/");
        try
        {
            await portal.RestartAsync(allowsPrivate: false, WebhookSite<TEngine>.Names(target.Host, "93.184.215.14"));
            var (endpoint, _) = await portal.AddAsync(customer, target);
            await portal.RestartAsync(allowsPrivate: false, WebhookSite<TEngine>.Names(target.Host, "93.184.215.14", "127.0.0.1"));
            await portal.HappenAsync(customer, "post.created", new { });

            await Eventually.TrueAsync(async () => (await portal.DeliveryAsync(customer, endpoint)).LastError is not null);

            Assert.Equal("address_refused", (await portal.DeliveryAsync(customer, endpoint)).LastError);
            Assert.Empty(receiver.All);
        }
        finally
        {
            await portal.RestartAsync();
        }
    }

    [Fact]
    public async Task Running_low_and_running_out_are_told_once_each_and_again_after_a_recovery()
    {
        var customer = await portal.NewCustomerAsync();
        await portal.AddAsync(customer, receiver.Address, "credits.low_balance", "credits.exhausted");

        await portal.Site.GiveAsync(customer.Person, 1, BucketKind.Purchased);
        await portal.Site.UseAsync(customer.Person, 2_100);
        await Eventually.TrueAsync(() => receiver.All.Count == 1);
        await portal.Site.UseAsync(customer.Person, 1);
        await portal.Site.UseAsync(customer.Person, 50);
        await Eventually.TrueAsync(() => receiver.All.Count == 2);
        await portal.Site.GiveAsync(customer.Person, 500, BucketKind.Purchased);
        await Eventually.TrueAsync(async () => await IsSufficientAsync(customer));
        await portal.Site.UseAsync(customer.Person, 450);
        await Eventually.TrueAsync(() => receiver.All.Count == 3);

        Assert.Equal(["credits.low_balance", "credits.exhausted", "credits.low_balance"], receiver.All.Select(one => one["Flow-Event-Type"]));
        var low = JsonSerializer.Deserialize<JsonElement>(receiver.All[0].Body).GetProperty("data");
        Assert.Equal(("credits", 51, 100), (low.GetProperty("creditType").GetString(), low.GetProperty("balance").GetDecimal(), low.GetProperty("threshold").GetDecimal()));
    }

    [Fact]
    public async Task What_is_past_its_retention_is_forgotten()
    {
        var customer = await portal.NewCustomerAsync();
        var (endpoint, _) = await portal.AddAsync(customer, receiver.Address);
        await portal.HappenAsync(customer, "post.created", new { });
        await Eventually.TrueAsync(async () => (await Log.ListAsync(customer.Person.Caller, endpoint.Id, WebhookDeliveryState.Delivered, 1, 10, Ct))!.Total == 1);
        var worker = portal.Get<WebhookWorker>();

        await worker.ForgetAsync(Ct);
        var kept = (await Log.ListAsync(customer.Person.Caller, endpoint.Id, null, 1, 10, Ct))!.Total;
        portal.Clock.Now += TimeSpan.FromDays(31);
        await worker.ForgetAsync(Ct);

        Assert.Equal(1, kept);
        Assert.Equal(0, (await Log.ListAsync(customer.Person.Caller, endpoint.Id, null, 1, 10, Ct))!.Total);
    }

    private async Task<bool> IsSufficientAsync(Customer customer)
    {
        var factory = portal.Get<Microsoft.EntityFrameworkCore.IDbContextFactory<BillingPortal.Store.BillingDbContext>>();
        await using var db = await factory.CreateDbContextAsync(Ct);
        var levels = db.Set<BillingPortal.Metering.BalanceLevelRow>();
        var row = await Microsoft.EntityFrameworkCore.EntityFrameworkQueryableExtensions.SingleOrDefaultAsync(
            levels, told => told.OrganizationId == customer.Organization && told.CreditType == CreditTypes.Credits, Ct);
        return row is { BelowMicros: null };
    }

    // Written from the contract and standardwebhooks.com alone, without the portal's code.
    private static void AssertSigned(Received told, string secret, DateTimeOffset now)
    {
        Assert.Equal(now.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture), told["webhook-timestamp"]);
        var parts = told["Flow-Signature"].Split(',');
        Assert.Equal($"t={now.ToUnixTimeSeconds()}", parts[0]);
        Assert.Contains($"v1={Hex(secret, told, now)}", parts.Skip(1));
        var key = Convert.FromBase64String(secret["whsec_".Length..]);
        var signed = Encoding.UTF8.GetBytes($"{told["webhook-id"]}.{told["webhook-timestamp"]}.{told.Body}");
        Assert.Contains($"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, signed))}", told["webhook-signature"].Split(' '));
    }

    private static string Hex(string secret, Received told, DateTimeOffset now) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{now.ToUnixTimeSeconds()}.{told.Body}")));
}

public sealed class WebhookDeliveryTestsOnSqlite(WebhookSite<SqliteEngine> portal) : WebhookDeliveryTests<SqliteEngine>(portal);

public sealed class WebhookDeliveryTestsOnPostgres(WebhookSite<PostgresEngine> portal) : WebhookDeliveryTests<PostgresEngine>(portal);

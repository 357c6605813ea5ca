using System.Net.Http.Headers;
using BillingPortal.Accounts;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Tests.Api;

public abstract class IdempotencyTests<TEngine>(KeyedSite<TEngine> portal) : IClassFixture<KeyedSite<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private const string Generate = "v1/keys/generate";
    private const string Revoke = "v1/keys/revoke";
    private const string Purchase = "api/v1/credits/purchase";
    private const string Events = "api/v1/usage/events";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_answer_is_given_again_byte_for_byte_and_nothing_is_done_twice()
    {
        var (person, owner) = await NewOwnerAsync();

        var first = await owner.PostAsync(Generate, """{"name":"once"}""", "k-1");
        var again = await owner.PostAsync(Generate, """{"name":"once"}""", "k-1");

        Assert.Equal(200, first.Status);
        Assert.Equal(first with { IsReplay = true }, again);
        Assert.False(first.IsReplay);
        Assert.Equal("application/json", first.Type?.MediaType);
        Assert.Equal(1, await KeysOfAsync(person));
    }

    [Fact]
    public async Task Without_a_key_every_request_is_one_of_its_own()
    {
        var (person, owner) = await NewOwnerAsync();

        await owner.PostAsync(Generate, "{}", null);
        await owner.PostAsync(Generate, "{}", null);

        Assert.Equal(2, await KeysOfAsync(person));
        Assert.Equal(0, await portal.QueryAsync(db => db.Set<IdempotencyRecord>().CountAsync(row => row.OrganizationId == person.OrganizationId, Ct)));
    }

    [Fact]
    public async Task A_key_stands_for_one_body_one_address_and_callers_of_the_same_rights()
    {
        var (person, owner) = await NewOwnerAsync();
        using var integrator = await portal.Site.NewKeyClientAsync(person);
        await owner.PostAsync(Purchase, """{"pack":"credits_1000"}""", "k-1");

        var otherBody = await owner.PostAsync(Purchase, """{"pack":"credits_5000"}""", "k-1");
        var otherAddress = await owner.PostAsync("v1/keys/generate", """{"pack":"credits_1000"}""", "k-1");
        var otherRights = await integrator.PostAsync(Purchase, """{"pack":"credits_1000"}""", "k-1");

        Assert.All([otherBody, otherAddress, otherRights], answer => Assert.Equal((422, "IDEMPOTENCY_KEY_REUSED"), (answer.Status, answer.Code)));
        Assert.Equal("Unprocessable", otherAddress.Json.GetProperty("error").GetString());
        Assert.Equal(1, await KeysOfAsync(person));
    }

    [Fact]
    public async Task The_same_key_of_another_organization_is_another_key()
    {
        var (_, owner) = await NewOwnerAsync();
        var (other, stranger) = await NewOwnerAsync();
        var first = await owner.PostAsync(Generate, "{}", "shared");

        var answer = await stranger.PostAsync(Generate, "{}", "shared");

        Assert.Equal((200, false), (answer.Status, answer.IsReplay));
        Assert.NotEqual(first.Body, answer.Body);
        Assert.Equal(1, await KeysOfAsync(other));
    }

    [Fact]
    public async Task Twins_at_once_have_one_effect_and_one_answer()
    {
        var (person, owner) = await NewOwnerAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => owner.PostAsync(Generate, "{}", "twins")));
        var last = await owner.PostAsync(Generate, "{}", "twins");

        Assert.Equal(1, await KeysOfAsync(person));
        Assert.All(answers, answer => Assert.True(
            answer.Status == 409 ? answer is { Code: "IDEMPOTENCY_KEY_IN_USE", RetryAfter: not null } : answer.Body == last.Body, answer.ToString()));
        Assert.Single(answers, answer => answer is { Status: 200, IsReplay: false });
        Assert.True(last.IsReplay);
    }

    [Fact]
    public async Task While_the_first_is_at_work_its_twin_is_asked_to_come_back_and_another_body_is_refused()
    {
        var (_, owner) = await NewOwnerAsync();
        var first = await HeldUpAsync(owner, "slow");

        var twin = await owner.PostAsync(Purchase, """{"pack":"credits_1000"}""", "slow");
        var other = await owner.PostAsync(Purchase, """{"pack":"credits_5000"}""", "slow");
        portal.Orders.Open();
        var answer = await first;

        Assert.Equal((409, "IDEMPOTENCY_KEY_IN_USE"), (twin.Status, twin.Code));
        Assert.True(twin.RetryAfter >= TimeSpan.FromSeconds(1));
        Assert.Equal(422, other.Status);
        Assert.Equal(200, answer.Status);
        Assert.Equal(answer with { IsReplay = true }, await owner.PostAsync(Purchase, """{"pack":"credits_1000"}""", "slow"));
    }

    [Fact]
    public async Task A_request_that_took_longer_than_its_lease_gives_way_to_its_successor()
    {
        var (person, owner) = await NewOwnerAsync();
        var first = await HeldUpAsync(owner, "late");

        portal.Clock.Now += IdempotencyKeys.Lease;
        var second = await HeldUpAsync(owner, "late");
        portal.Orders.Open();

        // Whoever comes first answers; the key names the order too, so both speak of the same one.
        var answers = await Task.WhenAll(first, second);
        var last = await owner.PostAsync(Purchase, """{"pack":"credits_1000"}""", "late");

        Assert.True(last.IsReplay);
        Assert.All(answers, answer => Assert.True(answer.Status == 409 || answer.Body == last.Body, answer.ToString()));
        Assert.Equal(1, await portal.QueryAsync(db => db.Set<BillingPortal.Payments.Payment>().CountAsync(row => row.OrganizationId == person.OrganizationId, Ct)));
    }

    [Fact]
    public async Task The_answer_outlives_a_restart_and_is_forgotten_after_a_day()
    {
        var (person, owner) = await NewOwnerAsync();
        var first = await owner.PostAsync(Generate, "{}", "k-1");

        await portal.RestartAsync();
        portal.Clock.Now += TimeSpan.FromHours(24);
        using var later = await portal.Site.NewUserClientAsync(person);
        Assert.Equal(first with { IsReplay = true }, await later.PostAsync(Generate, "{}", "k-1"));

        portal.Clock.Now += TimeSpan.FromHours(2);
        using var muchLater = await portal.Site.NewUserClientAsync(person);
        var anew = await muchLater.PostAsync(Generate, "{}", "k-1");
        Assert.Equal((200, false), (anew.Status, anew.IsReplay));
        Assert.Equal(2, await KeysOfAsync(person));
    }

    [Fact]
    public async Task What_is_over_is_swept_away_and_the_rest_stays()
    {
        var (person, owner) = await NewOwnerAsync();
        await owner.PostAsync(Generate, "{}", "old");
        portal.Clock.Now += TimeSpan.FromHours(26);
        using var later = await portal.Site.NewUserClientAsync(person);
        await later.PostAsync(Generate, "{}", "new");

        Assert.True(await portal.Get<IdempotencySweep>().SweepAsync(Ct) > 0);

        var left = await portal.QueryAsync(db => db.Set<IdempotencyRecord>().Where(row => row.OrganizationId == person.OrganizationId).Select(row => row.Key).ToListAsync(Ct));
        Assert.Equal(["new"], left);
    }

    [Fact]
    public async Task A_refusal_without_effect_is_repeated_too()
    {
        var (_, owner) = await NewOwnerAsync();

        var unknownKey = await owner.PostAsync(Revoke, """{"key_id":"key_none"}""", "k-1");
        var unknownPack = await owner.PostAsync(Purchase, """{"pack":"credits_7"}""", "k-2");

        Assert.Equal((404, 400), (unknownKey.Status, unknownPack.Status));
        Assert.Equal(unknownKey with { IsReplay = true }, await owner.PostAsync(Revoke, """{"key_id":"key_none"}""", "k-1"));
        Assert.Equal(unknownPack with { IsReplay = true }, await owner.PostAsync(Purchase, """{"pack":"credits_7"}""", "k-2"));
    }

    [Theory]
    [InlineData(Generate, """{"name":""", """{"name":"mended"}""")]
    [InlineData(Generate, """{"scopes":["everything"]}""", "{}")]
    [InlineData(Events, """{"id":"e","operation":5}""", """{"id":"e","operation":"code_export","properties":{"status":"failed"}}""")]
    public async Task What_the_caller_can_mend_does_not_use_its_key_up(string path, string broken, string mended)
    {
        var (_, owner) = await NewOwnerAsync();

        var refused = await owner.PostAsync(path, broken, "k-1");
        var again = await owner.PostAsync(path, broken, "k-1");
        var served = await owner.PostAsync(path, mended, "k-1");

        Assert.Equal((400, 400, false), (refused.Status, again.Status, again.IsReplay));
        Assert.Equal((200, false), (served.Status, served.IsReplay));
    }

    [Fact]
    public async Task A_refusal_for_lack_of_rights_does_not_use_a_key_up()
    {
        var person = await portal.Site.SignUpAsync(plan: "free");
        using var integrator = await portal.Site.NewKeyClientAsync(person);
        using var owner = await portal.Site.NewUserClientAsync(person);

        Assert.Equal(403, (await integrator.PostAsync(Purchase, """{"pack":"credits_1000"}""", "k-1")).Status);
        Assert.Equal(403, (await owner.PostAsync(Purchase, """{"pack":"credits_1000"}""", "k-2")).Status);

        await portal.Get<PlanSubscriptions>().StartAsync(
            person.OrganizationId, "pro", BillingInterval.Monthly, 1, portal.Clock.Now, "system:test", Ct);
        portal.Get<PlanStandings>().Forget(person.OrganizationId);
        Assert.Equal(200, (await integrator.PostAsync(Purchase, """{"pack":"credits_1000"}""", "k-1")).Status);
        Assert.Equal(200, (await owner.PostAsync(Purchase, """{"pack":"credits_5000"}""", "k-2")).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("tab\tbed")]
    [InlineData("longer")]
    public async Task A_key_that_is_none_is_refused_by_the_name_of_its_header(string key)
    {
        var (_, owner) = await NewOwnerAsync();

        var answer = await owner.PostAsync(Generate, "{}", key == "longer" ? new string('x', IdempotencyKeys.MaxLength + 1) : key);

        Assert.Equal((400, "INVALID_REQUEST"), (answer.Status, answer.Code));
        Assert.Equal("Idempotency-Key", answer.Json.GetProperty("field").GetString());
    }

    [Fact]
    public async Task Usage_is_answered_again_as_it_was_the_first_time()
    {
        var (person, _) = await NewOwnerAsync();
        using var integrator = await portal.Site.NewKeyClientAsync(person);
        const string Batch = """[{"id":"a","operation":"code_export"},{"id":"b","operation":"nonsense"}]""";

        var first = await integrator.PostAsync(Events, Batch, "batch");
        var again = await integrator.PostAsync(Events, Batch, "batch");
        var keyless = await integrator.PostAsync(Events, Batch, null);

        Assert.Equal(first with { IsReplay = true }, again);
        Assert.Contains("\"charged\"", again.Body, StringComparison.Ordinal);
        Assert.Contains("\"duplicate\"", keyless.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_shown_once_is_stored_encrypted_and_never_cached()
    {
        var (person, owner) = await NewOwnerAsync();
        var secret = (await owner.PostAsync(Generate, "{}", "k-1")).Json.GetProperty("api_key").GetString()!;

        var body = await portal.QueryAsync(db => db.Set<IdempotencyRecord>().Where(row => row.OrganizationId == person.OrganizationId).Select(row => row.Body).SingleAsync(Ct));
        using var replay = new HttpRequestMessage(HttpMethod.Post, Generate) { Content = new StringContent("{}", new MediaTypeHeaderValue("application/json", "utf-8")) };
        replay.Headers.Add("Idempotency-Key", "k-1");
        using var answer = await owner.SendAsync(replay, Ct);

        Assert.DoesNotContain(secret, System.Text.Encoding.Latin1.GetString(body!), StringComparison.Ordinal);
        Assert.True(answer.Headers.CacheControl?.NoStore);
        Assert.Contains(secret, await answer.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_hangs_up_half_way_may_come_again()
    {
        var (_, owner) = await NewOwnerAsync();
        portal.Orders.Close();
        using var hangUp = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var first = owner.PostAsync(Purchase, """{"pack":"credits_1000"}""", "gone", hangUp.Token);
        await Eventually.TrueAsync(() => portal.Orders.Waiting == 1);

        await hangUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await Eventually.TrueAsync(() => portal.Orders.Waiting == 0);
        portal.Orders.Open();

        Given? answer = null;
        await Eventually.TrueAsync(async () => (answer = await owner.PostAsync(Purchase, """{"pack":"credits_1000"}""", "gone")).Status != 409);
        Assert.Equal((200, false), (answer!.Status, answer.IsReplay));
    }

    private async Task<(Person Person, HttpClient Owner)> NewOwnerAsync()
    {
        var person = await portal.Site.SignUpAsync(plan: "pro");
        return (person, await portal.Site.NewUserClientAsync(person));
    }

    /// <summary>Starts a purchase that waits half way until the threshold opens.</summary>
    private async Task<Task<Given>> HeldUpAsync(HttpClient owner, string key)
    {
        var before = portal.Orders.Waiting;
        if (before == 0)
        {
            portal.Orders.Close();
        }

        var held = owner.PostAsync(Purchase, """{"pack":"credits_1000"}""", key);
        await Eventually.TrueAsync(() => portal.Orders.Waiting > before);
        return held;
    }

    private Task<int> KeysOfAsync(Person person) => portal.QueryAsync(db => db.Set<ApiKey>().CountAsync(row => row.OrganizationId == person.OrganizationId, Ct));
}

public sealed class IdempotencyTestsOnSqlite(KeyedSite<SqliteEngine> portal) : IdempotencyTests<SqliteEngine>(portal);

public sealed class IdempotencyTestsOnPostgres(KeyedSite<PostgresEngine> portal) : IdempotencyTests<PostgresEngine>(portal)
{
    private readonly KeyedSite<PostgresEngine> portal = portal;

    [Fact]
    public async Task Two_instances_share_keys_and_answers()
    {
        var person = await portal.Site.SignUpAsync(plan: "pro");
        await using var second = portal.StartAnother();
        using var here = await portal.Site.NewUserClientAsync(person);
        using var there = await second.NewUserClientAsync(person);

        for (var round = 0; round < 5; round++)
        {
            var key = $"round-{round}";
            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => (i % 2 == 0 ? here : there).PostAsync("v1/keys/generate", "{}", key)));
            var last = new[] { await here.PostAsync("v1/keys/generate", "{}", key), await there.PostAsync("v1/keys/generate", "{}", key) };

            Assert.Equal(last[0], last[1]);
            Assert.Single(answers, answer => answer is { Status: 200, IsReplay: false });
            Assert.All(answers, answer => Assert.True(answer.Status == 409 || answer.Body == last[0].Body, answer.ToString()));
        }

        Assert.Equal(5, await portal.QueryAsync(db => db.Set<ApiKey>().CountAsync(row => row.OrganizationId == person.OrganizationId, TestContext.Current.CancellationToken)));
    }
}

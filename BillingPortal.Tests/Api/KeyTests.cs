using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Audit;
using BillingPortal.Store;
using BillingPortal.Tests.Support;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Api;

public abstract class KeyTests<TEngine>(KeyedSite<TEngine> portal) : IClassFixture<KeyedSite<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static readonly string[] Reading = [Scopes.BillingRead];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_is_shown_once_and_stored_as_a_hash()
    {
        var site = portal.Site;
        using var owner = await site.NewUserClientAsync(await site.SignUpAsync(plan: "pro"));

        var made = await PostAsync(owner, "v1/keys/generate", new { name = "ci-prod", expires_in_days = 30, scopes = Reading });
        var secret = made.GetProperty("api_key").GetString()!;
        var listed = await owner.GetStringAsync("v1/keys", Ct);

        Assert.Matches("^bp_sk_test_[A-Za-z0-9]{8}_[A-Za-z0-9]{32,}$", secret);
        Assert.StartsWith(made.GetProperty("key_prefix").GetString()!, secret, StringComparison.Ordinal);
        Assert.True(made.GetProperty("is_active").GetBoolean());
        Assert.Contains("ci-prod", listed, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, listed, StringComparison.Ordinal);
        await using var db = await ContextAsync(site);
        var row = await db.Set<ApiKey>().SingleAsync(key => key.Name == "ci-prod", Ct);
        Assert.DoesNotContain(secret, JsonSerializer.Serialize(row), StringComparison.Ordinal);
        Assert.Equal(row.CreatedAt.AddDays(30), row.ExpiresAt);
    }

    [Fact]
    public async Task A_revoked_key_is_refused_at_the_next_request()
    {
        var site = portal.Site;
        var person = await site.SignUpAsync(plan: "pro");
        using var owner = await site.NewUserClientAsync(person);
        var (key, secret) = await site.NewKeyAsync(person);
        using var integrator = site.NewClient(secret);

        // Keys may not manage keys, which is how a valid one shows here.
        Assert.Equal(HttpStatusCode.Forbidden, (await integrator.GetAsync("v1/keys", Ct)).StatusCode);
        await PostAsync(owner, "v1/keys/revoke", new { key_id = key.Id });

        Assert.Equal(HttpStatusCode.Unauthorized, (await integrator.GetAsync("v1/keys", Ct)).StatusCode);
    }

    [Fact]
    public async Task A_paused_key_is_refused_at_the_next_request_on_every_instance_until_it_is_resumed()
    {
        var site = portal.Site;
        var (person, stranger) = (await site.SignUpAsync(plan: "pro"), await site.SignUpAsync());
        using var owner = await site.NewUserClientAsync(person);
        var (key, secret) = await site.NewKeyAsync(person);
        await using var other = portal.StartAnother();
        using var here = site.NewClient(secret);
        using var there = other.NewClient(secret);
        var keys = site.Services.GetRequiredService<ApiKeys>();
        var billing = Caller.ForUser(person.Id, person.OrganizationId, MemberRole.Billing, false);

        Assert.Null(await keys.PauseAsync(stranger.Caller, key.Id, Ct));
        await Assert.ThrowsAsync<AccessDeniedException>(() => keys.PauseAsync(billing, key.Id, Ct));
        await Assert.ThrowsAsync<AccessDeniedException>(() => keys.ResumeAsync(billing, key.Id, Ct));
        Assert.Equal(HttpStatusCode.Forbidden, (await there.GetAsync("v1/keys", Ct)).StatusCode);
        Assert.NotNull((await keys.PauseAsync(person.Caller, key.Id, Ct))!.PausedAt);
        await keys.PauseAsync(person.Caller, key.Id, Ct);

        Assert.Equal(HttpStatusCode.Unauthorized, (await here.GetAsync("v1/keys", Ct)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await there.GetAsync("v1/keys", Ct)).StatusCode);
        var listed = (await owner.GetFromJsonAsync<JsonElement>("v1/keys", Ct)).GetProperty("data")[0];
        Assert.Equal((key.Id, false, JsonValueKind.Null), (
            listed.GetProperty("id").GetString(), listed.GetProperty("is_active").GetBoolean(), listed.GetProperty("revoked_at").ValueKind));
        Assert.Null(await keys.ResumeAsync(stranger.Caller, key.Id, Ct));
        Assert.Null((await keys.ResumeAsync(person.Caller, key.Id, Ct))!.PausedAt);
        Assert.Equal(HttpStatusCode.Forbidden, (await there.GetAsync("v1/keys", Ct)).StatusCode);

        var acts = (await portal.Get<AuditLog>().ListAsync(person.Caller, new AuditQuery(), Ct)).Entries.Select(entry => entry.Act);
        Assert.Equal([AuditActs.KeyCreated, AuditActs.KeyPaused, AuditActs.KeyResumed], acts.Where(act => act.StartsWith("api_key.", StringComparison.Ordinal)).Order(StringComparer.Ordinal));

        // A revoked key has nothing to pause, nor to resume.
        await keys.RevokeAsync(person.Caller, key.Id, null, Ct);
        Assert.Null((await keys.PauseAsync(person.Caller, key.Id, Ct))!.PausedAt);
        Assert.Equal(HttpStatusCode.Unauthorized, (await here.GetAsync("v1/keys", Ct)).StatusCode);
    }

    [Fact]
    public async Task Unknown_wrong_expired_and_revoked_keys_and_none_at_all_get_the_same_answer()
    {
        var (site, clock) = (portal.Site, portal.Clock);
        var person = await site.SignUpAsync(plan: "pro");
        var keys = site.Services.GetRequiredService<ApiKeys>();
        var (good, secret) = await site.NewKeyAsync(person);
        var expiring = (ApiKeyCreation.Created)await keys.CreateAsync(person.Caller, new NewApiKey(ExpiresInDays: 1), null, Ct);
        var (revoked, revokedSecret) = await site.NewKeyAsync(person);
        await keys.RevokeAsync(person.Caller, revoked.Id, null, Ct);
        clock.Now += TimeSpan.FromDays(1);
        string[] refused =
        [
            secret[..^1] + (secret[^1] == 'x' ? 'y' : 'x'),
            $"{good.Prefix[..^8]}zzzzzzzz_{secret[^43..]}",
            expiring.Secret,
            revokedSecret,
            "bp_sk_live_short",
            "nonsense",
        ];

        var answers = new List<string>();
        using var nobody = site.NewClient();
        answers.Add(await AnswerAsync(nobody));
        foreach (var presented in refused)
        {
            using var client = site.NewClient(presented);
            answers.Add(await AnswerAsync(client));
        }

        Assert.Single(answers.Distinct());
        Assert.StartsWith("401", answers[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("free", true)]
    [InlineData("lite", false)]
    public async Task A_key_of_an_organization_whose_plan_has_no_api_is_asked_to_upgrade(string plan, bool upgrade)
    {
        var site = portal.Site;
        using var integrator = await site.NewKeyClientAsync(await site.SignUpAsync(plan: plan));

        var response = await integrator.GetAsync("v1/keys", Ct);
        var error = await response.Content.ReadFromJsonAsync<JsonElement>(Ct);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal(upgrade ? "UPGRADE_REQUIRED" : "DASHBOARD_SESSION_REQUIRED", error.GetProperty("code").GetString());
        Assert.Equal(upgrade, error.TryGetProperty("upgrade", out var value) && value.GetBoolean());
    }

    [Fact]
    public async Task A_key_in_the_query_string_is_refused()
    {
        var site = portal.Site;
        var (_, secret) = await site.NewKeyAsync(await site.SignUpAsync(plan: "pro"));
        using var client = site.NewClient();

        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync($"v1/keys?api_key={secret}", Ct)).StatusCode);
    }

    [Fact]
    public async Task Another_organization_neither_sees_nor_revokes_a_key()
    {
        var site = portal.Site;
        var person = await site.SignUpAsync(plan: "pro");
        var (key, secret) = await site.NewKeyAsync(person);
        using var stranger = await site.NewUserClientAsync(await site.SignUpAsync(plan: "pro"));

        Assert.DoesNotContain(key.Id, await stranger.GetStringAsync("v1/keys", Ct), StringComparison.Ordinal);
        var revoke = await stranger.PostAsJsonAsync("v1/keys/revoke", new { key_id = key.Id }, Ct);

        Assert.Equal(HttpStatusCode.NotFound, revoke.StatusCode);
        Assert.NotNull(await site.Services.GetRequiredService<ApiKeys>().AuthenticateAsync(secret, Ct));
    }

    [Fact]
    public async Task Only_a_platform_administrator_gives_a_key_the_right_to_mint_credit_and_it_ends_with_that_role()
    {
        var site = portal.Site;
        var administrator = await site.SignUpAsync(administrator: true, plan: "pro");
        using var owner = await site.NewUserClientAsync(await site.SignUpAsync(plan: "pro"));
        using var admin = await site.NewUserClientAsync(administrator);
        var wish = new { scopes = new[] { "billing:read", "billing:write" } };

        var refused = await owner.PostAsJsonAsync("v1/keys/generate", wish, Ct);
        var secret = (await PostAsync(admin, "v1/keys/generate", wish)).GetProperty("api_key").GetString()!;
        var keys = site.Services.GetRequiredService<ApiKeys>();

        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.True((await keys.AuthenticateAsync(secret, Ct))!.IsPlatformAdministrator);

        await using var db = await ContextAsync(site);
        await db.Users.Where(user => user.Id == administrator.Id).ExecuteUpdateAsync(update => update.SetProperty(user => user.IsPlatformAdministrator, false), Ct);
        var demoted = await keys.AuthenticateAsync(secret, Ct);
        Assert.False(demoted!.IsPlatformAdministrator);
        Assert.DoesNotContain(Scopes.BillingWrite, demoted.Scopes);
    }

    [Fact]
    public async Task A_member_who_is_no_owner_makes_no_key()
    {
        var site = portal.Site;
        var owner = await site.SignUpAsync(plan: "pro");
        var member = await site.SignUpAsync(plan: "pro");
        await using (var scope = site.Services.CreateAsyncScope())
        {
            var user = await scope.ServiceProvider.GetRequiredService<UserManager<User>>().FindByIdAsync(member.Id);
            var organizations = site.Services.GetRequiredService<Organizations>();
            await organizations.AddMemberAsync(owner.OrganizationId, user!, MemberRole.Member, Ct);
            await organizations.ChooseAsync(member.Id, owner.OrganizationId, Ct);
        }

        using var client = await site.NewUserClientAsync(member);
        var response = await client.PostAsJsonAsync("v1/keys/generate", new { }, Ct);

        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("v1/keys", Ct)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Theory]
    [InlineData("{\"scopes\":[\"everything\"]}", "scopes")]
    [InlineData("{\"scopes\":[]}", "scopes")]
    [InlineData("{\"scopes\":[null]}", "scopes")]
    [InlineData("{\"scopes\":\"billing:read\"}", "scopes")]
    [InlineData("{\"expires_in_days\":0}", "expires_in_days")]
    [InlineData("{\"expires_in_days\":1.5}", "expires_in_days")]
    [InlineData("{\"expires_in_days\":\"10\"}", "expires_in_days")]
    [InlineData("{\"expires_in_days\":9223372036854775808}", "expires_in_days")]
    [InlineData("{\"name\":[]}", "name")]
    public async Task A_wish_that_cannot_be_is_refused_by_the_name_of_its_field(string body, string field)
    {
        var site = portal.Site;
        using var owner = await site.NewUserClientAsync(await site.SignUpAsync(plan: "pro"));
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        var response = await owner.PostAsync("v1/keys/generate", content, Ct);
        var error = await response.Content.ReadFromJsonAsync<JsonElement>(Ct);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(field, error.GetProperty("field").GetString());
        Assert.Equal("Bad request", error.GetProperty("error").GetString());
    }

    [Fact]
    public async Task An_organization_has_no_more_keys_than_the_limit_however_many_are_wanted_at_once()
    {
        await using var site = Site.Start(portal.Database, new Dictionary<string, string?> { ["ApiKeys:MaxPerOrganization"] = "3" });
        var person = await site.SignUpAsync(plan: "pro");
        var keys = site.Services.GetRequiredService<ApiKeys>();

        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => keys.CreateAsync(person.Caller, new NewApiKey(), null, Ct)));

        Assert.Equal(3, made.Count(result => result is ApiKeyCreation.Created));
        Assert.Equal(5, made.Count(result => result is ApiKeyCreation.TooMany));
    }

    [Fact]
    public async Task Keys_are_listed_page_by_page_newest_first()
    {
        var site = portal.Site;
        var person = await site.SignUpAsync(plan: "pro");
        var made = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            made.Add((await site.NewKeyAsync(person)).Key.Id);
            portal.Clock.Now += TimeSpan.FromMilliseconds(1);
        }

        var keys = site.Services.GetRequiredService<ApiKeys>();
        var read = new List<string>();
        string? after = null;
        do
        {
            var page = await keys.ListAsync(person.Caller, after, 2, Ct);
            read.AddRange(page.Keys.Select(key => key.Id));
            after = page.NextAfter;
        }
        while (after is not null);

        Assert.Equal(Enumerable.Reverse(made), read);
    }

    [Fact]
    public async Task A_replaced_key_works_beside_the_new_one_until_its_grace_ends_and_no_longer()
    {
        var (site, clock) = (portal.Site, portal.Clock);
        var person = await site.SignUpAsync(plan: "pro");
        using var owner = await site.NewUserClientAsync(person);
        var old = await PostAsync(owner, "v1/keys/generate", new { name = "deploy", scopes = Reading, expires_in_days = 30 });
        clock.Now += TimeSpan.FromDays(10);
        using var later = await site.NewUserClientAsync(person);

        var made = await PostAsync(later, "v1/keys/rotate", new { key_id = Text(old, "id"), grace_seconds = 3600 });
        using var oldClient = site.NewClient(Text(old, "api_key"));
        using var newClient = site.NewClient(Text(made, "api_key"));

        Assert.Equal(("deploy", Text(old, "id")), (Text(made, "name"), Text(made, "replaces")));
        Assert.Equal(clock.Now.AddDays(30), made.GetProperty("expires_at").GetDateTimeOffset());
        Assert.Equal(clock.Now.AddHours(1), made.GetProperty("old_key_expires_at").GetDateTimeOffset());
        Assert.Equal(Reading, made.GetProperty("scopes").EnumerateArray().Select(scope => scope.GetString()));
        Assert.Equal((403, 403), (await StatusAsync(oldClient), await StatusAsync(newClient)));
        clock.Now += TimeSpan.FromHours(1) - TimeSpan.FromMilliseconds(1);
        Assert.Equal(403, await StatusAsync(oldClient));
        clock.Now += TimeSpan.FromMilliseconds(1);
        Assert.Equal((401, 403), (await StatusAsync(oldClient), await StatusAsync(newClient)));

        var keys = (await site.Services.GetRequiredService<ApiKeys>().ListAsync(person.Caller, null, 10, Ct)).Keys;
        Assert.Equal(Text(old, "id"), keys[0].Replaces?.Id);
        Assert.Equal((false, Text(made, "id")), (keys[1].IsActive, keys[1].ReplacedBy?.Id));
    }

    [Fact]
    public async Task A_key_is_replaced_at_once_once_and_only_while_it_works()
    {
        var site = portal.Site;
        var person = await site.SignUpAsync(plan: "pro");
        using var owner = await site.NewUserClientAsync(person);
        var (key, secret) = await site.NewKeyAsync(person);
        var (revoked, _) = await site.NewKeyAsync(person);
        await PostAsync(owner, "v1/keys/revoke", new { key_id = revoked.Id });
        using var integrator = site.NewClient(secret);

        var first = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => owner.PostAsJsonAsync("v1/keys/rotate", new { key_id = key.Id, grace_seconds = 0 }, Ct)));
        var refused = await owner.PostAsJsonAsync("v1/keys/rotate", new { key_id = revoked.Id }, Ct);

        Assert.Equal([200, 409, 409, 409], first.Select(answer => (int)answer.StatusCode).Order());
        var repeated = await first.First(answer => answer.StatusCode is HttpStatusCode.Conflict).Content.ReadFromJsonAsync<JsonElement>(Ct);
        Assert.Equal("KEY_ALREADY_REPLACED", Text(repeated, "code"));
        Assert.Equal(401, await StatusAsync(integrator));
        Assert.Equal((HttpStatusCode.Conflict, "KEY_NOT_ACTIVE"), (refused.StatusCode, Text(await refused.Content.ReadFromJsonAsync<JsonElement>(Ct), "code")));
    }

    [Fact]
    public async Task A_lost_answer_of_a_rotation_is_given_again_with_the_same_secret()
    {
        var site = portal.Site;
        var person = await site.SignUpAsync(plan: "pro");
        using var owner = await site.NewUserClientAsync(person);
        var (key, _) = await site.NewKeyAsync(person);
        var body = JsonSerializer.Serialize(new { key_id = key.Id });

        var first = await owner.PostAsync("v1/keys/rotate", body, "rotate-1");
        var again = await owner.PostAsync("v1/keys/rotate", body, "rotate-1");

        Assert.Equal(200, first.Status);
        Assert.Equal(first with { IsReplay = true }, again);
        Assert.Equal(2, (await site.Services.GetRequiredService<ApiKeys>().ListAsync(person.Caller, null, 10, Ct)).Keys.Count);
    }

    [Theory]
    [InlineData("{\"key_id\":\"key_none\"}", 404, null)]
    [InlineData("{}", 400, "key_id")]
    [InlineData("{\"key_id\":\"key_none\",\"grace_seconds\":-1}", 400, "grace_seconds")]
    [InlineData("{\"key_id\":\"key_none\",\"grace_seconds\":604801}", 400, "grace_seconds")]
    [InlineData("{\"key_id\":\"key_none\",\"grace_seconds\":\"60\"}", 400, "grace_seconds")]
    public async Task A_rotation_that_cannot_be_is_refused(string body, int status, string? field)
    {
        using var owner = await portal.Site.NewUserClientAsync(await portal.Site.SignUpAsync(plan: "pro"));

        var answer = await owner.PostAsync("v1/keys/rotate", body, null);

        Assert.Equal((status, field), (answer.Status, answer.Json.TryGetProperty("field", out var named) ? named.GetString() : null));
    }

    [Fact]
    public async Task Nobody_else_rotates_a_key_and_one_that_mints_credit_only_an_administrator()
    {
        var site = portal.Site;
        var administrator = await site.SignUpAsync(administrator: true, plan: "pro");
        var keys = site.Services.GetRequiredService<ApiKeys>();
        var (key, secret) = await site.NewKeyAsync(administrator, Scopes.BillingWrite);
        using var stranger = await site.NewUserClientAsync(await site.SignUpAsync(plan: "pro"));
        using var integrator = site.NewClient(secret);
        var body = JsonSerializer.Serialize(new { key_id = key.Id });

        Assert.Equal(404, (await stranger.PostAsync("v1/keys/rotate", body, null)).Status);
        Assert.Equal(403, (await integrator.PostAsync("v1/keys/rotate", body, null)).Status);
        var mere = Caller.ForUser(administrator.Id, administrator.OrganizationId, MemberRole.Owner);
        await Assert.ThrowsAsync<AccessDeniedException>(() => keys.RotateAsync(mere, key.Id, TimeSpan.Zero, null, Ct));
        Assert.IsType<ApiKeyRotation.Rotated>(await keys.RotateAsync(administrator.Caller, key.Id, TimeSpan.Zero, null, Ct));
    }

    [Fact]
    public async Task With_as_many_keys_as_there_may_be_each_can_still_be_replaced()
    {
        await using var site = Site.Start(portal.Database, new Dictionary<string, string?> { ["ApiKeys:MaxPerOrganization"] = "1" });
        var person = await site.SignUpAsync(plan: "pro");
        var keys = site.Services.GetRequiredService<ApiKeys>();
        var (first, _) = await site.NewKeyAsync(person);

        var second = Assert.IsType<ApiKeyRotation.Rotated>(await keys.RotateAsync(person.Caller, first.Id, ApiKeys.MaxGrace, null, Ct)).New.Key;

        Assert.IsType<ApiKeyCreation.TooMany>(await keys.CreateAsync(person.Caller, new NewApiKey(), null, Ct));
        Assert.IsType<ApiKeyRotation.TooMany>(await keys.RotateAsync(person.Caller, second.Id, ApiKeys.MaxGrace, null, Ct));
        await keys.RevokeAsync(person.Caller, first.Id, null, Ct);
        Assert.IsType<ApiKeyRotation.Rotated>(await keys.RotateAsync(person.Caller, second.Id, ApiKeys.MaxGrace, null, Ct));
    }

    [Fact]
    public async Task The_last_use_of_a_key_is_written_down_when_the_portal_stops()
    {
        var person = default(Person)!;
        await using (var site = portal.StartAnother())
        {
            person = await site.SignUpAsync(plan: "pro");
            using var client = await site.NewKeyClientAsync(person);
            await client.GetAsync("v1/keys", Ct);
        }

        Assert.NotNull(Assert.Single((await portal.Site.Services.GetRequiredService<ApiKeys>().ListAsync(person.Caller, null, 10, Ct)).Keys).LastUsedAt);
    }

    private static string Text(JsonElement body, string field) => body.GetProperty(field).GetString()!;

    /// <summary>403 for a key that works, because keys may not manage keys; 401 for one that does not.</summary>
    private static async Task<int> StatusAsync(HttpClient client) => (int)(await client.GetAsync("v1/keys", Ct)).StatusCode;

    private static async Task<string> AnswerAsync(HttpClient client)
    {
        var response = await client.GetAsync("v1/keys", Ct);
        var fields = await response.Content.ReadFromJsonAsync<Dictionary<string, JsonElement>>(Ct);
        fields!.Remove("traceId");
        return $"{(int)response.StatusCode} {JsonSerializer.Serialize(fields)}";
    }

    private static async Task<JsonElement> PostAsync(HttpClient client, string path, object body)
    {
        var response = await client.PostAsJsonAsync(path, body, Ct);
        return await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(Ct);
    }

    private static Task<BillingDbContext> ContextAsync(Site site) => site.Services.GetRequiredService<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync();
}

public sealed class KeyTestsOnSqlite(KeyedSite<SqliteEngine> portal) : KeyTests<SqliteEngine>(portal);

public sealed class KeyTestsOnPostgres(KeyedSite<PostgresEngine> portal) : KeyTests<PostgresEngine>(portal)
{
    private readonly KeyedSite<PostgresEngine> portal = portal;

    [Fact]
    public async Task A_key_revoked_or_replaced_on_one_instance_is_refused_at_the_next_request_on_another()
    {
        var here = portal.Site;
        await using var there = portal.StartAnother();
        var person = await here.SignUpAsync(plan: "pro");
        var keys = here.Services.GetRequiredService<ApiKeys>();
        var cancel = TestContext.Current.CancellationToken;
        for (var round = 0; round < 5; round++)
        {
            var (key, secret) = await here.NewKeyAsync(person);
            using var integrator = there.NewClient(secret);
            Assert.Equal(HttpStatusCode.Forbidden, (await integrator.GetAsync("v1/keys", cancel)).StatusCode);

            if (round % 2 == 0)
            {
                Assert.NotNull(await keys.RevokeAsync(person.Caller, key.Id, null, cancel));
            }
            else
            {
                Assert.IsType<ApiKeyRotation.Rotated>(await keys.RotateAsync(person.Caller, key.Id, TimeSpan.Zero, null, cancel));
            }

            Assert.Equal(HttpStatusCode.Unauthorized, (await integrator.GetAsync("v1/keys", cancel)).StatusCode);
        }
    }
}

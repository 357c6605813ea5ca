using System.Data.Common;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Audit;
using BillingPortal.Gifting;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Purchases;
using BillingPortal.Store;
using BillingPortal.Tests.Api;
using BillingPortal.Tests.Support;
using BillingPortal.Webhooks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Audit;

public abstract class AuditLogTests<TEngine>(KeyedSite<TEngine> portal) : IClassFixture<KeyedSite<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private AuditLog Log => portal.Site.Services.GetRequiredService<AuditLog>();

    [Fact]
    public async Task A_change_is_logged_with_who_made_it_from_where_and_what_it_changed()
    {
        var owner = await portal.Site.SignUpAsync(plan: "pro");
        using var client = await portal.Site.NewUserClientAsync(owner);

        var made = await client.PostAsJsonAsync("v1/keys/generate", new { name = "ci-prod" }, Ct);
        made.EnsureSuccessStatusCode();
        var secret = (await made.Content.ReadFromJsonAsync<JsonElement>(Ct)).GetProperty("api_key").GetString()!;

        var entry = Assert.Single((await Log.ListAsync(owner.Caller, new AuditQuery(), Ct)).Entries);
        Assert.Equal((AuditActs.KeyCreated, owner.Caller.Actor, null), (entry.Act, entry.Actor, entry.Before));
        Assert.True(IPAddress.IsLoopback(IPAddress.Parse(entry.Address!)));
        Assert.Contains("ci-prod", entry.After, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, JsonSerializer.Serialize(entry), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_refused_or_changed_nothing_is_not_logged()
    {
        var owner = await portal.Site.SignUpAsync(plan: "pro");
        var keys = portal.Site.Services.GetRequiredService<ApiKeys>();
        var (key, _) = await portal.Site.NewKeyAsync(owner);

        await keys.RevokeAsync(owner.Caller, key.Id, null, Ct);
        await keys.RevokeAsync(owner.Caller, key.Id, null, Ct);
        await keys.CreateAsync(owner.Caller, new NewApiKey(Scopes: []), null, Ct);

        Assert.Equal([AuditActs.KeyCreated, AuditActs.KeyRevoked], (await Log.ListAsync(owner.Caller, new AuditQuery(), Ct)).Entries.Select(entry => entry.Act).Order());
    }

    [Fact]
    public async Task A_grant_is_logged_with_the_balance_before_and_after_in_the_log_of_who_has_it()
    {
        var (administrator, person) = (await portal.Site.SignUpAsync(administrator: true), await portal.Site.SignUpAsync());
        var granted = Assert.IsType<GrantResult.Granted>(await portal.Site.Services.GetRequiredService<BonusGrants>()
            .GrantAsync(administrator.Caller, new GrantWish(person.Email, 25, Note: "sorry"), null, Ct));

        var entry = Assert.Single((await Log.ListAsync(person.Caller, new AuditQuery(), Ct)).Entries);
        var (before, after) = (JsonElement.Parse(entry.Before!), JsonElement.Parse(entry.After!));
        Assert.Equal((granted.TransactionId, administrator.Caller.Actor), (entry.Subject, entry.Actor));
        Assert.Equal(25, after.GetProperty("balance").GetDecimal() - before.GetProperty("balance").GetDecimal());
        Assert.Equal("sorry", after.GetProperty("note").GetString());
    }

    [Fact]
    public async Task Money_rules_details_and_webhooks_are_logged_with_what_they_were_before()
    {
        var owner = await portal.Site.SignUpAsync(plan: "pro");
        await portal.Get<AutoReloads>().SaveAsync(owner.Caller, false, new AutoReloadRule(Money.FromDollars(10), Money.FromDollars(50), null), Ct);
        await portal.Get<AutoReloads>().SaveAsync(owner.Caller, true, new AutoReloadRule(Money.FromDollars(20), Money.FromDollars(50), null), Ct);
        await portal.Get<BillingDetailsBook>().ChangeAsync(owner.Caller, new BillingDetails("Acme", "Main Street 1", "", ""), Ct);
        await portal.Get<Organizations>().RenameAsync(owner.Caller, "Acme Ltd", Ct);
        var webhooks = portal.Get<WebhookSubscriptions>();
        var added = Assert.IsType<WebhookChange.Done>(await webhooks.AddAsync(owner.Caller, "https://example.com/hook", ["post.created"], null, Ct));
        await webhooks.ChangeAsync(owner.Caller, added.Endpoint.Id, new WebhookEdit(IsActive: false), Ct);
        await webhooks.RollSecretAsync(owner.Caller, added.Endpoint.Id, 1, null, Ct);
        await webhooks.RemoveAsync(owner.Caller, added.Endpoint.Id, Ct);
        await webhooks.RemoveAsync(owner.Caller, added.Endpoint.Id, Ct);

        var entries = (await Log.ListAsync(owner.Caller, new AuditQuery(), Ct)).Entries.OrderBy(entry => entry.Act, StringComparer.Ordinal).ToList();

        Assert.Equal(
            [
                AuditActs.AutoReloadChanged, AuditActs.AutoReloadChanged, AuditActs.BillingDetailsChanged, AuditActs.OrganizationRenamed,
                AuditActs.WebhookAdded, AuditActs.WebhookChanged, AuditActs.WebhookRemoved, AuditActs.WebhookSecretRolled,
            ],
            entries.Select(entry => entry.Act));
        var rule = Assert.Single(entries, entry => entry.Act is AuditActs.AutoReloadChanged && entry.Before is not null);
        Assert.Equal((10, 20), (JsonElement.Parse(rule.Before!).GetProperty("threshold").GetDecimal(), JsonElement.Parse(rule.After!).GetProperty("threshold").GetDecimal()));
        Assert.Contains("Acme Ltd", entries[3].After, StringComparison.Ordinal);
        Assert.Null(entries[^2].After);
        Assert.DoesNotContain("whsec_", JsonSerializer.Serialize(entries), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Owners_read_their_own_members_nothing_and_platform_administrators_all()
    {
        var (one, other, administrator) = (await ActiveAsync(), await ActiveAsync(), await portal.Site.SignUpAsync(administrator: true));
        var member = Caller.ForUser(other.Id, one.OrganizationId, MemberRole.Billing);

        Assert.All((await Log.ListAsync(one.Caller, new AuditQuery(), Ct)).Entries, entry => Assert.Equal(one.OrganizationId, entry.OrganizationId));
        Assert.Equal(new[] { one.OrganizationId, other.OrganizationId }.Order(), (await Log.ListAllAsync(administrator.Caller, null, new AuditQuery(Limit: 1000), Ct)).Entries
            .Select(entry => entry.OrganizationId).Distinct().Where(id => id == one.OrganizationId || id == other.OrganizationId).Order());
        Assert.All((await Log.ListAllAsync(administrator.Caller, other.OrganizationId, new AuditQuery(), Ct)).Entries, entry => Assert.Equal(other.OrganizationId, entry.OrganizationId));
        await Assert.ThrowsAsync<AccessDeniedException>(() => Log.ListAsync(member, new AuditQuery(), Ct));
        await Assert.ThrowsAsync<AccessDeniedException>(() => Log.ListAllAsync(one.Caller, one.OrganizationId, new AuditQuery(), Ct));
    }

    [Fact]
    public async Task It_is_searched_by_person_subject_act_network_and_time_and_read_in_pages()
    {
        var owner = await portal.Site.SignUpAsync(plan: "pro");
        var clock = portal.Site.Services.GetRequiredService<TimeProvider>();
        var from = clock.Now();
        var (key, _) = await portal.Site.NewKeyAsync(owner);
        await portal.Site.NewKeyAsync(owner);
        portal.Clock.Now += TimeSpan.FromSeconds(1);
        await portal.Site.Services.GetRequiredService<ApiKeys>().RevokeAsync(owner.Caller with { Address = "192.0.2.7" }, key.Id, null, Ct);

        async Task<int> CountAsync(AuditQuery query) => (await Log.ListAsync(owner.Caller, query, Ct)).Entries.Count;

        Assert.Equal(3, await CountAsync(new AuditQuery(owner.Email)));
        Assert.Equal(2, await CountAsync(new AuditQuery(key.Id)));
        Assert.Equal(1, await CountAsync(new AuditQuery("192.0.2.7")));
        Assert.Equal(0, await CountAsync(new AuditQuery("nobody@example.com")));
        Assert.Equal(2, await CountAsync(new AuditQuery(Act: AuditActs.KeyCreated)));
        Assert.Equal(3, await CountAsync(new AuditQuery(From: from)));
        Assert.Equal(0, await CountAsync(new AuditQuery(To: from)));
        var first = await Log.ListAsync(owner.Caller, new AuditQuery(Limit: 2), Ct);
        var second = await Log.ListAsync(owner.Caller, new AuditQuery(Before: first.NextBefore, Limit: 2), Ct);
        Assert.Equal((2, 1, null), (first.Entries.Count, second.Entries.Count, second.NextBefore));
        Assert.Equal(AuditActs.KeyRevoked, first.Entries[0].Act);
    }

    [Theory]
    [InlineData("UPDATE audit_entries SET actor = 'user:nobody'")]
    [InlineData("DELETE FROM audit_entries")]
    public async Task The_database_itself_refuses_to_alter_it(string statement)
    {
        await ActiveAsync();
        await using var db = await portal.Site.Services.GetRequiredService<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Ct);

        var refusal = await Assert.ThrowsAnyAsync<DbException>(() => db.Database.ExecuteSqlRawAsync(statement, Ct));

        Assert.Contains("only ever added to", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_names_behind_actors_are_told_to_their_own_organization_and_to_administrators()
    {
        var (one, other, administrator) = (await ActiveAsync(), await ActiveAsync(), await portal.Site.SignUpAsync(administrator: true));
        var names = portal.Site.Services.GetRequiredService<ActorNames>();
        string[] actors = [one.Caller.Actor, other.Caller.Actor, "system:expiry"];

        Assert.Equal([one.Email], (await names.FindAsync(one.Caller, actors, Ct)).Values);
        Assert.Equal(new[] { one.Email, other.Email }.Order(), (await names.FindAsync(administrator.Caller, actors, Ct)).Values.Order());
    }

    private async Task<Person> ActiveAsync()
    {
        var person = await portal.Site.SignUpAsync(plan: "pro");
        await portal.Site.NewKeyAsync(person);
        return person;
    }
}

public sealed class AuditActsTests
{
    [Fact]
    public void Every_act_can_be_searched_for() => Assert.Equal(
        typeof(AuditActs).GetFields().Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!).Order(), AuditActs.All.Order());
}

public sealed class AuditLogTestsOnSqlite(KeyedSite<SqliteEngine> portal) : AuditLogTests<SqliteEngine>(portal);

public sealed class AuditLogTestsOnPostgres(KeyedSite<PostgresEngine> portal) : AuditLogTests<PostgresEngine>(portal);

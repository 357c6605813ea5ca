using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Tests.Api;
using BillingPortal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Accounts;

public abstract class PasswordCheckTests<TEngine>(KeyedSite<TEngine> portal) : IClassFixture<KeyedSite<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_password_is_taken_again_and_five_wrong_ones_let_the_account_rest()
    {
        var person = await portal.Site.SignUpAsync();
        var checks = portal.Site.Services.GetRequiredService<PasswordChecks>();
        Task<PasswordCheck> CheckAsync(string password, string address) => checks.CheckAsync(person.Caller with { Address = address }, password, Ct);

        Assert.Equal(PasswordCheck.Right, await CheckAsync(Person.Password, "192.0.2.1"));
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(PasswordCheck.Wrong, await CheckAsync("not my password", $"192.0.2.{i + 10}"));
        }

        Assert.Equal(PasswordCheck.Wrong, await CheckAsync(Person.Password, "192.0.2.2"));
    }

    [Fact]
    public async Task Guessing_from_one_network_is_throttled_whoever_is_asked_for()
    {
        var checks = portal.Site.Services.GetRequiredService<PasswordChecks>();
        var answers = new List<PasswordCheck>();
        for (var i = 0; i < 40 && !answers.Contains(PasswordCheck.Throttled); i++)
        {
            var person = await portal.Site.SignUpAsync();
            answers.Add(await checks.CheckAsync(person.Caller with { Address = "198.51.100.1" }, "not my password", Ct));
        }

        Assert.Contains(PasswordCheck.Throttled, answers);
    }

    [Fact]
    public void Only_an_administrator_who_gave_the_password_lately_moves_credit_by_hand()
    {
        var administrator = Caller.ForUser("u", "org", MemberRole.Owner, isPlatformAdministrator: true);
        AccessDenial Denied(Caller caller) => Assert.Throws<AccessDeniedException>(() => caller.DemandConfirmedAdministrator(Now)).Denial;

        (administrator with { ConfirmedAt = Now.AddMinutes(-9) }).DemandConfirmedAdministrator(Now);
        Assert.Equal(AccessDenial.PasswordNeeded, Denied(administrator));
        Assert.Equal(AccessDenial.PasswordNeeded, Denied(administrator with { ConfirmedAt = Now.AddMinutes(-10) }));
        Assert.Equal(AccessDenial.NotAdministrator, Denied(Caller.ForUser("u", "org", MemberRole.Owner) with { ConfirmedAt = Now }));
        Assert.Equal(AccessDenial.SessionRequired, Denied(Caller.ForKey("k", "org", Scopes.All, mintsCredit: true) with { ConfirmedAt = Now }));
    }

    [Fact]
    public void An_administrator_who_looks_at_another_organization_has_no_role_there()
    {
        var visitor = Caller.ForUser("u", "org", MemberRole.Owner, isPlatformAdministrator: true).Visiting("other");

        Assert.Equal("other", visitor.OrganizationId);
        Assert.Throws<AccessDeniedException>(() => visitor.DemandRole(MemberRole.Member));
        Assert.Throws<AccessDeniedException>(() => Caller.ForUser("u", "org", MemberRole.Owner).Visiting("other"));
    }
}

public sealed class PasswordCheckTestsOnSqlite(KeyedSite<SqliteEngine> portal) : PasswordCheckTests<SqliteEngine>(portal);

public sealed class PasswordCheckTestsOnPostgres(KeyedSite<PostgresEngine> portal) : PasswordCheckTests<PostgresEngine>(portal);

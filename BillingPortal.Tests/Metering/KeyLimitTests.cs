using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Metering;

public abstract class KeyLimitTests<TEngine>(MeteredSite<TEngine> portal) : IClassFixture<MeteredSite<TEngine>>, IDisposable
    where TEngine : IStoreEngine, new()
{
    private static readonly DateTimeOffset Midnight = MeteredSite<TEngine>.Noon.AddHours(-12);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        portal.Clock.Now = MeteredSite<TEngine>.Noon;
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_limited_key_is_refused_by_its_own_name_while_other_keys_and_people_go_on()
    {
        var customer = await portal.NewCustomerAsync();
        var (_, secret) = await portal.Site.NewKeyAsync(customer.Person);
        var second = customer with { Client = portal.Site.NewClient(secret) };
        Assert.Equal(200, (await ChatAsync(customer, 30)).Status);
        Assert.Equal(200, (await ChatAsync(second, 100)).Status);

        // What it took before it was limited counts, and what the other took does not.
        Assert.True(await LimitAsync(customer, perDay: 50, perMonth: 70));
        var tooMuch = await ChatAsync(customer, 21);
        Assert.Equal(200, (await ChatAsync(customer, 20)).Status);

        Assert.Equal((402, "SPEND_LIMIT_REACHED", "key", "day", 50m, 20m), (
            tooMuch.Status, tooMuch.Text("code"), tooMuch.Text("limitOf"), tooMuch.Text("period"), tooMuch["limit"].GetDecimal(), tooMuch["left"].GetDecimal()));
        Assert.Equal("Need 21 credits; this API key's own limit of 50 a day leaves 20.", tooMuch.Text("message"));
        Assert.Equal(402, (await ChatAsync(customer, 1)).Status);
        Assert.Equal(200, (await ChatAsync(second, 500)).Status);
        Assert.Equal(200, (await (await portal.AsUserAsync(customer)).SendAsync("""{"id":"by hand","operation":"chat","quantity":200}""")).Status);
        Assert.Equal((50m, 50m), await SpentAsync(customer));

        portal.Clock.Now = Midnight.AddDays(1);
        Assert.Equal(("month", 20m), (await ChatAsync(customer, 21)) is var month ? (month.Text("period"), month["left"].GetDecimal()) : default);
        Assert.Equal(200, (await ChatAsync(customer, 20)).Status);
        Assert.Equal((20m, 70m), await SpentAsync(customer));
        portal.Clock.Now = new DateTimeOffset(2027, 4, 1, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal(200, (await ChatAsync(customer, 50)).Status);
        await LimitAsync(customer);
        Assert.Equal(200, (await ChatAsync(customer, 100)).Status);
        await LimitAsync(customer, perDay: 160);
        Assert.Equal(10m, (await ChatAsync(customer, 11))["left"].GetDecimal());
    }

    [Fact]
    public async Task However_many_charge_at_once_on_however_many_instances_a_keys_limit_is_met_and_never_passed()
    {
        var customer = await portal.NewCustomerAsync();
        await LimitAsync(customer, perDay: 100);
        await using var other = portal.StartAnother();
        var instances = new[] { portal.Site, other }.Select(site => site.Services.GetRequiredService<UsageIngestion>()).ToList();
        var key = Caller.ForKey(customer.KeyId, customer.Organization, [Scopes.UsageWrite]);

        var results = await Task.WhenAll(Enumerable.Range(0, 120).Select(i => Task.Run(async () => (await instances[i % instances.Count].IngestAsync(
            key, [new UsageEvent($"{i}", "figma_export", null, null, UsageProperties.None)], Cancel)).Single())));

        Assert.Equal((10, 110), (results.Count(result => result.Status is UsageStatus.Charged), results.Count(result => result.Rejection?.Code == UsageRejection.SpendLimitReached)));
        Assert.Equal((100m, 100m), await SpentAsync(customer));
        Assert.True((await portal.Get<LedgerVerification>().VerifyAsync(null, Cancel)).IsSound);
    }

    [Fact]
    public async Task A_limit_set_while_the_key_is_charging_counts_all_that_it_took()
    {
        var customer = await portal.NewCustomerAsync();
        var ingestion = portal.Get<UsageIngestion>();
        var key = Caller.ForKey(customer.KeyId, customer.Organization, [Scopes.UsageWrite]);
        var charging = Enumerable.Range(0, 60).Select(i => Task.Run(() => ingestion.IngestAsync(
            key, [new UsageEvent($"{i}", "chat", null, null, UsageProperties.None)], Cancel))).ToList();

        await LimitAsync(customer, perDay: 100);
        await Task.WhenAll(charging);

        var rest = await ChatAsync(customer, 41);
        Assert.Equal((402, 40m), (rest.Status, rest["left"].GetDecimal()));
        Assert.Equal(200, (await ChatAsync(customer, 40)).Status);
    }

    [Fact]
    public async Task What_a_key_holds_counts_for_it_alone_and_its_own_capture_fits()
    {
        var customer = await portal.NewCustomerAsync();
        await LimitAsync(customer, perDay: 50);
        var user = await portal.AsUserAsync(customer);

        await user.PostAsync("api/v1/holds", """{"operation":"chat","quantity":500,"expiresInSeconds":60}""");
        var hold = await customer.PostAsync("api/v1/holds", """{"operation":"chat","quantity":40,"expiresInSeconds":60}""");
        var another = await customer.PostAsync("api/v1/holds", """{"operation":"chat","quantity":11,"expiresInSeconds":60}""");
        var beside = await ChatAsync(customer, 10);
        var captured = await customer.PostAsync($"api/v1/holds/{hold.Text("id")}/capture", """{"quantity":40}""");

        Assert.Equal((200, 402, "key", 10m), (hold.Status, another.Status, another.Text("limitOf"), another["left"].GetDecimal()));
        Assert.Equal((200, 200), (beside.Status, captured.Status));
        Assert.Equal(402, (await ChatAsync(customer, 1)).Status);
    }

    [Fact]
    public async Task A_key_that_replaces_a_limited_one_has_its_limits_and_has_taken_nothing()
    {
        var customer = await portal.NewCustomerAsync();
        await LimitAsync(customer, perDay: 50);
        Assert.Equal(200, (await ChatAsync(customer, 50)).Status);

        var rotated = Assert.IsType<ApiKeyRotation.Rotated>(await portal.Get<ApiKeys>().RotateAsync(customer.Person.Caller, customer.KeyId, TimeSpan.Zero, null, Cancel));
        var next = customer with { KeyId = rotated.New.Key.Id, Client = portal.Site.NewClient(rotated.New.Secret) };

        Assert.Equal(50m, (await ChatAsync(next, 51))["left"].GetDecimal());
        Assert.Equal(200, (await ChatAsync(next, 50)).Status);
    }

    [Fact]
    public async Task Only_an_owner_limits_a_key_and_only_one_of_the_own_organization()
    {
        var (customer, stranger) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync());
        var limits = portal.Get<KeySpendLimits>();
        var member = Caller.ForUser(customer.Person.Id, customer.Organization, MemberRole.Billing, false);

        Assert.False(await limits.SetAsync(stranger.Person.Caller, customer.KeyId, new SpendLimits(Credits.Zero, null), Cancel));
        await Assert.ThrowsAsync<AccessDeniedException>(() => limits.SetAsync(member, customer.KeyId, default, Cancel));
        await Assert.ThrowsAsync<AccessDeniedException>(() => limits.GetAsync(Caller.ForKey(customer.KeyId, customer.Organization, [Scopes.BillingRead]), [customer.KeyId], Cancel));
        await LimitAsync(customer, perDay: 5);

        Assert.Equal(KeySpendView.None, (await limits.GetAsync(stranger.Person.Caller, [customer.KeyId], Cancel))[customer.KeyId]);
        Assert.Equal(new SpendLimits(Credits.FromWhole(5), null), (await limits.GetAsync(member, [customer.KeyId], Cancel))[customer.KeyId].Limits);
    }

    private static Task<Answer> ChatAsync(Customer customer, int messages) =>
        customer.SendAsync(new { id = Guid.NewGuid().ToString(), operation = "chat", quantity = messages });

    private Task<bool> LimitAsync(Customer customer, long? perDay = null, long? perMonth = null) => portal.Get<KeySpendLimits>().SetAsync(
        customer.Person.Caller, customer.KeyId, new SpendLimits(Whole(perDay), Whole(perMonth)), Cancel);

    private static Credits? Whole(long? credits) => credits is { } whole ? Credits.FromWhole(whole) : null;

    private async Task<(decimal InDay, decimal InMonth)> SpentAsync(Customer customer)
    {
        var spent = (await portal.Get<KeySpendLimits>().GetAsync(customer.Person.Caller, [customer.KeyId], Cancel))[customer.KeyId].Spent;
        return (spent.InDay.ToDecimal(), spent.InMonth.ToDecimal());
    }
}

public sealed class KeyLimitTestsOnSqlite(MeteredSite<SqliteEngine> portal) : KeyLimitTests<SqliteEngine>(portal);

public sealed class KeyLimitTestsOnPostgres(MeteredSite<PostgresEngine> portal) : KeyLimitTests<PostgresEngine>(portal);

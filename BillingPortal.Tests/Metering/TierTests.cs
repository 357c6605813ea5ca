using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Metering;

public abstract class TierTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    // Plan Lite: the first 100 messages of a cycle at 1 credit, the rest at half.
    private static readonly Dictionary<string, string?> Tiers = new()
    {
        ["Catalog:Plans:1:Rates:chat:TierMode"] = "Graduated",
        ["Catalog:Plans:1:Rates:chat:Tiers:0:UpTo"] = "100",
        ["Catalog:Plans:1:Rates:chat:Tiers:0:CreditsPerUnit"] = "1",
        ["Catalog:Plans:1:Rates:chat:Tiers:1:CreditsPerUnit"] = "0.5",
    };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_event_that_crosses_a_tier_is_split_there_and_a_new_cycle_starts_at_the_first_tier()
    {
        var clock = new SetClock(new DateTimeOffset(2027, 3, 10, 12, 0, 0, TimeSpan.Zero));
        await using var site = Site.Start(store.Database, Tiers, services => services.AddSingleton<TimeProvider>(clock));
        var organization = await StartAsync(site, clock.Now);

        var below = await ChatAsync(site, organization, "a", 90);
        var across = await ChatAsync(site, organization, "b", 20);
        var beyond = await ChatAsync(site, organization, "c", 10);
        var again = await ChatAsync(site, organization, "b", 20);
        clock.Now = clock.Now.AddMonths(1);
        var next = await ChatAsync(site, organization, "d", 10);

        Assert.Equal([90m, 15m, 5m, 15m, 10m], new[] { below, across, beyond, again, next }.Select(result => result.Credits.ToDecimal()));
        Assert.Equal(UsageStatus.Duplicate, again.Status);
    }

    [Fact]
    public async Task Callers_that_race_through_a_tier_pay_its_units_once_on_any_instance()
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        await using var one = Site.Start(store.Database, Tiers);
        await using var other = Site.Start(store.Database, Tiers);
        var organization = await StartAsync(one, now);

        var results = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => ChatAsync(i % 2 == 0 ? one : other, organization, $"e{i}", 5)));

        // 200 messages in whatever order: 100 at 1 and 100 at a half.
        Assert.Equal(150m, results.Sum(result => result.Credits.ToDecimal()));
    }

    private static async Task<string> StartAsync(Site site, DateTimeOffset at)
    {
        var organization = Ids.New("org", at);
        await site.Services.GetRequiredService<PlanSubscriptions>().StartAsync(organization, "lite", BillingInterval.Monthly, 1, at, "system:test", Ct);
        return organization;
    }

    private static async Task<UsageResult> ChatAsync(Site site, string organization, string id, long messages) => Assert.Single(
        await site.Services.GetRequiredService<UsageIngestion>().IngestAsync(
            Caller.ForKey("key_1", organization, [Scopes.UsageWrite]),
            [new UsageEvent(id, "chat", Quantity.FromWhole(messages), null, UsageProperties.None)],
            Ct));
}

public sealed class TierTestsOnSqlite(StoreFixture<SqliteEngine> store) : TierTests<SqliteEngine>(store);

public sealed class TierTestsOnPostgres(StoreFixture<PostgresEngine> store) : TierTests<PostgresEngine>(store);

using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Metering;

public abstract class UsageHabitTests<TEngine>(MeteredSite<TEngine> portal) : IClassFixture<MeteredSite<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Fact]
    public async Task The_last_thirty_days_are_told_by_operation_variant_and_model()
    {
        var customer = await portal.NewCustomerAsync();
        await portal.FundAsync(customer, CreditTypes.ApiCredits, Credits.FromWhole(100_000));
        await customer.SendAsync(
            """
            [
              {"id":"a","operation":"image_to_html","quantity":3},
              {"id":"b","operation":"image_to_html","occurredAt":"2027-02-09T12:00:00Z"},
              {"id":"old","operation":"image_to_html","occurredAt":"2027-02-08T12:00:00Z"},
              {"id":"c","operation":"chat","properties":{"status":"failed"}},
              {"id":"d","operation":"storage_egress","quantity":1.5},
              {"id":"e","operation":"storage_egress","quantity":4.5,"properties":{"nodeType":"private"}},
              {"id":"f","operation":"model_call","properties":{"model":"gpt-4.1","inputTokens":1000,"outputTokens":300}},
              {"id":"g","operation":"model_call","properties":{"model":"claude-opus","inputTokens":500}},
              {"id":"h","operation":"model_call","properties":{"model":"gpt-4o-mini","outputTokens":7}}
            ]
            """);
        foreach (var content in (string[])["one", "two"])
        {
            await customer.PostAsync("api/posts", $$"""{"channelId":"blog","content":"{{content}}"}""");
        }

        var wish = await LastDaysAsync(customer);

        Assert.Equal(
            [("image_to_html", 4m), ("storage_egress_private", 4.5m), ("storage_egress_public", 1.5m)],
            wish.Usage.Select(one => (one.Id, one.Quantity.ToDecimal())).Order());
        Assert.Equal(
            [("core", 0m, 7m), ("ultra", 1_500m, 300m)],
            wish.Tokens.Select(one => (one.Id, one.Input.ToDecimal(), one.Output.ToDecimal())).Order());
        Assert.Equal(2, wish.FlowsPerDay);
    }

    [Fact]
    public async Task What_others_used_is_not_told()
    {
        var other = await portal.NewCustomerAsync();
        await other.SendAsync("""{"id":"a","operation":"storage_egress","quantity":3}""");

        var wish = await LastDaysAsync(await portal.NewCustomerAsync());

        Assert.Empty(wish.Usage);
        Assert.Null(wish.FlowsPerDay);
    }

    private Task<EstimateWish> LastDaysAsync(Customer customer) => portal.Get<UsageHabits>().LastDaysAsync(customer.Person.Caller, TestContext.Current.CancellationToken);
}

public sealed class UsageHabitTestsOnSqlite(MeteredSite<SqliteEngine> portal) : UsageHabitTests<SqliteEngine>(portal);

public sealed class UsageHabitTestsOnPostgres(MeteredSite<PostgresEngine> portal) : UsageHabitTests<PostgresEngine>(portal);

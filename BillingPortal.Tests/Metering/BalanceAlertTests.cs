using System.Text.Json;
using BillingPortal.Catalog;
using BillingPortal.Metering;
using BillingPortal.Store;
using BillingPortal.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Tests.Metering;

public abstract class BalanceAlertTests<TEngine>(MeteredSite<TEngine> portal) : IClassFixture<MeteredSite<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_level_is_told_once_on_the_way_down_and_again_after_a_recovery()
    {
        var customer = await portal.NewCustomerAsync();
        await portal.Get<BalanceAlerts>().SaveAsync(customer.Person.Caller, CreditTypes.Credits, [100, 1_000, 500, 500], Cancel);

        await LeaveAsync(customer, 1_500);
        await LeaveAsync(customer, 999);
        await LeaveAsync(customer, 600);
        // Two levels at once are one fall.
        await LeaveAsync(customer, 90);
        await LeaveAsync(customer, 95);
        await LeaveAsync(customer, 0);
        await LeaveAsync(customer, 800);
        await LeaveAsync(customer, 400);

        Assert.Equal([1_000, 100, 0, 500], await ToldAsync(customer));
    }

    [Fact]
    public async Task Without_levels_only_the_empty_wallet_is_told_and_one_organizations_levels_are_no_others()
    {
        var (silent, other) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync());
        await portal.Get<BalanceAlerts>().SaveAsync(silent.Person.Caller, CreditTypes.Credits, [], Cancel);

        await LeaveAsync(silent, 5);
        await LeaveAsync(silent, 0);
        await LeaveAsync(other, 5);

        Assert.Equal([0], await ToldAsync(silent));
        Assert.Equal([100], await ToldAsync(other));
    }

    [Fact]
    public async Task Levels_that_cannot_be_are_refused()
    {
        var customer = await portal.NewCustomerAsync();
        var alerts = portal.Get<BalanceAlerts>();

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => alerts.SaveAsync(customer.Person.Caller, CreditTypes.Credits, [0], Cancel));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => alerts.SaveAsync(customer.Person.Caller, CreditTypes.Credits, [1, 2, 3, 4], Cancel));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => alerts.SaveAsync(customer.Person.Caller, CreditTypes.Flows, [1], Cancel));
    }

    private async Task LeaveAsync(Customer customer, long credits)
    {
        // What is told has an order by its time.
        portal.Clock.Now += TimeSpan.FromSeconds(1);
        await portal.LeaveAsync(customer, credits);
        await portal.Get<BalanceWatch>().CheckAsync(customer.Organization, Cancel);
    }

    private async Task<IEnumerable<decimal>> ToldAsync(Customer customer)
    {
        await using var db = await portal.Get<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Cancel);
        var told = await db.Set<OutboxEvent>().Where(row => row.OrganizationId == customer.Organization && (row.Type == "credits.low_balance" || row.Type == "credits.exhausted"))
            .OrderBy(row => row.Id).Select(row => row.Data).ToListAsync(Cancel);
        return told.Select(data => JsonDocument.Parse(data).RootElement.GetProperty("threshold").GetDecimal());
    }
}

public sealed class BalanceAlertTestsOnSqlite(MeteredSite<SqliteEngine> portal) : BalanceAlertTests<SqliteEngine>(portal);

public sealed class BalanceAlertTestsOnPostgres(MeteredSite<PostgresEngine> portal) : BalanceAlertTests<PostgresEngine>(portal);

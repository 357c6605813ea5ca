using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Demo;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Payments.Sandbox;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Purchases;
using BillingPortal.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Tests.Demo;

public abstract class TimeMachineTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    // Somebody is there already, so no demo year is played.
    private static readonly Dictionary<string, string?> DemoMode = new() { ["Demo:Enabled"] = "true", ["Demo:Traffic"] = "false" };

    [Fact]
    public async Task Time_moves_forward_lives_every_renewal_on_the_way_and_goes_on_after_a_restart()
    {
        await using var database = await store.CreateDatabaseAsync();
        await using (var first = Shop.Open(database))
        {
            await first.Site.SignUpAsync();
        }

        DateTimeOffset reached;
        Caller customer;
        await using (var shop = Shop.Open(database, settings: DemoMode))
        {
            var machine = shop.Get<TimeMachine>();
            Assert.True(machine.IsAvailable);
            customer = (await shop.Site.SignUpAsync()).Caller;
            var checkout = Assert.IsType<PlanChangeResult.Checkout>(await shop.Get<PlanBilling>().ChangeAsync(customer, new PlanRequest("lite"), null, Cancel));
            var session = checkout.Url[(checkout.Url.LastIndexOf('/') + 1)..];
            await shop.Sandbox.PayAsync(session, SandboxMethod.CardThatPays, isAuthenticated: true, SandboxWebhooks.AsTheyShould, Cancel);
            await shop.UntilAsync(customer, checkout.PaymentId, payment => payment.IsCredited);
            await Eventually.TrueAsync(async () => (await shop.Get<SavedCards>().ListAsync(customer, Cancel)).Count == 1);
            var started = (await shop.Get<PlanBilling>().GetAsync(customer, Cancel)).StartedAt;

            await machine.JumpAsync(customer, TimeJump.NextRenewal, Cancel);
            Assert.Equal(started.AddMonths(2), (await shop.Get<PlanBilling>().GetAsync(customer, Cancel)).PaidUntil);
            await machine.JumpAsync(customer, TimeJump.Month, Cancel);
            await machine.JumpAsync(customer, TimeJump.Day, Cancel);

            reached = machine.Now;
            Assert.InRange(reached, started.AddMonths(2).AddDays(1).AddMinutes(-1), started.AddMonths(2).AddDays(2));
            var standing = await shop.Get<PlanBilling>().GetAsync(customer, Cancel);
            Assert.Equal((started.AddMonths(3), SubscriptionStatus.Active), (standing.PaidUntil!.Value, standing.Status));
            var paid = await shop.QueryAsync(db => db.Set<Payment>().Where(row => row.OrganizationId == customer.OrganizationId).ToListAsync(Cancel));
            Assert.Equal([1_000L, 1_000L, 1_000L], paid.Select(payment => payment.AmountCents.Cents));
            Assert.Equal(Credits.FromWhole(2_150), (await shop.Get<CurrentWallets>().GetBalanceAsync(customer, CreditTypes.Credits, Cancel)).Balance);
            await shop.AssertLedgerHoldsAsync();
        }

        await using var again = Shop.Open(database, settings: DemoMode);
        Assert.True(again.Get<TimeMachine>().Now >= reached);
    }

    [Fact]
    public async Task Without_demo_mode_time_stands_where_it_is()
    {
        await using var shop = Shop.Open(store.Database);
        var machine = shop.Get<TimeMachine>();

        Assert.False(machine.IsAvailable);
        Assert.Same(TimeProvider.System, shop.Get<TimeProvider>());
        await Assert.ThrowsAsync<InvalidOperationException>(() => machine.JumpAsync(Caller.ForSystem("test", "org_1"), TimeJump.Day, Cancel));
        using var client = await shop.Site.NewUserClientAsync(await shop.Site.SignUpAsync());
        using var form = new FormUrlEncodedContent([new("jump", "day")]);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await client.PostAsync("demo/time", form, Cancel)).StatusCode);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}

public sealed class TimeMachineTestsOnSqlite(StoreFixture<SqliteEngine> store) : TimeMachineTests<SqliteEngine>(store);

public sealed class TimeMachineTestsOnPostgres(StoreFixture<PostgresEngine> store) : TimeMachineTests<PostgresEngine>(store);

using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Subscriptions;

public abstract class AllowanceTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>, IAsyncDisposable
    where TEngine : IStoreEngine, new()
{
    private readonly SetClock clock = new(new DateTimeOffset(2027, 1, 31, 15, 0, 0, TimeSpan.Zero));
    private Site? site;

    private Site Portal => site ??= Start();

    private CurrentWallets Wallets => Portal.Services.GetRequiredService<CurrentWallets>();

    [Fact]
    public async Task A_new_organization_has_its_one_time_credits_and_todays_flows_before_anything_was_charged()
    {
        var organization = NewOrganization();

        await StartAsync(organization, "free");

        Assert.Equal(Credits.FromWhole(150), await BalanceAsync(organization, CreditTypes.Credits));
        Assert.Equal(Credits.FromWhole(3), await BalanceAsync(organization, CreditTypes.Flows));
        Assert.Equal(Credits.Zero, await BalanceAsync(organization, CreditTypes.IncludedMinutes));
    }

    [Fact]
    public async Task A_plan_started_twice_at_once_grants_once()
    {
        var organization = NewOrganization();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => StartAsync(organization, "pro")));
        await StartAsync(organization, "pro");

        Assert.Equal(Credits.FromWhole(40_000), await BalanceAsync(organization, CreditTypes.Credits));
        Assert.Equal(Credits.FromWhole(1_500), await BalanceAsync(organization, CreditTypes.IncludedMinutes));
    }

    [Fact]
    public async Task A_paid_plan_takes_the_place_of_the_free_one_and_nothing_takes_its_place()
    {
        var organization = NewOrganization();
        await StartAsync(organization, "free");

        var standing = await StartAsync(organization, "lite");
        var still = await StartAsync(organization, "team", seats: 3);

        Assert.Equal("lite", standing.Plan.Id);
        Assert.Equal("lite", still.Plan.Id);
        Assert.Equal(Credits.FromWhole(2_150), await BalanceAsync(organization, CreditTypes.Credits));
    }

    [Fact]
    public async Task Seats_multiply_the_allowance_of_a_plan_sold_by_the_seat()
    {
        var organization = NewOrganization();

        await StartAsync(organization, "team", seats: 3);

        Assert.Equal(Credits.FromWhole(180_000), await BalanceAsync(organization, CreditTypes.Credits));
    }

    [Fact]
    public async Task The_next_cycle_forfeits_the_old_allowance_and_counts_the_new_one_to_the_instant()
    {
        var organization = NewOrganization();
        await StartAsync(organization, "starter");
        await ChargeAsync(organization, 1_000);
        var end = new DateTimeOffset(2027, 2, 28, 15, 0, 0, TimeSpan.Zero);

        clock.Now = end.AddMilliseconds(-1);
        var before = await BalanceAsync(organization, CreditTypes.Credits);
        clock.Now = end;
        var after = await BalanceAsync(organization, CreditTypes.Credits);
        await ChargeAsync(organization, 8_000);

        Assert.Equal(Credits.FromWhole(7_000), before);
        Assert.Equal(Credits.FromWhole(8_000), after);
        Assert.Equal(Credits.Zero, await BalanceAsync(organization, CreditTypes.Credits));
    }

    [Fact]
    public async Task Cycles_return_to_the_day_they_started_on()
    {
        var organization = NewOrganization();
        await StartAsync(organization, "starter");

        clock.Now = new DateTimeOffset(2027, 3, 5, 0, 0, 0, TimeSpan.Zero);
        var standing = await Portal.Services.GetRequiredService<PlanStandings>().GetAsync(organization, Cancellation);

        Assert.Equal(new DateTimeOffset(2027, 2, 28, 15, 0, 0, TimeSpan.Zero), standing.CycleStart);
        Assert.Equal(new DateTimeOffset(2027, 3, 31, 15, 0, 0, TimeSpan.Zero), standing.CycleEnd);
    }

    [Fact]
    public async Task The_sweep_posts_what_fell_due_once_and_only_for_the_cycle_that_runs()
    {
        var organization = NewOrganization();
        await StartAsync(organization, "lite");
        clock.Now = new DateTimeOffset(2027, 6, 1, 0, 0, 0, TimeSpan.Zero);
        var poster = Portal.Services.GetRequiredService<AllowancePoster>();

        await poster.SweepAsync(Cancellation);
        await poster.SweepAsync(Cancellation);

        var grants = await Portal.Services.GetRequiredService<TransactionHistory>()
            .ListAsync(Reader(organization), new TransactionQuery(CreditTypes.Credits, [TransactionType.Grant]), Cancellation);
        Assert.Equal(2, grants.Transactions.Count);
        Assert.Equal(new DateTimeOffset(2027, 5, 31, 15, 0, 0, TimeSpan.Zero), grants.Transactions[0].EffectiveAt);
        Assert.Equal(Credits.FromWhole(2_000), await BalanceAsync(organization, CreditTypes.Credits));
    }

    [Fact]
    public async Task Daily_flows_are_full_again_at_the_reset_and_never_add_up()
    {
        var organization = NewOrganization();
        await StartAsync(organization, "lite");
        await ChargeAsync(organization, 4, CreditTypes.Flows);
        var used = await BalanceAsync(organization, CreditTypes.Flows);

        clock.Now = new DateTimeOffset(2027, 2, 3, 0, 0, 0, TimeSpan.Zero);
        var reset = await BalanceAsync(organization, CreditTypes.Flows);
        await ChargeAsync(organization, 1, CreditTypes.Flows);

        Assert.Equal(Credits.FromWhole(6), used);
        Assert.Equal(Credits.FromWhole(10), reset);
        Assert.Equal(Credits.FromWhole(9), await BalanceAsync(organization, CreditTypes.Flows));
    }

    [Fact]
    public async Task A_start_that_broke_off_after_its_row_was_written_is_healed_by_repeating_it_and_by_the_first_read()
    {
        var organization = NewOrganization();
        await using (var connection = await store.Engine.ConnectAsync(store.Database))
        {
            await using var command = connection.CreateCommand();
            var started = clock.Now.ToUnixTimeMilliseconds();
            _ = Portal;
            command.CommandText =
                $"""
                INSERT INTO subscriptions (organization_id, id, plan_id, "interval", seats, status, started_at, cancel_at_period_end, next_allowance_at)
                VALUES ('{organization}', 'sub_{organization}', 'free', 'monthly', 1, 'active', {started}, FALSE, {started})
                """;
            await command.ExecuteNonQueryAsync(Cancellation);
        }

        var read = await BalanceAsync(organization, CreditTypes.Credits);
        await StartAsync(organization, "free");

        Assert.Equal(Credits.FromWhole(150), read);
        Assert.Equal(Credits.FromWhole(150), await BalanceAsync(organization, CreditTypes.Credits));
    }

    [Fact]
    public async Task A_key_without_the_scope_reads_no_balance()
    {
        var key = Caller.ForKey("key_1", NewOrganization(), [Scopes.UsageWrite]);

        await Assert.ThrowsAsync<AccessDeniedException>(() => Wallets.GetBalanceAsync(key, CreditTypes.Credits, Cancellation));
    }

    public async ValueTask DisposeAsync()
    {
        if (site is not null)
        {
            await site.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string NewOrganization() => Ids.New("org", TimeProvider.System.GetUtcNow());

    private static Caller Reader(string organization) => Caller.ForSystem("test", organization);

    private Site Start() => Site.Start(store.Database, services: services => services.AddSingleton<TimeProvider>(clock));

    private Task<PlanStanding> StartAsync(string organization, string plan, int seats = 1) => Portal.Services.GetRequiredService<PlanSubscriptions>()
        .StartAsync(organization, plan, BillingInterval.Monthly, seats, clock.Now, "system:test", Cancellation);

    private async Task<Credits> BalanceAsync(string organization, string creditType)
    {
        var balance = await Wallets.GetBalanceAsync(Reader(organization), creditType, Cancellation);
        var wallet = await Wallets.GetWalletAsync(Reader(organization), creditType, Cancellation);
        Assert.Equal(balance.Balance, wallet.BalanceAt(clock.Now));
        return balance.Available;
    }

    private async Task ChargeAsync(string organization, long credits, string creditType = CreditTypes.Credits)
    {
        var due = Portal.Services.GetRequiredService<DueAllowances>();
        var standing = await Portal.Services.GetRequiredService<PlanStandings>().GetAsync(organization, Cancellation);
        var result = await Portal.Services.GetRequiredService<WalletWriter>().ExecuteAsync(
            new Charge
            {
                OrganizationId = organization,
                Reference = $"test:{Guid.NewGuid()}",
                Source = "test",
                Actor = "system:test",
                CreditType = creditType,
                Amount = Credits.FromWhole(credits),
                Due = due.For(standing, clock.Now),
            },
            Cancellation);
        Assert.IsType<PostResult.Posted>(result);
    }
}

public sealed class AllowanceTestsOnSqlite(StoreFixture<SqliteEngine> store) : AllowanceTests<SqliteEngine>(store);

public sealed class AllowanceTestsOnPostgres(StoreFixture<PostgresEngine> store) : AllowanceTests<PostgresEngine>(store);

using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Metering;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Subscriptions;

public abstract class AllowanceTests<TEngine> : IClassFixture<MeteredSite<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private readonly MeteredSite<TEngine> portal;
    private readonly SetClock clock;

    protected AllowanceTests(MeteredSite<TEngine> portal)
    {
        this.portal = portal;
        clock = portal.Clock;
        clock.Now = new DateTimeOffset(2027, 1, 31, 15, 0, 0, TimeSpan.Zero);
    }

    private CurrentWallets Wallets => portal.Get<CurrentWallets>();

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
        var standing = await portal.Get<PlanStandings>().GetAsync(organization, Cancellation);

        Assert.Equal(new DateTimeOffset(2027, 2, 28, 15, 0, 0, TimeSpan.Zero), standing.CycleStart);
        Assert.Equal(new DateTimeOffset(2027, 3, 31, 15, 0, 0, TimeSpan.Zero), standing.CycleEnd);
    }

    [Fact]
    public async Task The_sweep_posts_what_fell_due_once_and_only_for_the_cycle_that_runs()
    {
        var organization = NewOrganization();
        await StartAsync(organization, "lite");
        clock.Now = new DateTimeOffset(2027, 6, 1, 0, 0, 0, TimeSpan.Zero);
        var poster = portal.Get<AllowancePoster>();

        await poster.SweepAsync(Cancellation);
        await poster.SweepAsync(Cancellation);

        var grants = await portal.Get<TransactionHistory>()
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
    public async Task The_day_of_flows_is_that_of_the_installations_time_zone()
    {
        var own = new SetClock(clock.Now);
        await using var database = await new TEngine().CreateAsync();
        var settings = new Dictionary<string, string?> { ["Portal:DailyResetTimeZone"] = "Pacific/Kiritimati", ["Demo:Enabled"] = "false" };
        await using var site = Site.Start(database, settings, services => services.AddSingleton<TimeProvider>(own));
        var wallets = site.Services.GetRequiredService<CurrentWallets>();

        // 14 hours ahead of UTC: the day ends at 10:00.
        own.Now = new DateTimeOffset(2027, 2, 1, 9, 59, 59, TimeSpan.Zero);
        var before = await wallets.GetWalletAsync(Reader("org_1"), CreditTypes.Flows, Cancellation);
        own.Now = own.Now.AddSeconds(1);
        var after = await wallets.GetWalletAsync(Reader("org_1"), CreditTypes.Flows, Cancellation);

        Assert.Equal(own.Now, Assert.Single(before.Buckets).ExpiresAt);
        Assert.Equal(own.Now.AddDays(1), Assert.Single(after.Buckets).ExpiresAt);
    }

    [Fact]
    public void A_time_zone_that_there_is_not_stops_the_start_by_its_name()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Portal:DailyResetTimeZone", "Mars/Olympus")]).Build();

        var stopped = Assert.Throws<CatalogException>(() => new ServiceCollection().AddSubscriptions(configuration));

        Assert.Contains("Portal:DailyResetTimeZone: 'Mars/Olympus'", stopped.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_that_broke_off_after_its_row_was_written_is_healed_by_repeating_it_and_by_the_first_read()
    {
        var organization = NewOrganization();
        await using (var connection = await portal.ConnectAsync())
        {
            await using var command = connection.CreateCommand();
            var started = clock.Now.ToUnixTimeMilliseconds();
            command.CommandText =
                $"""
                INSERT INTO subscriptions (organization_id, id, plan_id, "interval", seats, status, started_at, cancel_at_period_end, next_allowance_at, cycle_price_cents, carried_over_cents, failed_attempts, revision, version)
                VALUES ('{organization}', 'sub_{organization}', 'free', 'monthly', 1, 'active', {started}, FALSE, {started}, 0, 0, 0, 0, 0)
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

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string NewOrganization() => Ids.New("org", TimeProvider.System.GetUtcNow());

    private static Caller Reader(string organization) => Caller.ForSystem("test", organization);

    private Task<PlanStanding> StartAsync(string organization, string plan, int seats = 1) => portal.Get<PlanSubscriptions>()
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
        var due = portal.Get<DueAllowances>();
        var standing = await portal.Get<PlanStandings>().GetAsync(organization, Cancellation);
        var result = await portal.Get<WalletWriter>().ExecuteAsync(
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

public sealed class AllowanceTestsOnSqlite(MeteredSite<SqliteEngine> portal) : AllowanceTests<SqliteEngine>(portal);

public sealed class AllowanceTestsOnPostgres(MeteredSite<PostgresEngine> portal) : AllowanceTests<PostgresEngine>(portal);

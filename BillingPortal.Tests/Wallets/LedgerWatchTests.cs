using BillingPortal.Ledger;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace BillingPortal.Tests.Wallets;

public abstract class LedgerWatchTests<TEngine>(LedgerToSpoil<TEngine> ledger) : IClassFixture<LedgerToSpoil<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static readonly Credits One = Credits.FromWhole(1);

    [Fact]
    public async Task A_ledger_found_wrong_moves_no_credit_until_it_verifies_again()
    {
        await using var database = await ledger.CopyAsync();
        await using (var host = await WalletHost.StartAsync(database))
        {
            var wallet = new WalletKey(ledger.OrganizationId, "credits");
            await ExecuteAsync(database, $"UPDATE wallets SET balance_micros = balance_micros + 1 WHERE organization_id = '{ledger.OrganizationId}'");
            Assert.IsType<PostResult.Posted>(await host.DoAsync(Do.Grant(await host.NewWalletAsync(), One)));

            Assert.False((await host.Watch.VerifyAsync(TestContext.Current.CancellationToken)).IsSound);

            var grant = Do.Grant(wallet, One);
            await Assert.ThrowsAsync<LedgerUnavailableException>(() => host.DoAsync(grant));
            await Assert.ThrowsAsync<LedgerUnavailableException>(() => host.DoAsync(Do.Grant(new("org_other", "credits"), One)));
            Assert.Equal(HealthStatus.Degraded, await host.HealthAsync());

            await ExecuteAsync(database, $"UPDATE wallets SET balance_micros = balance_micros - 1 WHERE organization_id = '{ledger.OrganizationId}'");
            Assert.True((await host.Watch.VerifyAsync(TestContext.Current.CancellationToken)).IsSound);

            Assert.IsType<PostResult.Posted>(await host.DoAsync(grant));
            Assert.Equal(HealthStatus.Healthy, await host.HealthAsync());
        }

        ledger.Engine.Disconnect(database);
    }

    [Fact]
    public async Task The_watch_verifies_at_the_start_every_hour_and_every_minute_while_something_is_wrong()
    {
        var clock = new ManualClock();
        await using var database = await ledger.CopyAsync();
        await using (var host = await WalletHost.StartAsync(database, clock))
        {
            await host.Watch.StartAsync(TestContext.Current.CancellationToken);
            await Eventually.TrueAsync(() => clock.Timers > 0);
            await ExecuteAsync(database, $"UPDATE wallets SET balance_micros = balance_micros + 1 WHERE organization_id = '{ledger.OrganizationId}'");
            await PassAsync(TimeSpan.FromMinutes(59));
            Assert.Equal(HealthStatus.Healthy, await host.HealthAsync());
            await PassAsync(TimeSpan.FromMinutes(1));
            Assert.Equal(HealthStatus.Degraded, await host.HealthAsync());

            await ExecuteAsync(database, $"UPDATE wallets SET balance_micros = balance_micros - 1 WHERE organization_id = '{ledger.OrganizationId}'");
            await PassAsync(TimeSpan.FromMinutes(1));
            Assert.Equal(HealthStatus.Healthy, await host.HealthAsync());
            await host.Watch.StopAsync(TestContext.Current.CancellationToken);

            // A verification that falls due takes its time; the next one is waited for again when it is done.
            async Task PassAsync(TimeSpan time)
            {
                clock.Advance(time);
                await Eventually.TrueAsync(() => clock.Timers > 0);
            }
        }

        ledger.Engine.Disconnect(database);
    }

    private async Task ExecuteAsync(TestDatabase database, string sql)
    {
        await using var connection = await ledger.Engine.ConnectAsync(database);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.NotEqual(0, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
    }
}

public sealed class LedgerWatchTestsOnSqlite(LedgerToSpoil<SqliteEngine> ledger) : LedgerWatchTests<SqliteEngine>(ledger);

public sealed class LedgerWatchTestsOnPostgres(LedgerToSpoil<PostgresEngine> ledger) : LedgerWatchTests<PostgresEngine>(ledger);

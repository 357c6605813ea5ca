using System.Collections.Concurrent;
using System.Diagnostics;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Tests.Wallets;

/// <summary>The database goes away under load and comes back: nothing acknowledged is lost, nothing is posted twice, and nobody has to restart anything.</summary>
public sealed class WriterOutageTests
{
    private static readonly Credits One = Credits.FromMicros(1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_that_restarts_under_load_loses_and_doubles_nothing()
    {
        await using var database = await new PostgresEngine().CreateAsync();
        var (wire, reached) = Wire.To(database);
        await using var _ = wire;
        await using var host = await WalletHost.StartAsync(reached);
        var load = await Load.StartAsync(host);

        for (var outage = 0; outage < 5; outage++)
        {
            await load.RunsAsync(TimeSpan.FromMilliseconds(300));
            wire.Cut();
            await Task.Delay(TimeSpan.FromMilliseconds(300 * outage), Cancel);
            wire.Mend();
        }

        await load.RunsAsync(TimeSpan.FromMilliseconds(300));
        await load.StopAsync();

        Assert.True(wire.Connections > 5);
        await load.AssertExactAsync(database);
    }

    [Fact]
    public async Task Connections_that_the_server_ends_under_load_lose_and_double_nothing()
    {
        await using var database = await new PostgresEngine().CreateAsync();
        await using var host = await WalletHost.StartAsync(database);
        var load = await Load.StartAsync(host);

        await using (var administrator = await new PostgresEngine().ConnectAsync(database))
        {
            await using var command = administrator.CreateCommand();
            command.CommandText = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
            for (var i = 0; i < 10; i++)
            {
                await load.RunsAsync(TimeSpan.FromMilliseconds(100));
                await command.ExecuteScalarAsync(Cancel);
            }
        }

        await load.RunsAsync(TimeSpan.FromMilliseconds(100));
        await load.StopAsync();
        await load.AssertExactAsync(database);
    }

    [Fact]
    public async Task A_server_that_stays_away_is_reported_and_found_again()
    {
        await using var database = await new PostgresEngine().CreateAsync();
        var (wire, reached) = Wire.To(database);
        await using var _ = wire;
        await using var host = await WalletHost.StartAsync(reached);
        var wallet = await host.NewWalletAsync(5);
        var charges = Enumerable.Range(0, 50).Select(_ => Do.Charge(wallet, One)).ToArray();

        wire.Cut();
        var started = Stopwatch.StartNew();
        await Task.WhenAll(charges.Select(async charge => Assert.NotNull((await Assert.ThrowsAsync<LedgerUnavailableException>(() => host.DoAsync(charge))).InnerException)));
        Assert.InRange(started.Elapsed, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(45));

        wire.Mend();
        Assert.All(await Task.WhenAll(charges.Select(host.DoAsync)), result => Assert.IsType<PostResult.Posted>(result));

        // The pool may still hold a connection that died; whoever gets it is told to try again.
        var transient = await Record.ExceptionAsync(() => host.AvailableAsync(wallet));
        Assert.True(transient is null || host.Sessions.IsTransient(transient), $"{transient}");
        Assert.Equal(Credits.FromWhole(5) - Credits.FromMicros(50), await host.AvailableAsync(wallet));
    }

    [Fact]
    public async Task A_file_that_another_program_locks_for_seconds_is_waited_for()
    {
        var engine = new SqliteEngine();
        await using var database = await engine.CreateAsync();
        await using (var host = await WalletHost.StartAsync(database))
        {
            var load = await Load.StartAsync(host);
            await load.RunsAsync(TimeSpan.FromMilliseconds(200));
            await using (var other = await engine.ConnectAsync(database))
            {
                await using var command = other.CreateCommand();
                command.CommandText = "BEGIN IMMEDIATE";
                await command.ExecuteNonQueryAsync(Cancel);
                var before = load.Acknowledged;
                await Task.Delay(TimeSpan.FromSeconds(3), Cancel);
                Assert.InRange(load.Acknowledged, before, before + Load.Callers);
                command.CommandText = "ROLLBACK";
                await command.ExecuteNonQueryAsync(Cancel);
            }

            await load.RunsAsync(TimeSpan.FromMilliseconds(200));
            await load.StopAsync();
            await load.AssertExactAsync(database);
        }

        engine.Disconnect(database);
    }

    [Fact]
    public async Task A_writer_that_stops_finishes_what_it_accepted()
    {
        var engine = new SqliteEngine();
        await using var database = await engine.CreateAsync();
        await using (var host = await WalletHost.StartAsync(database))
        {
            var wallet = await host.NewWalletAsync(5);
            var charges = Enumerable.Range(0, 500).Select(_ => host.DoAsync(Do.Charge(wallet, One))).ToArray();

            await host.Writer.StopAsync(Cancel);

            Assert.All(await Task.WhenAll(charges), result => Assert.IsType<PostResult.Posted>(result));
            Assert.Equal(Credits.FromWhole(5) - Credits.FromMicros(500), await host.AvailableAsync(wallet));
        }

        engine.Disconnect(database);
    }

    /// <summary>Callers that charge one micro-credit again and again, each repeating what was not acknowledged under the same reference.</summary>
    private sealed class Load
    {
        public const int Callers = 16;

        private readonly WalletHost host;
        private readonly WalletKey[] wallets;
        private volatile bool stopped;
        private readonly ConcurrentDictionary<string, WalletKey> acknowledged = new();
        private Task[] callers = [];

        private Load(WalletHost host, WalletKey[] wallets) => (this.host, this.wallets) = (host, wallets);

        public int Acknowledged => acknowledged.Count;

        public static async Task<Load> StartAsync(WalletHost host)
        {
            var load = new Load(host, await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => host.NewWalletAsync(1000))));
            load.callers = [.. Enumerable.Range(0, Callers).Select(caller => Task.Run(() => load.CallAsync(caller)))];
            return load;
        }

        /// <summary>Returns after a time in which charges went through.</summary>
        public async Task RunsAsync(TimeSpan time)
        {
            var before = Acknowledged;
            await Task.Delay(time, Cancel);
            await Eventually.TrueAsync(() => Acknowledged > before);
        }

        public async Task StopAsync()
        {
            stopped = true;
            await Task.WhenAll(callers);
        }

        /// <summary>Looks through another instance, whose connections never broke.</summary>
        public async Task AssertExactAsync(TestDatabase database)
        {
            await using var witness = await WalletHost.StartAsync(database);
            await using var db = await witness.Contexts.CreateDbContextAsync(Cancel);
            var organizations = wallets.Select(wallet => wallet.OrganizationId).ToList();
            var posted = await db.Set<TransactionRow>()
                .Where(row => organizations.Contains(row.OrganizationId) && row.Type == TransactionType.Charge).Select(row => row.Reference).ToListAsync(Cancel);
            Assert.Equal(acknowledged.Keys.Order(StringComparer.Ordinal), posted.Order(StringComparer.Ordinal));
            foreach (var wallet in wallets)
            {
                Assert.Equal(Credits.FromWhole(1000) - Credits.FromMicros(acknowledged.Values.Count(charged => charged == wallet)), await witness.AvailableAsync(wallet));
            }

            await witness.AssertSoundAsync();
        }

        private async Task CallAsync(int caller)
        {
            for (var i = caller; !stopped; i++)
            {
                var charge = Do.Charge(wallets[i % wallets.Length], One);
                for (var done = false; !done;)
                {
                    try
                    {
                        Assert.True(await host.DoAsync(charge) is PostResult.Posted or PostResult.Replayed);
                        done = acknowledged.TryAdd(charge.Reference, wallets[i % wallets.Length]);
                    }
                    catch (LedgerUnavailableException)
                    {
                        await Task.Delay(20);
                    }
                }
            }
        }
    }
}

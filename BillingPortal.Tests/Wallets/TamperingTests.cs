using System.Data.Common;
using System.Globalization;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Wallets;

/// <summary>A ledger with a grant, a charge and a hold, of which each test gets a copy to spoil.</summary>
public sealed class LedgerToSpoil<TEngine> : IAsyncLifetime
    where TEngine : IStoreEngine, new()
{
    private TestDatabase? template;

    public TEngine Engine { get; } = new();

    public string OrganizationId { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        template = await Engine.CreateAsync();
        await using (var host = await WalletHost.StartAsync(template))
        {
            var wallet = await host.NewWalletAsync(5);
            OrganizationId = wallet.OrganizationId;
            await host.DoAsync(Do.Charge(wallet, Credits.FromWhole(2)));
            await host.DoAsync(Do.Hold(wallet, "hold_1", Credits.FromWhole(1), new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero)));
            await host.AssertSoundAsync();
        }

        Engine.Disconnect(template);
    }

    public Task<TestDatabase> CopyAsync() => Engine.CreateAsync(template);

    public ValueTask DisposeAsync() => template?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>What somebody with access to the database might do to posted rows, the invariant that breaks, and words of its message. {0} is the organization.</summary>
internal static class Tamperings
{
    public static TheoryData<string, int, string> All => new()
    {
        { "UPDATE wallet_days SET fraction_micros = fraction_micros + 1 WHERE organization_id = '{0}' AND type = 'charge'", 3, "its days sum to" },
        { "UPDATE postings SET amount_micros = amount_micros + 1 WHERE organization_id = '{0}' AND account = 'consumed'", 1, "sum to 1" },
        { "DELETE FROM postings WHERE organization_id = '{0}' AND account = 'consumed'", 1, "not zero" },
        { "DELETE FROM transactions WHERE organization_id = '{0}' AND type = 'charge'", 1, "belong to no transaction" },
        { "UPDATE postings SET account = 'transferred' WHERE organization_id = '{0}' AND account = 'consumed'", 1, "on the way" },
        { "UPDATE buckets SET remaining_micros = amount_micros WHERE organization_id = '{0}'", 2, "its postings sum to" },
        { "UPDATE buckets SET remaining_micros = -1 WHERE organization_id = '{0}'", 2, "has -1 left of" },
        { "UPDATE wallets SET balance_micros = balance_micros + 1 WHERE organization_id = '{0}'", 3, "its buckets sum to" },
        { "UPDATE wallets SET sequence = sequence + 1 WHERE organization_id = '{0}'", 3, "the last of which does not" },
        { "UPDATE wallets SET sequence = sequence - 1 WHERE organization_id = '{0}'", 3, "transactions beyond its last" },
        { "DELETE FROM posted_references WHERE organization_id = '{0}'", 5, "that is not kept" },
        { "UPDATE transactions SET reference = 'the same' WHERE organization_id = '{0}'", 5, "was posted 2 times" },
        { "UPDATE wallets SET held_micros = held_micros + 1 WHERE organization_id = '{0}'", 6, "is held" },
        { "UPDATE holds SET state = 'released' WHERE organization_id = '{0}'", 6, "its holds sum to 0" },
        { "UPDATE wallets SET balance_micros = -5 WHERE organization_id = '{0}'", 6, "below zero" },
        { "UPDATE transactions SET balance_after_micros = balance_after_micros + 1 WHERE organization_id = '{0}' AND type = 'grant'", 7, "leaves" },
        { "UPDATE transactions SET sequence = sequence + 10 WHERE organization_id = '{0}' AND type = 'charge'", 7, "leaves" },
        { "UPDATE transactions SET amount_micros = amount_micros - 1 WHERE organization_id = '{0}' AND type = 'charge'", 7, "its buckets moved by" },
        { "UPDATE postings SET bucket_id = 'bkt_elsewhere' WHERE organization_id = '{0}' AND bucket_id IS NOT NULL", 7, "in no wallet of its transaction" },
    };
}

public abstract class TamperingTests<TEngine>(LedgerToSpoil<TEngine> ledger) : IClassFixture<LedgerToSpoil<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Theory]
    [MemberData(nameof(Tamperings.All), MemberType = typeof(Tamperings))]
    public async Task Tampering_is_found(string statement, int invariant, string words)
    {
        await using var database = await ledger.CopyAsync();
        await TamperAsync(database, string.Format(CultureInfo.InvariantCulture, statement, ledger.OrganizationId));

        await using (var host = await WalletHost.StartAsync(database))
        {
            var report = await host.Verification.VerifyAsync(null, TestContext.Current.CancellationToken);
            Assert.Contains(report.Faults, fault => fault.Invariant == invariant && fault.Message.Contains(words, StringComparison.Ordinal));
        }

        ledger.Engine.Disconnect(database);
    }

    [Fact]
    public async Task A_guard_that_is_missing_is_found()
    {
        await using var database = await ledger.CopyAsync();
        await using (var connection = await ledger.Engine.ConnectAsync(database))
        {
            await ExecuteAsync(connection, database.Provider is "Sqlite"
                ? "DROP TRIGGER transactions_refuse_update"
                : "ALTER TABLE transactions DISABLE TRIGGER transactions_refuse_update");
        }

        await using (var host = await WalletHost.StartAsync(database))
        {
            var fault = Assert.Single((await host.Verification.VerifyAsync(null, TestContext.Current.CancellationToken)).Faults);
            Assert.Equal(4, fault.Invariant);
            Assert.Contains("transactions_refuse_update", fault.Message, StringComparison.Ordinal);
        }

        ledger.Engine.Disconnect(database);
    }

    /// <summary>Alters posted rows behind the guards' back and puts the guards on again, so that nothing but the sums gives it away.</summary>
    private async Task TamperAsync(TestDatabase database, string statement)
    {
        await using var connection = await ledger.Engine.ConnectAsync(database);
        if (database.Provider is "Postgres")
        {
            await ExecuteAsync(connection, "SET session_replication_role = replica");
            await ExecuteAsync(connection, "ALTER TABLE buckets DROP CONSTRAINT ck_buckets_remaining");
            Assert.NotEqual(0, await ExecuteAsync(connection, statement));
            return;
        }

        await ExecuteAsync(connection, "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON");
        var guards = new List<string>();
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = "SELECT sql FROM sqlite_master WHERE type = 'trigger'";
            await using var rows = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
            while (await rows.ReadAsync(TestContext.Current.CancellationToken))
            {
                guards.Add(rows.GetString(0));
            }
        }

        foreach (var guard in guards)
        {
            await ExecuteAsync(connection, $"DROP TRIGGER {guard.Split(' ', StringSplitOptions.RemoveEmptyEntries)[2]}");
        }

        Assert.NotEqual(0, await ExecuteAsync(connection, statement));
        foreach (var guard in guards)
        {
            await ExecuteAsync(connection, guard);
        }
    }

    private static async Task<int> ExecuteAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}

public sealed class TamperingTestsOnSqlite(LedgerToSpoil<SqliteEngine> ledger) : TamperingTests<SqliteEngine>(ledger);

public sealed class TamperingTestsOnPostgres(LedgerToSpoil<PostgresEngine> ledger) : TamperingTests<PostgresEngine>(ledger);

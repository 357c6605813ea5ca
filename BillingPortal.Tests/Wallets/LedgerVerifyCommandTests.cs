using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Wallets;

/// <summary>The command as an operator runs it.</summary>
public abstract class LedgerVerifyCommandTests<TEngine>(LedgerToSpoil<TEngine> ledger) : IClassFixture<LedgerToSpoil<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_sound_ledger_ends_with_0_and_its_counts_and_a_spoilt_one_with_1_and_its_faults()
    {
        await using var database = await ledger.CopyAsync();

        var (sound, summary) = await PortalProcess.RunAsync(database, Cancel, "ledger", "verify");
        Assert.Equal((0, "ledger sound: 1 wallets, 2 transactions, 4 postings, 0 faults"), (sound, summary.Trim().Split(", ")[..^1] is { } counts ? string.Join(", ", counts) : ""));

        await using (var connection = await ledger.Engine.ConnectAsync(database))
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "UPDATE wallets SET balance_micros = balance_micros + 1";
            await command.ExecuteNonQueryAsync(Cancel);
        }

        var (spoilt, faults) = await PortalProcess.RunAsync(database, Cancel, "ledger", "verify");
        Assert.Equal(1, spoilt);
        Assert.Contains($"invariant 3: wallet {ledger.OrganizationId}/credits says 3000001, its buckets sum to 3000000", faults, StringComparison.Ordinal);
        Assert.Contains("ledger NOT SOUND", faults, StringComparison.Ordinal);
        ledger.Engine.Disconnect(database);
    }

    [Fact]
    public async Task A_database_without_a_ledger_ends_with_1_and_says_so()
    {
        await using var empty = await new TEngine().CreateAsync();

        var (exitCode, output) = await PortalProcess.RunAsync(empty, Cancel, "ledger", "verify");

        Assert.Equal(1, exitCode);
        Assert.Contains("There is no ledger to verify", output, StringComparison.Ordinal);
        ledger.Engine.Disconnect(empty);
    }

    [Fact]
    public async Task An_unknown_command_ends_with_2_and_the_usage()
    {
        await using var empty = await new TEngine().CreateAsync();

        var (exitCode, output) = await PortalProcess.RunAsync(empty, Cancel, "ledger", "repair");

        Assert.Equal(2, exitCode);
        Assert.Contains("Unknown command: ledger repair", output, StringComparison.Ordinal);
        Assert.Contains("ledger verify", output, StringComparison.Ordinal);
    }
}

public sealed class LedgerVerifyCommandTestsOnSqlite(LedgerToSpoil<SqliteEngine> ledger) : LedgerVerifyCommandTests<SqliteEngine>(ledger);

public sealed class LedgerVerifyCommandTestsOnPostgres(LedgerToSpoil<PostgresEngine> ledger) : LedgerVerifyCommandTests<PostgresEngine>(ledger);

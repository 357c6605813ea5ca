using Microsoft.Data.Sqlite;

namespace BillingPortal.Store;

/// <summary>Copies the write-ahead log into the database beside the writers, so that a commit seldom has to.</summary>
/// <remarks>A passive checkpoint waits for nobody and nobody waits for it. What it leaves undone under a steady load is done by the commit that fills the log: see <see cref="SqliteSetup"/>.</remarks>
internal sealed class SqliteCheckpoints(string connectionString, TimeProvider clock, ILogger<SqliteCheckpoints> logger) : PeriodicJob(Interval, clock, logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    protected override async Task RunRoundAsync(CancellationToken cancellationToken)
    {
        await using var connection = new SqliteConnection(connectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA wal_checkpoint(PASSIVE)";
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}

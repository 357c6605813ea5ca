using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace BillingPortal.Store;

/// <summary>What every connection to SQLite is told, whoever opens it.</summary>
internal static class SqliteSetup
{
    /// <summary>The connection string with what must hold on every connection, and the folder of the file made.</summary>
    public static string ConnectionString(string configured)
    {
        var builder = new SqliteConnectionStringBuilder(configured) { ForeignKeys = true };
        if (Path.GetDirectoryName(Path.GetFullPath(builder.DataSource)) is { } folder && builder.Mode is not SqliteOpenMode.Memory)
        {
            Directory.CreateDirectory(folder);
        }

        return builder.ToString();
    }

    /// <summary>A commit is on disk when it returns, and a busy database is waited for. The log is emptied by <see cref="SqliteCheckpoints"/>, and at 250 MB by whoever commits.</summary>
    public static void Configure(DbConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA synchronous=FULL; PRAGMA busy_timeout=30000; PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=64000;";
        command.ExecuteNonQuery();
    }

    internal sealed class Interceptor : DbConnectionInterceptor
    {
        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => Configure(connection);

        public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            Configure(connection);
            return Task.CompletedTask;
        }
    }
}

using Microsoft.Data.Sqlite;
using Npgsql;

namespace BillingPortal.Store;

internal sealed class SqliteSessions(string connectionString, IServiceProvider services) : IStoreSessions
{
    private const int Constraint = 19;
    private const int ConstraintUnique = 2067;
    private const int ConstraintPrimaryKey = 1555;

    // A writer keeps a processor here and one in the database busy; more of them than that only make smaller batches.
    public int Writers => Math.Clamp(Environment.ProcessorCount / 2, 1, 4);

    public StoreSession Open() => new SqliteSession(connectionString, services);

    public bool IsUniqueViolation(Exception exception) =>
        Cause<SqliteException>(exception) is { SqliteErrorCode: Constraint, SqliteExtendedErrorCode: ConstraintUnique or ConstraintPrimaryKey };

    // Busy, locked, i/o error, full disk, cannot open, read-only.
    public bool IsTransient(Exception exception) => Cause<SqliteException>(exception) is { SqliteErrorCode: 5 or 6 or 8 or 10 or 13 or 14 };

    /// <summary>The database's own error, however it was wrapped on its way here.</summary>
    internal static TException? Cause<TException>(Exception? exception)
        where TException : Exception => exception is null ? null : exception as TException ?? Cause<TException>(exception.InnerException);
}

internal sealed class PostgresSessions(NpgsqlDataSource source, IServiceProvider services) : IStoreSessions, IDisposable
{
    // A writer keeps a processor here and one in the database busy; more of them than that only make smaller batches.
    public int Writers => Math.Clamp(Environment.ProcessorCount / 2, 1, 4);

    public void Dispose() => source.Dispose();

    public StoreSession Open() => new PostgresSession(source, services);

    public bool IsUniqueViolation(Exception exception) =>
        SqliteSessions.Cause<PostgresException>(exception) is { SqlState: PostgresErrorCodes.UniqueViolation };

    public bool IsTransient(Exception exception) =>
        SqliteSessions.Cause<NpgsqlException>(exception) is { IsTransient: true }
        || SqliteSessions.Cause<System.Net.Sockets.SocketException>(exception) is not null
        || exception is TimeoutException or IOException;
}

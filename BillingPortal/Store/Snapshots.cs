using System.Data;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace BillingPortal.Store;

/// <summary>Several queries that see the same instant of the database and stop nobody from writing.</summary>
public static class Snapshots
{
    /// <summary>Begins a reading transaction; what is committed after its first query stays out of sight until it is disposed.</summary>
    public static async Task<IDbContextTransaction> BeginSnapshotAsync(this BillingDbContext db, CancellationToken cancellationToken)
    {
        if (!db.Database.IsSqlite())
        {
            return await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        }

        // EF Core's own transactions take the write lock at once.
        await db.Database.OpenConnectionAsync(cancellationToken);
        var connection = (SqliteConnection)db.Database.GetDbConnection();
        return (await db.Database.UseTransactionAsync(connection.BeginTransaction(deferred: true), cancellationToken))!;
    }
}

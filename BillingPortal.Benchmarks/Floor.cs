using System.Data.Common;
using BillingPortal.Store;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace BillingPortal.Benchmarks;

/// <summary>What the engine itself can do with prepared statements and nothing else: the floor that the portal is measured against.</summary>
internal static class Floor
{
    /// <summary>One insert and one update in a commit of their own, on many rows.</summary>
    public static async Task<Rate> SingleAsync(Engine engine, int clients, TimeSpan warmUp, TimeSpan duration)
    {
        var connectionString = await engine.CreateAsync();
        await using (var setup = await OpenAsync(engine, connectionString))
        {
            var number = engine.Provider is DatabaseProvider.Sqlite ? "INTEGER" : "bigint";
            await ExecuteAsync(setup, $"CREATE TABLE floor_rows (id text PRIMARY KEY, wallet {number}, amount {number}, at {number})");
            await ExecuteAsync(setup, $"CREATE TABLE floor_wallets (id {number} PRIMARY KEY, balance {number})");
            for (var i = 0; i < 1000; i++)
            {
                await ExecuteAsync(setup, $"INSERT INTO floor_wallets VALUES ({i}, 0)");
            }
        }

        var connections = new DbConnection[clients];
        var commands = new (DbCommand Insert, DbCommand Update)[clients];
        for (var i = 0; i < clients; i++)
        {
            connections[i] = await OpenAsync(engine, connectionString);
            commands[i] = (
                Prepare(connections[i], "INSERT INTO floor_rows VALUES (@p0, @p1, @p2, @p3)", "", 0L, 0L, 0L),
                Prepare(connections[i], "UPDATE floor_wallets SET balance = balance + @p0 WHERE id = @p1", 0L, 0L));
        }

        var rate = await Measure.CallersAsync(clients, warmUp, duration, async (client, n) =>
        {
            var (insert, update) = commands[client];
            var wallet = ((n * clients) + client) % 1000;
            await using var transaction = await connections[client].BeginTransactionAsync();
            insert.Transaction = update.Transaction = transaction;
            insert.Parameters[0].Value = $"tx_{client}_{n}_0123456789";
            insert.Parameters[1].Value = wallet;
            insert.Parameters[2].Value = 30_000_000L;
            insert.Parameters[3].Value = n;
            await insert.ExecuteNonQueryAsync();
            update.Parameters[0].Value = 30_000_000L;
            update.Parameters[1].Value = wallet;
            await update.ExecuteNonQueryAsync();
            await transaction.CommitAsync();
        });
        foreach (var connection in connections)
        {
            await connection.DisposeAsync();
        }

        return rate;
    }

    /// <summary>An open connection as the portal opens its own.</summary>
    public static async Task<DbConnection> OpenAsync(Engine engine, string connectionString)
    {
        DbConnection connection = engine.Provider is DatabaseProvider.Sqlite ? new SqliteConnection(connectionString) : new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        if (engine.Provider is DatabaseProvider.Sqlite)
        {
            await ExecuteAsync(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=30000; PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=16000;");
        }

        return connection;
    }

    public static async Task ExecuteAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    private static DbCommand Prepare(DbConnection connection, string sql, params object[] samples)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (i, sample) in samples.Index())
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = $"@p{i}";
            parameter.Value = sample;
            command.Parameters.Add(parameter);
        }

        command.Prepare();
        return command;
    }
}

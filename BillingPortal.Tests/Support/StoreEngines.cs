using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace BillingPortal.Tests.Support;

/// <summary>
/// A database engine the portal runs on. A test class that touches rows is abstract and generic over it, with one line for each engine:
/// <code>
/// public abstract class HoldTests&lt;TEngine&gt;(StoreFixture&lt;TEngine&gt; store) : IClassFixture&lt;StoreFixture&lt;TEngine&gt;&gt; where TEngine : IStoreEngine, new() { … }
/// public sealed class HoldTestsOnSqlite(StoreFixture&lt;SqliteEngine&gt; store) : HoldTests&lt;SqliteEngine&gt;(store);
/// public sealed class HoldTestsOnPostgres(StoreFixture&lt;PostgresEngine&gt; store) : HoldTests&lt;PostgresEngine&gt;(store);
/// </code>
/// </summary>
public interface IStoreEngine
{
    /// <summary>A fresh database: empty, or a copy of <paramref name="template"/>, to which nobody may be connected.</summary>
    Task<TestDatabase> CreateAsync(TestDatabase? template = null);

    /// <summary>Opens a connection beside the portal's, for a test that looks at or tampers with rows.</summary>
    Task<DbConnection> ConnectAsync(TestDatabase database);

    /// <summary>Closes every pooled connection to it, so that it can be copied or dropped.</summary>
    void Disconnect(TestDatabase database);
}

/// <summary>A file in a folder of its own.</summary>
public sealed class SqliteEngine : IStoreEngine
{
    public Task<TestDatabase> CreateAsync(TestDatabase? template = null)
    {
        var folder = Directory.CreateTempSubdirectory("billing-sqlite-");
        var connection = new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder.FullName, "billing.db"), ForeignKeys = true };
        if (template is not null)
        {
            File.Copy(new SqliteConnectionStringBuilder(template.ConnectionString).DataSource, connection.DataSource);
        }

        return Task.FromResult(new TestDatabase("Sqlite", connection.ToString(), () =>
        {
            folder.Delete(recursive: true);
            return ValueTask.CompletedTask;
        }));
    }

    public async Task<DbConnection> ConnectAsync(TestDatabase database)
    {
        var connection = new SqliteConnection(database.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    public void Disconnect(TestDatabase database)
    {
        using var connection = new SqliteConnection(database.ConnectionString);
        SqliteConnection.ClearPool(connection);
    }
}

/// <summary>A database on <see cref="PostgresServer"/>.</summary>
public sealed class PostgresEngine : IStoreEngine
{
    public async Task<TestDatabase> CreateAsync(TestDatabase? template = null)
    {
        var server = (await PostgresServer.GetAsync()).ConnectionString;
        var name = $"billing_test_{Guid.NewGuid():N}";
        var source = template is null ? "template0" : new NpgsqlConnectionStringBuilder(template.ConnectionString).Database;
        await ExecuteAsync(server, $"CREATE DATABASE {name} TEMPLATE {source}");
        var connection = new NpgsqlConnectionStringBuilder(server) { Database = name };
        return new TestDatabase("Postgres", connection.ToString(), async () => await ExecuteAsync(server, $"DROP DATABASE {name} WITH (FORCE)"));
    }

    public async Task<DbConnection> ConnectAsync(TestDatabase database)
    {
        var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    public void Disconnect(TestDatabase database)
    {
        using var connection = new NpgsqlConnection(database.ConnectionString);
        NpgsqlConnection.ClearPool(connection);
    }

    private static async Task ExecuteAsync(string server, string sql)
    {
        await using var connection = new NpgsqlConnection(server);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}

using System.Data.Common;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Store;

public abstract class StoreEngineTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Fact]
    public async Task A_copy_of_a_template_has_its_rows_and_a_life_of_its_own()
    {
        var template = await store.Engine.CreateAsync();
        await using var _ = template;
        await ExecuteAsync(template, "CREATE TABLE marks (id INTEGER PRIMARY KEY)", "INSERT INTO marks VALUES (1)");

        await using var first = await store.Engine.CreateAsync(template);
        await using var second = await store.Engine.CreateAsync(template);
        await ExecuteAsync(first, "INSERT INTO marks VALUES (2)");

        Assert.Equal(2L, await CountAsync(first));
        Assert.Equal(1L, await CountAsync(second));
    }

    [Fact]
    public async Task A_row_without_its_parent_is_refused()
    {
        await ExecuteAsync(store.Database, "CREATE TABLE parents (id INTEGER PRIMARY KEY)", "CREATE TABLE children (parent_id INTEGER REFERENCES parents (id))");

        await Assert.ThrowsAnyAsync<DbException>(() => ExecuteAsync(store.Database, "INSERT INTO children VALUES (7)"));
    }

    private async Task ExecuteAsync(TestDatabase database, params string[] statements)
    {
        await using (var connection = await store.Engine.ConnectAsync(database))
        {
            foreach (var statement in statements)
            {
                await using var command = connection.CreateCommand();
                command.CommandText = statement;
                await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            }
        }

        store.Engine.Disconnect(database);
    }

    private async Task<object?> CountAsync(TestDatabase database)
    {
        await using var connection = await store.Engine.ConnectAsync(database);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM marks";
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }
}

public sealed class StoreEngineTestsOnSqlite(StoreFixture<SqliteEngine> store) : StoreEngineTests<SqliteEngine>(store);

public sealed class StoreEngineTestsOnPostgres(StoreFixture<PostgresEngine> store) : StoreEngineTests<PostgresEngine>(store);

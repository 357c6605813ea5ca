using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Store;

/// <summary>Set-wise work on SQLite: one prepared statement per shape, run once per row; in-process, that is the quickest way.</summary>
internal sealed class SqliteSession(string connectionString, IServiceProvider services) : StoreSession
{
    private readonly Dictionary<object, SqliteStatement> statements = [];
    private SqliteConnection? connection;
    private SqliteTransaction? transaction;

    public override Task BeginAsync(CancellationToken cancellationToken)
    {
        if (connection is null)
        {
            connection = new SqliteConnection(connectionString);
            connection.Open();
            SqliteSetup.Configure(connection);
        }

        transaction = connection.BeginTransaction(deferred: false);
        return Task.CompletedTask;
    }

    public override Task ReadAsync(IReadOnlyList<KeyedRead> reads, CancellationToken cancellationToken)
    {
        foreach (var read in reads)
        {
            var statement = Statement(read.Query, () => SelectSql(read.Query));
            foreach (var key in read.Keys)
            {
                statement.Read(key, read.OnRow);
            }
        }

        return Task.CompletedTask;
    }

    public override async ValueTask DisposeAsync()
    {
        await RollbackAsync();
        await DiscardAsync();
    }

    protected override Task WriteAsync(IReadOnlyList<RowSet> sets, bool commit, CancellationToken cancellationToken)
    {
        foreach (var set in sets)
        {
            var statement = Statement(set.Shape, () => WriteSql(set.Shape));
            foreach (var row in set.Rows)
            {
                statement.Run(row);
            }
        }

        if (commit)
        {
            transaction!.Commit();
            transaction.Dispose();
            transaction = null;
        }

        return Task.CompletedTask;
    }

    protected override Task UndoAsync()
    {
        transaction?.Dispose();
        transaction = null;
        return Task.CompletedTask;
    }

    protected override async Task DiscardAsync()
    {
        transaction = null;
        foreach (var statement in statements.Values)
        {
            statement.Dispose();
        }

        statements.Clear();
        if (connection is not null)
        {
            await connection.DisposeAsync();
            connection = null;
        }
    }

    protected override BillingDbContext Enlist()
    {
        var options = new DbContextOptionsBuilder<SqliteBillingDbContext>()
            .UseSqlite(connection!).UseApplicationServiceProvider(services).Options;
        var context = new SqliteBillingDbContext(options);
        context.Database.UseTransaction(transaction);
        return context;
    }

    private SqliteStatement Statement(object key, Func<string> sql)
    {
        if (!statements.TryGetValue(key, out var statement))
        {
            statement = new SqliteStatement(connection!, sql());
            statements.Add(key, statement);
        }

        return statement;
    }

    private static string SelectSql(KeyedQuery query)
    {
        var keys = string.Join(" AND ", query.KeyColumns.Select((column, i) => $"t.{column} = ?{i + 1}"));
        var where = query.Where is null ? "" : $" AND {query.Where}";
        return $"SELECT {string.Join(", ", query.Columns.Select(column => $"t.{column}"))} FROM {query.Table} t WHERE {keys}{where}";
    }

    private static string WriteSql(TableShape shape)
    {
        var names = shape.Columns.Select(column => column.Name).ToArray();
        var keys = names[..shape.KeyColumns];
        var others = names[shape.KeyColumns..];
        if (shape.Verb is RowVerb.Update)
        {
            var sets = string.Join(", ", others.Select((name, i) => $"{name} = ?{i + keys.Length + 1}"));
            return $"UPDATE {shape.Table} SET {sets} WHERE {string.Join(" AND ", keys.Select((name, i) => $"{name} = ?{i + 1}"))}";
        }

        var values = string.Join(", ", names.Select((_, i) => $"?{i + 1}"));
        return $"INSERT INTO {shape.Table} ({string.Join(", ", names)}) VALUES ({values}){Conflict.Clause(shape)}";
    }
}

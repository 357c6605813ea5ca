using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Store;

/// <summary>Set-wise work on SQLite: one prepared statement per shape, run once per row; in-process, that is the quickest way.</summary>
internal sealed class SqliteSession(string connectionString, IServiceProvider services) : StoreSession
{
    private readonly Dictionary<object, SqliteCommand> commands = [];
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
            var command = Command(read.Query, () => SelectSql(read.Query), read.Query.KeyColumns.Length);
            foreach (var key in read.Keys)
            {
                for (var i = 0; i < key.Length; i++)
                {
                    command.Parameters[i].Value = key[i];
                }

                using var rows = command.ExecuteReader();
                while (rows.Read())
                {
                    read.OnRow(rows);
                }
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
            var command = Command(set.Shape, () => WriteSql(set.Shape), set.Shape.Columns.Length);
            foreach (var row in set.Rows)
            {
                for (var i = 0; i < row.Length; i++)
                {
                    command.Parameters[i].Value = row[i] ?? DBNull.Value;
                }

                command.ExecuteNonQuery();
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
        foreach (var command in commands.Values)
        {
            await command.DisposeAsync();
        }

        commands.Clear();
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

    private SqliteCommand Command(object key, Func<string> sql, int parameters)
    {
        if (!commands.TryGetValue(key, out var command))
        {
            command = connection!.CreateCommand();
            command.CommandText = sql();
            for (var i = 0; i < parameters; i++)
            {
                command.Parameters.Add(new SqliteParameter($"@p{i}", null));
            }

            commands.Add(key, command);
        }

        command.Transaction = transaction;
        return command;
    }

    private static string SelectSql(KeyedQuery query)
    {
        var keys = string.Join(" AND ", query.KeyColumns.Select((column, i) => $"t.{column} = @p{i}"));
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
            var sets = string.Join(", ", others.Select((name, i) => $"{name} = @p{i + keys.Length}"));
            return $"UPDATE {shape.Table} SET {sets} WHERE {string.Join(" AND ", keys.Select((name, i) => $"{name} = @p{i}"))}";
        }

        var values = string.Join(", ", names.Select((_, i) => $"@p{i}"));
        return $"INSERT INTO {shape.Table} ({string.Join(", ", names)}) VALUES ({values}){Conflict.Clause(shape)}";
    }
}

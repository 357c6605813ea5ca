using System.Data;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace BillingPortal.Store;

/// <summary>Set-wise work on PostgreSQL: each shape is one statement over arrays, all of them in one round trip.</summary>
internal sealed class PostgresSession(NpgsqlDataSource source, IServiceProvider services) : StoreSession
{
    // Every statement here looks rows up by key, however few or many: one plan serves them all, and making a new one for each took longer than running it.
    private const string Settings =
        "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off";

    private readonly Dictionary<object, string> sql = [];
    private NpgsqlConnection? connection;
    private NpgsqlTransaction? transaction;

    public override async Task BeginAsync(CancellationToken cancellationToken)
    {
        connection ??= source.CreateConnection();
        if (connection.State is not ConnectionState.Open)
        {
            await connection.OpenAsync(cancellationToken);
            await using var settings = new NpgsqlCommand(Settings, connection);
            await settings.ExecuteNonQueryAsync(cancellationToken);
        }

        transaction = await connection.BeginTransactionAsync(cancellationToken);
    }

    public override async Task ReadAsync(IReadOnlyList<KeyedRead> reads, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (var read in reads)
        {
            var command = new NpgsqlBatchCommand(Sql(read.Query, () => SelectSql(read.Query)));
            for (var i = 0; i < read.Query.KeyColumns.Length; i++)
            {
                var column = i;
                command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. read.Keys.Select(key => key[column])] });
            }

            batch.BatchCommands.Add(command);
        }

        await using var rows = await batch.ExecuteReaderAsync(cancellationToken);
        var row = new Row(rows);
        foreach (var read in reads)
        {
            while (await rows.ReadAsync(cancellationToken))
            {
                read.OnRow(row);
            }

            await rows.NextResultAsync(cancellationToken);
        }
    }

    public override async ValueTask DisposeAsync() => await DiscardAsync();

    protected override async Task WriteAsync(IReadOnlyList<RowSet> sets, bool commit, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (var set in sets)
        {
            var command = new NpgsqlBatchCommand(Sql(set.Shape, () => WriteSql(set.Shape)));
            for (var i = 0; i < set.Shape.Columns.Length; i++)
            {
                command.Parameters.Add(Array(set, i));
            }

            batch.BatchCommands.Add(command);
        }

        if (commit)
        {
            // Travels with the rows and saves a round trip; a statement that fails before it keeps it from running.
            batch.BatchCommands.Add(new NpgsqlBatchCommand("COMMIT"));
        }

        if (batch.BatchCommands.Count > 0)
        {
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        if (commit)
        {
            await transaction!.DisposeAsync();
            transaction = null;
        }
    }

    protected override async Task UndoAsync()
    {
        if (transaction is not null)
        {
            await transaction.DisposeAsync();
            transaction = null;
        }

        if (connection is { State: not ConnectionState.Open })
        {
            await DiscardAsync();
        }
    }

    protected override async Task DiscardAsync()
    {
        transaction = null;
        if (connection is not null)
        {
            await connection.DisposeAsync();
            connection = null;
        }
    }

    protected override BillingDbContext Enlist()
    {
        var options = new DbContextOptionsBuilder<PostgresBillingDbContext>()
            .UseNpgsql(connection!).UseApplicationServiceProvider(services).Options;
        var context = new PostgresBillingDbContext(options);
        context.Database.UseTransaction(transaction);
        return context;
    }

    private string Sql(object key, Func<string> build)
    {
        if (!sql.TryGetValue(key, out var text))
        {
            text = build();
            sql.Add(key, text);
        }

        return text;
    }

    private static NpgsqlParameter Array(RowSet set, int column)
    {
        var rows = set.Rows;
        switch (set.Shape.Columns[column].Type)
        {
            case ColumnType.Text:
                var texts = new string?[rows.Count];
                for (var i = 0; i < texts.Length; i++)
                {
                    texts[i] = (string?)rows[i][column];
                }

                return new NpgsqlParameter<string?[]> { TypedValue = texts, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };
            case ColumnType.Number:
                var numbers = new long?[rows.Count];
                for (var i = 0; i < numbers.Length; i++)
                {
                    numbers[i] = (long?)rows[i][column];
                }

                return new NpgsqlParameter<long?[]> { TypedValue = numbers, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint };
            default:
                var flags = new bool?[rows.Count];
                for (var i = 0; i < flags.Length; i++)
                {
                    flags[i] = (bool?)rows[i][column];
                }

                return new NpgsqlParameter<bool?[]> { TypedValue = flags, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Boolean };
        }
    }

    private static string SelectSql(KeyedQuery query)
    {
        var keys = query.KeyColumns;
        var arrays = string.Join(", ", keys.Select((_, i) => $"${i + 1}"));
        var names = string.Join(", ", keys.Select((_, i) => $"k{i}"));
        var join = string.Join(" AND ", keys.Select((column, i) => $"t.{column} = k.k{i}"));
        var where = query.Where is null ? "" : $" WHERE {query.Where}";
        var order = query.Lock ? $" ORDER BY {string.Join(", ", keys.Select(column => $"t.{column}"))} FOR UPDATE OF t" : "";
        return $"SELECT {string.Join(", ", query.Columns.Select(column => $"t.{column}"))} FROM unnest({arrays}) AS k({names}) JOIN {query.Table} t ON {join}{where}{order}";
    }

    private static string WriteSql(TableShape shape)
    {
        var names = shape.Columns.Select(column => column.Name).ToArray();
        var arrays = string.Join(", ", names.Select((_, i) => $"${i + 1}"));
        if (shape.Verb is RowVerb.Update)
        {
            var sets = string.Join(", ", names.Skip(shape.KeyColumns).Select(name => $"{name} = u.{name}"));
            var keys = string.Join(" AND ", names.Take(shape.KeyColumns).Select(name => $"t.{name} = u.{name}"));
            return $"UPDATE {shape.Table} t SET {sets} FROM unnest({arrays}) AS u({string.Join(", ", names)}) WHERE {keys}";
        }

        return $"INSERT INTO {shape.Table} ({string.Join(", ", names)}) SELECT * FROM unnest({arrays}){Conflict.Clause(shape)}";
    }

    private sealed class Row(NpgsqlDataReader reader) : IKeyedRow
    {
        public bool IsNull(int column) => reader.IsDBNull(column);

        public string Text(int column) => reader.GetString(column);

        public long Number(int column) => reader.GetInt64(column);

        public bool Bool(int column) => reader.GetBoolean(column);
    }
}

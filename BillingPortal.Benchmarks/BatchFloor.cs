using System.Data.Common;
using BillingPortal.Ledger;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace BillingPortal.Benchmarks;

/// <summary>The rows that a charge writes, written by prepared statements in batches of a hundred and nothing else: no reading, no rules.</summary>
/// <remarks>The rows are copies of a real charge's, with keys of their own, in the portal's own tables with all their indexes.</remarks>
internal sealed class BatchFloor
{
    public const int Batch = 100;

    private static readonly (string Table, string Conflict)[] Inserts =
    [
        ("transactions", ""),
        ("postings", ""),
        ("posted_references", ""),
        ("usage_items", ""),
        ("usage_days",
            " ON CONFLICT (organization_id, day, recorded_on, channel, operation, key_id, credit_type) DO UPDATE SET quantity_micros = usage_days.quantity_micros + excluded.quantity_micros,"
            + " credits_micros = usage_days.credits_micros + excluded.credits_micros, items = usage_days.items + excluded.items"),
        ("wallet_days",
            " ON CONFLICT (organization_id, credit_type, day, type) DO UPDATE SET whole_credits = wallet_days.whole_credits + excluded.whole_credits,"
            + " fraction_micros = wallet_days.fraction_micros + excluded.fraction_micros, transactions = wallet_days.transactions + excluded.transactions"),
    ];

    private readonly Engine engine;
    private readonly string connectionString;
    private readonly string[] organizations;
    private readonly Dictionary<string, Template> templates = [];

    private BatchFloor(Engine engine, string connectionString, string[] organizations)
    {
        this.engine = engine;
        this.connectionString = connectionString;
        this.organizations = organizations;
    }

    /// <summary>Charges a second that are written so.</summary>
    public static async Task<Rate> MeasureAsync(Engine engine, int wallets, TimeSpan warmUp, TimeSpan duration)
    {
        await using var portal = await Portal.StartAsync(engine);
        var organizations = await portal.FundAsync(wallets);
        await portal.ChargeAsync(organizations[0], "sample");
        var floor = new BatchFloor(engine, portal.ConnectionString, organizations);
        await floor.LearnAsync();
        var clients = Math.Min(engine.FloorClients, wallets);
        var writers = new Client[clients];
        for (var i = 0; i < clients; i++)
        {
            writers[i] = await floor.OpenAsync(i, clients);
        }

        var batches = await Measure.CallersAsync(clients, warmUp, duration, (client, _) => writers[client].WriteAsync());
        foreach (var writer in writers)
        {
            await writer.DisposeAsync();
        }

        return batches with { PerSecond = batches.PerSecond * Batch, CpuMicros = batches.CpuMicros / Batch };
    }

    private async Task LearnAsync()
    {
        await using var connection = await Floor.OpenAsync(engine, connectionString);
        foreach (var (table, _) in Inserts)
        {
            var order = table is "transactions" ? " ORDER BY sequence DESC" : table is "postings" ? " ORDER BY transaction_id DESC, leg" : "";
            var filter = table is "posted_references" ? " WHERE reference LIKE 'event:%'" : table is "wallet_days" ? " WHERE type = 'charge'" : "";
            await using var command = connection.CreateCommand();
            command.CommandText = $"SELECT * FROM {table}{filter}{order} LIMIT 2";
            await using var rows = await command.ExecuteReaderAsync();
            var columns = Enumerable.Range(0, rows.FieldCount).Select(rows.GetName).ToArray();
            var types = Enumerable.Range(0, rows.FieldCount).Select(rows.GetFieldType).ToArray();
            var samples = new List<object?[]>();
            while (await rows.ReadAsync() && samples.Count < (table is "postings" ? 2 : 1))
            {
                samples.Add([.. Enumerable.Range(0, rows.FieldCount).Select(i => rows.IsDBNull(i) ? null : rows.GetValue(i))]);
            }

            templates[table] = new Template(columns, types, samples);
        }
    }

    private async Task<Client> OpenAsync(int number, int clients)
    {
        var own = organizations.Where((_, i) => i % clients == number).ToArray();
        var client = new Client(this, await Floor.OpenAsync(engine, connectionString), own);
        await client.PrepareAsync();
        return client;
    }

    private sealed record Template(string[] Columns, Type[] Types, List<object?[]> Samples);

    private sealed class Client(BatchFloor floor, DbConnection connection, string[] organizations) : IAsyncDisposable
    {
        private readonly Dictionary<string, DbCommand> commands = [];
        private readonly Dictionary<string, (string Wallet, string Bucket)> buckets = [];
        private readonly long[] sequences = [.. organizations.Select(_ => 1000L)];
        private long count;

        private bool IsSqlite => connection is SqliteConnection;

        public async Task PrepareAsync()
        {
            foreach (var organization in organizations)
            {
                await using var find = connection.CreateCommand();
                find.CommandText = $"SELECT id FROM buckets WHERE organization_id = '{organization}'";
                buckets[organization] = (organization, (string)(await find.ExecuteScalarAsync())!);
            }

            foreach (var (table, conflict) in Inserts)
            {
                var columns = floor.templates[table].Columns;
                commands[table] = Prepare(
                    $"INSERT INTO {table} ({string.Join(", ", columns)}) {Values(columns.Length)}{conflict}", floor.templates[table].Types);
            }

            commands["wallets"] = Prepare(
                IsSqlite
                    ? "UPDATE wallets SET sequence = @p2, balance_micros = @p3 WHERE organization_id = @p0 AND credit_type = @p1"
                    : "UPDATE wallets t SET sequence = u.c, balance_micros = u.d FROM unnest(@p0, @p1, @p2, @p3) AS u(a, b, c, d) WHERE t.organization_id = u.a AND t.credit_type = u.b",
                [typeof(string), typeof(string), typeof(long), typeof(long)]);
            commands["buckets"] = Prepare(
                IsSqlite
                    ? "UPDATE buckets SET remaining_micros = @p2 WHERE organization_id = @p0 AND id = @p1"
                    : "UPDATE buckets t SET remaining_micros = u.c FROM unnest(@p0, @p1, @p2) AS u(a, b, c) WHERE t.organization_id = u.a AND t.id = u.b",
                [typeof(string), typeof(string), typeof(long)]);
        }

        public async Task WriteAsync()
        {
            var rows = Rows();
            await using var transaction = await connection.BeginTransactionAsync();
            foreach (var (table, values) in rows)
            {
                var command = commands[table];
                command.Transaction = transaction;
                if (IsSqlite)
                {
                    foreach (var row in values)
                    {
                        for (var i = 0; i < row.Length; i++)
                        {
                            command.Parameters[i].Value = row[i] ?? DBNull.Value;
                        }

                        command.ExecuteNonQuery();
                    }
                }
                else
                {
                    for (var i = 0; i < command.Parameters.Count; i++)
                    {
                        command.Parameters[i].Value = Column(values, i, (NpgsqlParameter)command.Parameters[i]);
                    }

                    await command.ExecuteNonQueryAsync();
                }
            }

            await transaction.CommitAsync();
        }

        public async ValueTask DisposeAsync() => await connection.DisposeAsync();

        private Dictionary<string, List<object?[]>> Rows()
        {
            var rows = commands.Keys.ToDictionary(table => table, _ => new List<object?[]>(Batch * 2));
            var days = new HashSet<(string Table, string Organization)>();
            for (var i = 0; i < Batch; i++, count++)
            {
                var index = (int)(count % organizations.Length);
                var organization = organizations[index];
                var sequence = ++sequences[index];
                var now = TimeProvider.System.GetUtcNow();
                var (transaction, item, reference) = (Ids.New("tx", now), Ids.New("itm", now), $"event:{Ids.New("evt", now)}");
                foreach (var (table, _) in Inserts)
                {
                    var template = floor.templates[table];
                    foreach (var sample in template.Samples)
                    {
                        var row = (object?[])sample.Clone();
                        for (var c = 0; c < row.Length; c++)
                        {
                            row[c] = (table, template.Columns[c]) switch
                            {
                                (_, "organization_id") => organization,
                                ("transactions", "sequence") => sequence,
                                ("transactions", "id") or (_, "transaction_id") => transaction,
                                (_, "bucket_id") when row[c] is not null => buckets[organization].Bucket,
                                ("usage_items", "id") or (_, "result_id") => item,
                                (_, "reference") => reference,
                                (_, "event_id") => reference,
                                _ => row[c],
                            };
                        }

                        if (table is not ("usage_days" or "wallet_days") || days.Add((table, organization)))
                        {
                            rows[table].Add(row);
                        }
                    }
                }

                rows["wallets"].Add([organization, "credits", sequence, 1_000_000_000_000_000L - sequence]);
                rows["buckets"].Add([organization, buckets[organization].Bucket, 1_000_000_000_000_000L - sequence]);
            }

            if (organizations.Length == 1)
            {
                // One wallet is written once a batch, as the portal does it.
                rows["wallets"].RemoveRange(0, rows["wallets"].Count - 1);
                rows["buckets"].RemoveRange(0, rows["buckets"].Count - 1);
            }

            return rows;
        }

        private string Values(int columns)
        {
            var names = string.Join(", ", Enumerable.Range(0, columns).Select(i => $"@p{i}"));
            return IsSqlite ? $"VALUES ({names})" : $"SELECT * FROM unnest({names})";
        }

        private DbCommand Prepare(string sql, Type[] types)
        {
            var command = connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 0; i < types.Length; i++)
            {
                DbParameter parameter = IsSqlite
                    ? new SqliteParameter($"@p{i}", null)
                    : new NpgsqlParameter($"p{i}", NpgsqlTypes.NpgsqlDbType.Array | (
                        types[i] == typeof(long) ? NpgsqlTypes.NpgsqlDbType.Bigint
                        : types[i] == typeof(bool) ? NpgsqlTypes.NpgsqlDbType.Boolean
                        : NpgsqlTypes.NpgsqlDbType.Text));
                command.Parameters.Add(parameter);
            }

            command.Prepare();
            return command;
        }

        private static Array Column(List<object?[]> rows, int column, NpgsqlParameter parameter) =>
            (parameter.NpgsqlDbType & ~NpgsqlTypes.NpgsqlDbType.Array) switch
            {
                NpgsqlTypes.NpgsqlDbType.Bigint => rows.Select(row => (long?)row[column]).ToArray(),
                NpgsqlTypes.NpgsqlDbType.Boolean => rows.Select(row => (bool?)row[column]).ToArray(),
                _ => rows.Select(row => (string?)row[column]).ToArray(),
            };
    }
}

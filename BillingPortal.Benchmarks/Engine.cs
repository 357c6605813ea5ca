using System.Diagnostics;
using BillingPortal.Store;
using Npgsql;

namespace BillingPortal.Benchmarks;

/// <summary>A database engine that writes to the disk for real, and hands out empty databases.</summary>
internal abstract class Engine : IAsyncDisposable
{
    public abstract DatabaseProvider Provider { get; }

    /// <summary>Clients of the raw floor: one on SQLite, which has one writer; eight on PostgreSQL.</summary>
    public abstract int FloorClients { get; }

    public abstract Task<string> CreateAsync();

    public abstract ValueTask DisposeAsync();
}

internal sealed class SqliteEngine : Engine
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("billing-bench-");
    private int count;

    public override DatabaseProvider Provider => DatabaseProvider.Sqlite;

    public override int FloorClients => 1;

    public override Task<string> CreateAsync() => Task.FromResult($"Data Source={Path.Combine(folder.FullName, $"{++count}.db")}");

    public override ValueTask DisposeAsync()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }
}

/// <summary>A server of this program's own with the settings an installation has: every commit is forced to disk.</summary>
internal sealed class PostgresEngine : Engine
{
    // PostgreSQL refuses to run as root; it is given to nobody then. It ends when its standard input does.
    private const string Script =
        """
        folder=$(mktemp -d /tmp/billing-bench-postgres-XXXXXX)
        as=
        if [ "$(id -u)" -eq 0 ]; then chown nobody "$folder"; as='setpriv --reuid=nobody --regid=nogroup --clear-groups'; fi
        cd "$folder"
        echo "$folder"
        exec 3<&0 </dev/null
        $as initdb -D data -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >initdb.log 2>&1 || cat initdb.log
        $as postgres -D data -k "$folder" -c listen_addresses= -c max_connections=200 -c shared_buffers=512MB -c max_wal_size=4GB \
          -c log_min_messages=fatal 2>&1 &
        cat <&3 >/dev/null
        kill -INT $!
        wait $!
        rm -rf "$folder"
        """;

    private readonly Process process;
    private readonly NpgsqlConnectionStringBuilder connection;
    private int count;

    private PostgresEngine(Process process, NpgsqlConnectionStringBuilder connection)
    {
        this.process = process;
        this.connection = connection;
    }

    public override DatabaseProvider Provider => DatabaseProvider.Postgres;

    public override int FloorClients => 8;

    public static async Task<PostgresEngine> StartAsync()
    {
        var binaries = Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")).Max(StringComparer.Ordinal)
            ?? throw new InvalidOperationException("These measurements need PostgreSQL: apt-get install postgresql.");
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(Script);
        start.Environment["PATH"] = $"{binaries}:{Environment.GetEnvironmentVariable("PATH")}";
        var process = Process.Start(start)!;
        var folder = await process.StandardOutput.ReadLineAsync();
        var connection = new NpgsqlConnectionStringBuilder { Host = folder, Username = "postgres", Database = "postgres", Pooling = false };
        for (var tries = 0; ; tries++)
        {
            try
            {
                await using var probe = new NpgsqlConnection(connection.ToString());
                await probe.OpenAsync();
                break;
            }
            catch (NpgsqlException) when (tries < 300)
            {
                await Task.Delay(100);
            }
        }

        return new PostgresEngine(process, new NpgsqlConnectionStringBuilder(connection.ToString()) { Pooling = true });
    }

    public override async Task<string> CreateAsync()
    {
        var name = $"bench{++count}";
        await using var maintenance = new NpgsqlConnection(connection.ToString());
        await maintenance.OpenAsync();
        await using var create = new NpgsqlCommand($"CREATE DATABASE {name}", maintenance);
        await create.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(connection.ToString()) { Database = name }.ToString();
    }

    public override async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        process.Dispose();
    }
}

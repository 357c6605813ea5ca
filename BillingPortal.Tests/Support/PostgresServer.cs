using System.Diagnostics;
using Npgsql;

namespace BillingPortal.Tests.Support;

/// <summary>A real PostgreSQL for the tests: the one named by BILLING_TEST_POSTGRES, or one of this program's own, started when first asked for.</summary>
/// <remarks>It keeps nothing on purpose: no write is forced to disk, and the folder goes when this program ends, however it ends.</remarks>
internal sealed class PostgresServer : IAsyncDisposable
{
    private const string Variable = "BILLING_TEST_POSTGRES";

    private static readonly Lazy<Task<PostgresServer>> Shared = new(StartAsync);

    private readonly Process? process;

    private PostgresServer(string connectionString, Process? process)
    {
        ConnectionString = connectionString;
        this.process = process;
        TestRun.DisposeAtEnd(this);
    }

    /// <summary>Reaches the maintenance database as a user that may create databases.</summary>
    public string ConnectionString { get; }

    public static Task<PostgresServer> GetAsync() => Shared.Value;

    private static async Task<PostgresServer> StartAsync()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given)
        {
            return new PostgresServer(given, process: null);
        }

        var binaries = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")).Where(bin => File.Exists(Path.Combine(bin, "initdb"))).Max(StringComparer.Ordinal)
            : null;
        if (binaries is null)
        {
            throw new InvalidOperationException(
                $"These tests need PostgreSQL. Install it with `apt-get install postgresql` (./test does), or name a server's connection string in {Variable}.");
        }

        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(Script);
        start.Environment["PATH"] = $"{binaries}:{Environment.GetEnvironmentVariable("PATH")}";
        var process = Process.Start(start)!;

        // The script's first line is its folder; after it, nothing but the server's own words, wanted only if it does not start.
        var folder = await process.StandardOutput.ReadLineAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        var connection = new NpgsqlConnectionStringBuilder { Host = folder, Username = "postgres", Database = "postgres", MaxPoolSize = 50 }.ToString();
        var patience = Stopwatch.StartNew();
        while (!await AcceptsAsync(connection))
        {
            if (process.HasExited || patience.Elapsed > TimeSpan.FromSeconds(60))
            {
                process.StandardInput.Close();
                throw new InvalidOperationException($"PostgreSQL from {binaries} did not start.\n{await output}\n{await errors}");
            }

            await Task.Delay(50);
        }

        return new PostgresServer(connection, process);
    }

    /// <summary>
    /// Runs the server until standard input ends, which it does even when this program is killed.
    /// PostgreSQL refuses to run as root; it is given to nobody then.
    /// </summary>
    private static string Script =>
        """
        folder=$(mktemp -d /tmp/billing-postgres-XXXXXX)
        as=
        if [ "$(id -u)" -eq 0 ]; then
          chown nobody "$folder"
          as='setpriv --reuid=nobody --regid=nogroup --clear-groups'
        fi
        cd "$folder"
        echo "$folder"
        exec 3<&0 </dev/null
        $as initdb -D data -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >initdb.log 2>&1 || cat initdb.log
        $as postgres -D data -k "$folder" -c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
          -c max_connections=300 -c shared_buffers=256MB -c log_min_messages=fatal 2>&1 &
        server=$!
        (cat <&3; kill -INT $server) >/dev/null 2>&1 &
        wait $server
        rm -rf "$folder"
        """;

    private static async Task<bool> AcceptsAsync(string connectionString)
    {
        try
        {
            await using var connection = new NpgsqlConnection(connectionString);
            await connection.OpenAsync();
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    /// <summary>Stops the server if it is this program's own.</summary>
    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        if (process is not null)
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }
}

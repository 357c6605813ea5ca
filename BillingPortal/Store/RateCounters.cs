using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;

namespace BillingPortal.Store;

/// <summary>How often something may happen: at most <paramref name="Count"/> times in any stretch of <paramref name="Window"/>.</summary>
/// <remarks>Each time is remembered by itself, so keep the count in the hundreds.</remarks>
public readonly record struct RateLimit(int Count, TimeSpan Window)
{
    public static RateLimit PerMinute(int count) => new(count, TimeSpan.FromMinutes(1));
}

/// <summary>How things stand with a limit.</summary>
/// <param name="Allowed">Whether it may happen now, or did.</param>
/// <param name="Remaining">How often it may still happen at once.</param>
/// <param name="ResetsAt">When all of it is there again if nothing more happens.</param>
/// <param name="NextAt">When it may happen next; now, if allowed.</param>
public readonly record struct RateStanding(bool Allowed, int Remaining, DateTimeOffset ResetsAt, DateTimeOffset NextAt);

/// <summary>Counts what is limited, over a window that slides: no burst across the edge of two windows passes twice the limit.</summary>
/// <remarks>docs/decisions/0021.</remarks>
public interface IRateCounters
{
    /// <summary>Counts one, if the limit allows it; what is refused is not counted.</summary>
    Task<RateStanding> TakeAsync(string key, RateLimit limit, CancellationToken cancellationToken);

    /// <summary>Says whether the limit would allow one more, and counts nothing.</summary>
    Task<RateStanding> PeekAsync(string key, RateLimit limit, CancellationToken cancellationToken);
}

/// <summary>Counters of this process: enough on SQLite, which one process serves.</summary>
internal sealed class MemoryRateCounters(TimeProvider clock) : IRateCounters
{
    private const int SweepEvery = 1024;

    private readonly ConcurrentDictionary<string, Log> logs = new(StringComparer.Ordinal);
    private int taken;

    public Task<RateStanding> TakeAsync(string key, RateLimit limit, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        if (Interlocked.Increment(ref taken) % SweepEvery == 0)
        {
            Sweep(now);
        }

        while (true)
        {
            if (logs.GetOrAdd(key, _ => new Log()).Take(now, limit) is { } standing)
            {
                return Task.FromResult(standing);
            }
        }
    }

    public Task<RateStanding> PeekAsync(string key, RateLimit limit, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        return Task.FromResult(logs.TryGetValue(key, out var log) ? log.Peek(now, limit) : Standings.Of([], now, limit, allowed: true));
    }

    private void Sweep(long now)
    {
        foreach (var (key, log) in logs)
        {
            if (log.EndIfIdle(now))
            {
                logs.TryRemove(KeyValuePair.Create(key, log));
            }
        }
    }

    private sealed class Log
    {
        private readonly Lock gate = new();
        private readonly List<long> times = [];
        private long idleAt;
        private bool ended;

        /// <summary>Null if this log was just swept away and another has to be asked.</summary>
        public RateStanding? Take(long now, RateLimit limit)
        {
            lock (gate)
            {
                if (ended)
                {
                    return null;
                }

                times.RemoveAll(time => time <= now - (long)limit.Window.TotalMilliseconds);
                var allowed = times.Count < limit.Count;
                if (allowed)
                {
                    times.Add(now);
                }

                idleAt = Math.Max(idleAt, now + (long)limit.Window.TotalMilliseconds);
                return Standings.Of(times, now, limit, allowed);
            }
        }

        public RateStanding Peek(long now, RateLimit limit)
        {
            lock (gate)
            {
                var live = times.Where(time => time > now - (long)limit.Window.TotalMilliseconds).ToList();
                return Standings.Of(live, now, limit, live.Count < limit.Count);
            }
        }

        public bool EndIfIdle(long now)
        {
            lock (gate)
            {
                ended = idleAt <= now;
                return ended;
            }
        }
    }
}

/// <summary>Counters that every instance shares: an unlogged table, one atomic statement for each count.</summary>
internal sealed class PostgresRateCounters(NpgsqlDataSource source, TimeProvider clock, ILogger<PostgresRateCounters> logger) : BackgroundService, IRateCounters
{
    // A conflicting insert waits for the row and then sees its latest times, whatever the isolation of its neighbours.
    private const string Take =
        """
        INSERT INTO rate_counters AS c (key, taken, allowed, idle_at) VALUES ($1, ARRAY[$2], true, $2 + $3)
        ON CONFLICT (key) DO UPDATE SET
          allowed = (SELECT count(*) FROM unnest(c.taken) AS t WHERE t > $2 - $3) < $4,
          taken = ARRAY(SELECT t FROM unnest(c.taken) AS t WHERE t > $2 - $3)
            || CASE WHEN (SELECT count(*) FROM unnest(c.taken) AS t WHERE t > $2 - $3) < $4 THEN ARRAY[$2] ELSE ARRAY[]::bigint[] END,
          idle_at = greatest(c.idle_at, $2 + $3)
        RETURNING taken, allowed
        """;

    private const string Peek = "SELECT ARRAY(SELECT t FROM unnest(taken) AS t WHERE t > $2 - $3) FROM rate_counters WHERE key = $1";

    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(1);

    public async Task<RateStanding> TakeAsync(string key, RateLimit limit, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        await using var command = Command(Take, key, now, limit);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit.Count });
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        await rows.ReadAsync(cancellationToken);
        return Standings.Of(rows.GetFieldValue<long[]>(0), now, limit, rows.GetBoolean(1));
    }

    public async Task<RateStanding> PeekAsync(string key, RateLimit limit, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        await using var command = Command(Peek, key, now, limit);
        var times = await command.ExecuteScalarAsync(cancellationToken) as long[] ?? [];
        return Standings.Of(times, now, limit, times.Length < limit.Count);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(SweepEvery, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await using var command = source.CreateCommand("DELETE FROM rate_counters WHERE idle_at <= $1");
                command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = clock.GetUtcNow().ToUnixTimeMilliseconds() });
                await command.ExecuteNonQueryAsync(stoppingToken);
            }
            catch (NpgsqlException exception)
            {
                // Only old rows stay a little longer.
                logger.LogWarning(exception, "Old rate counters could not be swept.");
            }
        }
    }

    private NpgsqlCommand Command(string sql, string key, long now, RateLimit limit)
    {
        var command = source.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = now });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = (long)limit.Window.TotalMilliseconds });
        return command;
    }

    /// <summary>The table; no part of the model, because EF neither reads nor writes it.</summary>
    [DbContext(typeof(PostgresBillingDbContext))]
    [Migration("20260103000000_RateCounters")]
    internal sealed class Table : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
            """
            CREATE UNLOGGED TABLE rate_counters (
              key text COLLATE "C" PRIMARY KEY,
              taken bigint[] NOT NULL,
              allowed boolean NOT NULL,
              idle_at bigint NOT NULL)
            """);
    }
}

internal static class Standings
{
    /// <param name="times">What counts at <paramref name="now"/>, in milliseconds.</param>
    /// <param name="now">In milliseconds.</param>
    /// <param name="limit">The limit they count towards.</param>
    /// <param name="allowed">Whether the question was answered with yes.</param>
    public static RateStanding Of(IReadOnlyCollection<long> times, long now, RateLimit limit, bool allowed)
    {
        var window = (long)limit.Window.TotalMilliseconds;
        var resetsAt = times.Count == 0 ? now : times.Max() + window;
        // The oldest that has to leave before one more fits.
        var nextAt = allowed ? now : times.Order().ElementAt(times.Count - limit.Count) + window;
        return new RateStanding(
            allowed, Math.Max(0, limit.Count - times.Count), DateTimeOffset.FromUnixTimeMilliseconds(resetsAt), DateTimeOffset.FromUnixTimeMilliseconds(nextAt));
    }
}

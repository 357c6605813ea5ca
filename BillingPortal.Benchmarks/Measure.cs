using System.Diagnostics;

namespace BillingPortal.Benchmarks;

/// <summary>What a run of many callers showed.</summary>
/// <param name="PerSecond">Operations finished a second.</param>
/// <param name="P50">Median time of one, in milliseconds.</param>
/// <param name="P99">99th percentile, in milliseconds.</param>
/// <param name="CpuMicros">Processor time of this process per operation, in microseconds.</param>
internal sealed record Rate(double PerSecond, double P50, double P99, double CpuMicros);

internal static class Measure
{
    /// <summary>Runs callers side by side for a while, after a warm-up, and counts what they finish.</summary>
    public static async Task<Rate> CallersAsync(int callers, TimeSpan warmUp, TimeSpan duration, Func<int, long, Task> operation)
    {
        var clock = Stopwatch.StartNew();
        var cpu = Environment.CpuUsage.TotalTime;
        long done = 0;
        var latencies = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var times = new List<double>(10_000);
            for (long n = 0; clock.Elapsed < warmUp + duration; n++)
            {
                var started = clock.Elapsed;
                await operation(caller, n);
                Interlocked.Increment(ref done);
                if (started >= warmUp)
                {
                    times.Add((clock.Elapsed - started).TotalMilliseconds);
                }
            }

            return times;
        })));
        var all = latencies.SelectMany(times => times).Order().ToArray();
        return new Rate(all.Length / duration.TotalSeconds, all[all.Length / 2], all[(int)(all.Length * 0.99)],
            (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / done);
    }
}

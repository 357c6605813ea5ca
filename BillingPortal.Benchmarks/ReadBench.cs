using System.Diagnostics;
using BillingPortal.Ledger;
using BillingPortal.Wallets;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Benchmarks;

/// <summary>How long a balance read takes, in a wallet with little and with much history, beside a bare indexed read; and what a million charges do to memory.</summary>
internal static class ReadBench
{
    private const int Reads = 4000;
    private const int Parallel = 256;

    public static async Task RunAsync(Engine engine, Settings settings, Report report)
    {
        await using var portal = await Portal.StartAsync(engine);
        var organization = (await portal.FundAsync(1))[0];
        var reader = portal.Services.GetRequiredService<WalletReader>();
        var key = new WalletKey(organization, "credits");
        report.Section($"Balance reads on {engine.Provider}", ["transactions in the wallet", "bare read p50 µs", "balance p50 µs", "balance p99 µs", "× bare", "× the shortest history"]);
        report.Facts($"Memory while charging on {engine.Provider}", ["charges so far", "managed MB after a full collection", "working set MB"]);
        double? first = null;
        var done = 0;
        foreach (var target in new[] { 1_000, settings.History })
        {
            for (var milestone = Math.Max(target / 4, 1_000); done < target; milestone += Math.Max(target / 4, 1_000))
            {
                done = await ChargeAsync(portal, organization, done, Math.Min(milestone, target));
                GC.Collect();
                GC.WaitForPendingFinalizers();
                GC.Collect();
                report.Fact($"{done:N0}", $"{GC.GetTotalMemory(false) / 1048576m:N1}", $"{Environment.WorkingSet / 1048576m:N0}");
            }

            await Task.Delay(500);
            var bare = await BareAsync(engine, portal.ConnectionString, organization);
            var balance = await TimeAsync(async () => (await reader.GetBalanceAsync(key, CancellationToken.None)).Available.Micros);
            first ??= balance.P50;
            report.Line($"{done:N0}", $"{bare.P50:N0}", $"{balance.P50:N0}", $"{balance.P99:N0}", $"{balance.P50 / bare.P50:N2}", $"{balance.P50 / first:N2}");
        }
    }

    private static async Task<int> ChargeAsync(Portal portal, string organization, int from, int to)
    {
        for (var n = from; n < to; n += Parallel)
        {
            await Task.WhenAll(Enumerable.Range(n, Math.Min(Parallel, to - n)).Select(i => portal.ChargeAsync(organization, $"h-{i}")));
        }

        return to;
    }

    private static async Task<(double P50, double P99)> BareAsync(Engine engine, string connectionString, string organization)
    {
        await using var connection = await Floor.OpenAsync(engine, connectionString);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT balance_micros FROM wallets WHERE organization_id = @p0 AND credit_type = 'credits'";
        var parameter = command.CreateParameter();
        parameter.ParameterName = "@p0";
        parameter.Value = organization;
        command.Parameters.Add(parameter);
        await command.PrepareAsync();
        return await TimeAsync(async () => (long)(await command.ExecuteScalarAsync())!);
    }

    private static async Task<(double P50, double P99)> TimeAsync(Func<Task<long>> read)
    {
        var times = new double[Reads];
        for (var i = -Reads / 4; i < Reads; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await read();
            if (i >= 0)
            {
                times[i] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
            }
        }

        Array.Sort(times);
        return (times[Reads / 2], times[Reads * 99 / 100]);
    }
}

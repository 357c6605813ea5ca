namespace BillingPortal.Benchmarks;

/// <summary>Durable charges a second, beside the raw floors of the same engine in the same run.</summary>
internal static class ChargeBench
{
    private const int ManyWallets = 1000;
    private static readonly int[] Callers = [1, 8, 64];

    public static async Task RunAsync(Engine engine, Settings settings, Report report)
    {
        var (warmUp, duration) = (settings.WarmUp, settings.Duration);
        var alone = await Floor.SingleAsync(engine, 1, warmUp, duration);
        var single = engine.FloorClients == 1 ? alone : await Floor.SingleAsync(engine, engine.FloorClients, warmUp, duration);
        var batch = await BatchFloor.MeasureAsync(engine, ManyWallets, warmUp, duration);
        report.Section(
            $"Charges on {engine.Provider}",
            ["what", "callers", "per second", "p50 ms", "p99 ms", "CPU µs each", "× raw commit", "× raw batches"]);
        report.Row($"raw: one insert + update per commit, {engine.FloorClients} client(s)", engine.FloorClients, single, 1, single.PerSecond / batch.PerSecond);
        report.Row("raw: one insert + update per commit, 1 client", 1, alone, alone.PerSecond / single.PerSecond, alone.PerSecond / batch.PerSecond);
        report.Row($"raw: a charge's rows in batches of {BatchFloor.Batch}, {engine.FloorClients} client(s)", engine.FloorClients, batch, batch.PerSecond / single.PerSecond, 1);
        foreach (var wallets in new[] { ManyWallets, 1 })
        {
            foreach (var callers in Callers)
            {
                await using var portal = await Portal.StartAsync(engine);
                var organizations = await portal.FundAsync(wallets);
                var rate = await Measure.CallersAsync(
                    callers, warmUp, duration, (caller, n) => portal.ChargeAsync(organizations[((n * callers) + caller) % wallets], $"{caller}-{n}"));
                report.Row(
                    wallets == 1 ? "charges, one hot wallet" : $"charges, {wallets:N0} wallets", callers, rate,
                    rate.PerSecond / (callers == 1 ? alone : single).PerSecond, rate.PerSecond / batch.PerSecond);
            }
        }

        report.Note("One caller is compared with one raw client; more callers with the floor's own number of clients.");
    }
}

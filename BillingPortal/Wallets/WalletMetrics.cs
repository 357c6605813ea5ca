using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace BillingPortal.Wallets;

/// <summary>What operators watch of the writer. Meter name: <c>BillingPortal.Wallets</c>.</summary>
public sealed class WalletMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "BillingPortal.Wallets";

    private readonly Counter<long> commands;
    private readonly Counter<long> transactions;
    private readonly Counter<long> failures;
    private readonly Histogram<double> latency;

    public WalletMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        commands = meter.CreateCounter<long>("billing.wallet.commands", "{command}", "Commands answered after a commit.");
        transactions = meter.CreateCounter<long>("billing.wallet.transactions", "{transaction}", "Transactions posted.");
        failures = meter.CreateCounter<long>("billing.wallet.failures", "{command}", "Commands that failed because the database stayed away.");
        latency = meter.CreateHistogram<double>("billing.wallet.latency", "s", "From queueing the oldest command of a batch to its commit.");
    }

    internal void Committed(int batch, int posted, long oldestQueuedAt)
    {
        commands.Add(batch);
        transactions.Add(posted);
        latency.Record(Stopwatch.GetElapsedTime(oldestQueuedAt).TotalSeconds);
    }

    internal void Failed() => failures.Add(1);
}

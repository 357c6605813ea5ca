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
    private long faults;

    public WalletMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        commands = meter.CreateCounter<long>("billing.wallet.commands", "{command}", "Commands answered after a commit.");
        transactions = meter.CreateCounter<long>("billing.wallet.transactions", "{transaction}", "Transactions posted.");
        failures = meter.CreateCounter<long>("billing.wallet.failures", "{command}", "Commands that failed because the database stayed away.");
        latency = meter.CreateHistogram<double>("billing.wallet.latency", "s", "From queueing the oldest command of a batch to its commit.");
        meter.CreateObservableGauge("billing.ledger.faults", () => Interlocked.Read(ref faults), "{fault}", "Faults the last verification found; above zero no credit moves.");
    }

    internal void Committed(int batch, int posted, long oldestQueuedAt)
    {
        commands.Add(batch);
        transactions.Add(posted);
        latency.Record(Stopwatch.GetElapsedTime(oldestQueuedAt).TotalSeconds);
    }

    internal void Failed(int batch) => failures.Add(batch);

    internal void Verified(int found) => Interlocked.Exchange(ref faults, found);
}

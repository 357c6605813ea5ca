using System.Diagnostics.Metrics;
using BillingPortal.Store;

namespace BillingPortal.Payments;

/// <summary>What operators watch of payments. Meter name: <c>BillingPortal.Payments</c>.</summary>
public sealed class PaymentMetrics
{
    public const string MeterName = "BillingPortal.Payments";

    private readonly Counter<long> orders;
    private readonly Counter<long> settled;
    private readonly Counter<long> contradictions;
    private readonly Counter<long> differences;
    private readonly Counter<long> forged;
    private readonly Counter<long> gatewayFailures;
    private readonly Histogram<double> settlement;

    public PaymentMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        orders = meter.CreateCounter<long>("billing.payments.orders", "{payment}", "Orders placed.");
        settled = meter.CreateCounter<long>("billing.payments.settled", "{payment}", "Payments that ended, by state.");
        contradictions = meter.CreateCounter<long>("billing.payments.contradictions", "{report}", "Reports of the gateway that contradict an order; each wants a human.");
        differences = meter.CreateCounter<long>("billing.payments.differences", "{difference}", "Differences between a payment and the gateway, ledger or documents, by kind.");
        forged = meter.CreateCounter<long>("billing.webhooks.forged", "{event}", "Events whose signature was not the gateway's.");
        gatewayFailures = meter.CreateCounter<long>("billing.payments.gateway_failures", "{call}", "Calls that the gateway did not answer.");
        settlement = meter.CreateHistogram<double>("billing.payments.settlement", "s", "From the order to its end.");
    }

    internal void Ordered() => orders.Add(1);

    internal void Settled(PaymentState state, TimeSpan sinceOrder)
    {
        settled.Add(1, new KeyValuePair<string, object?>("state", state.Text()));
        settlement.Record(sinceOrder.TotalSeconds);
    }

    internal void Contradicted() => contradictions.Add(1);

    internal void Differed(string kind) => differences.Add(1, new KeyValuePair<string, object?>("kind", kind));

    internal void Forged() => forged.Add(1);

    internal void GatewayFailed() => gatewayFailures.Add(1);
}

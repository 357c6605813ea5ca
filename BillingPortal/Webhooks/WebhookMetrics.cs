using System.Diagnostics.Metrics;

namespace BillingPortal.Webhooks;

/// <summary>What operators watch of outgoing webhooks. Meter name: <c>BillingPortal.Webhooks</c>.</summary>
public sealed class WebhookMetrics
{
    public const string MeterName = "BillingPortal.Webhooks";

    private readonly Counter<long> events;
    private readonly Counter<long> attempts;
    private readonly Counter<long> abandoned;
    private readonly Counter<long> switchedOff;
    private readonly Histogram<double> duration;
    private readonly Histogram<double> lag;

    public WebhookMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        events = meter.CreateCounter<long>("billing.webhooks.events", "{event}", "Events handed to delivery.");
        attempts = meter.CreateCounter<long>("billing.webhooks.attempts", "{attempt}", "Tries, by outcome.");
        abandoned = meter.CreateCounter<long>("billing.webhooks.abandoned", "{delivery}", "Deliveries given up.");
        switchedOff = meter.CreateCounter<long>("billing.webhooks.switched_off", "{endpoint}", "Endpoints switched off because they failed or asked for it.");
        duration = meter.CreateHistogram<double>("billing.webhooks.duration", "s", "From sending to the answer's head.");
        lag = meter.CreateHistogram<double>("billing.webhooks.first_try", "s", "From the event to its first try.");
    }

    internal void HandedOver(int count) => events.Add(count);

    internal void Tried(bool succeeded, TimeSpan took, TimeSpan? sinceEvent)
    {
        attempts.Add(1, new KeyValuePair<string, object?>("outcome", succeeded ? "succeeded" : "failed"));
        duration.Record(took.TotalSeconds);
        if (sinceEvent is { } span)
        {
            lag.Record(span.TotalSeconds);
        }
    }

    internal void Abandoned() => abandoned.Add(1);

    internal void SwitchedOff() => switchedOff.Add(1);
}

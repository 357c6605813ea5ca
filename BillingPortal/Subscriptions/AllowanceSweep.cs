using BillingPortal.Store;

namespace BillingPortal.Subscriptions;

/// <summary>Runs <see cref="AllowancePoster.SweepAsync"/> every minute. Any number of instances may: each allowance posts once.</summary>
public sealed class AllowanceSweep(AllowancePoster poster, TimeProvider clock, ILogger<AllowanceSweep> logger) : PeriodicJob(TimeSpan.FromMinutes(1), clock, logger)
{
    protected override Task RunRoundAsync(CancellationToken cancellationToken) => poster.SweepAsync(cancellationToken);
}

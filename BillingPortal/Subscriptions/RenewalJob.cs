using BillingPortal.Store;

namespace BillingPortal.Subscriptions;

/// <summary>Runs <see cref="Renewals.RunDueAsync"/> every few seconds, so that a plan is without its allowance for no longer than that. Any number of instances may.</summary>
public sealed class RenewalJob(Renewals renewals, TimeProvider clock, ILogger<RenewalJob> logger) : PeriodicJob(TimeSpan.FromSeconds(5), clock, logger)
{
    protected override Task RunRoundAsync(CancellationToken cancellationToken) => renewals.RunDueAsync(cancellationToken);
}

using BillingPortal.Store;

namespace BillingPortal.Reconciliation;

/// <summary>Runs <see cref="Reconciliations.RunDueAsync"/> once a minute. Any number of instances may.</summary>
public sealed class ReconciliationJob(Reconciliations reconciliations, TimeProvider clock, ILogger<ReconciliationJob> logger)
    : PeriodicJob(TimeSpan.FromMinutes(1), clock, logger)
{
    protected override Task RunRoundAsync(CancellationToken cancellationToken) => reconciliations.RunDueAsync(cancellationToken);
}

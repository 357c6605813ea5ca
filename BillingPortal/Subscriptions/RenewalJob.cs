namespace BillingPortal.Subscriptions;

/// <summary>Runs <see cref="Renewals.RunDueAsync"/> every few seconds, so that a plan is without its allowance for no longer than that. Any number of instances may.</summary>
public sealed class RenewalJob(Renewals renewals, TimeProvider clock, ILogger<RenewalJob> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await renewals.RunDueAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning(exception, "The renewal of plans failed; the next run tries again.");
            }
        }
    }
}

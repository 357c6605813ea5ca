namespace BillingPortal.Subscriptions;

/// <summary>Runs <see cref="AllowancePoster.SweepAsync"/> every minute. Any number of instances may: each allowance posts once.</summary>
public sealed class AllowanceSweep(AllowancePoster poster, TimeProvider clock, ILogger<AllowanceSweep> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await poster.SweepAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning(exception, "The allowance sweep failed; the next one tries again.");
            }
        }
    }
}

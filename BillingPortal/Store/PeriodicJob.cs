namespace BillingPortal.Store;

/// <summary>Work that every instance does again and again. A round that fails is logged, and the next one tries again.</summary>
/// <param name="interval">From the start to the first round, and between rounds.</param>
/// <param name="clock">What the interval is measured by.</param>
/// <param name="logger">Of the job itself.</param>
public abstract class PeriodicJob(TimeSpan interval, TimeProvider clock, ILogger logger) : BackgroundService
{
    /// <summary>What the job tells the time by.</summary>
    protected TimeProvider Clock { get; } = clock;

    /// <summary>Does one round. Other instances may be doing the same.</summary>
    protected abstract Task RunRoundAsync(CancellationToken cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(interval, Clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await RunRoundAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning(exception, "A round of {Job} failed; the next one tries again.", GetType().Name);
            }
        }
    }
}

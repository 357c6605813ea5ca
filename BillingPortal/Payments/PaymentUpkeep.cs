namespace BillingPortal.Payments;

/// <summary>Brings to an end what events alone did not: applies kept events again, and asks about payments pending too long.</summary>
public sealed class PaymentUpkeep(GatewayInbox inbox, PaymentInquiry inquiry, TimeProvider clock, ILogger<PaymentUpkeep> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await inbox.RetryDueAsync(stoppingToken);
                await inquiry.AskDueAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning(exception, "The upkeep of payments failed; the next one tries again.");
            }
        }
    }
}

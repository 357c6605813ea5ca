using BillingPortal.Store;

namespace BillingPortal.Payments;

/// <summary>Brings to an end what events alone did not: applies kept events again, and asks about payments pending too long.</summary>
public sealed class PaymentUpkeep(GatewayInbox inbox, PaymentInquiry inquiry, TimeProvider clock, ILogger<PaymentUpkeep> logger) : PeriodicJob(TimeSpan.FromSeconds(5), clock, logger)
{
    protected override async Task RunRoundAsync(CancellationToken cancellationToken)
    {
        await inbox.RetryDueAsync(cancellationToken);
        await inquiry.AskDueAsync(cancellationToken);
    }
}

using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BillingPortal.Payments;

/// <summary>Asks the gateway how payments stand, and settles them by its answer. What makes a lost webhook harmless.</summary>
public sealed class PaymentInquiry(
    IDbContextFactory<BillingDbContext> contexts,
    IPaymentGateway gateway,
    Settlement settlement,
    SavedCards cards,
    CardCharges charges,
    PaymentMetrics metrics,
    IOptions<PaymentOptions> options,
    TimeProvider clock,
    ILogger<PaymentInquiry> logger)
{
    /// <summary>How long a payment may be pending before the gateway is first asked.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private const int Page = 50;
    private const int MaxPagesPerRun = 20;
    private const int Parallelism = 4;
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan SlowestPace = TimeSpan.FromHours(1);

    /// <summary>Asks about one payment now, and tells whether the gateway answered.</summary>
    public async Task<bool> AskAsync(Payment payment, CancellationToken cancellationToken)
    {
        var isOver = payment.ExpiresAt <= clock.Now();
        if (payment is { SessionId: null, PaymentIntentId: null, CardId: null })
        {
            // Nobody was ever given its address, so nobody can pay it.
            if (isOver)
            {
                await settlement.AbandonAsync(payment, cancellationToken);
            }

            return true;
        }

        try
        {
            using var patience = new CancellationTokenSource(options.Value.InquiryTimeout);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
            if (payment.State is PaymentState.Succeeded)
            {
                await KeepCardAsync(payment, either.Token);
            }
            else if (payment.CardId is not null)
            {
                await charges.FinishAsync(payment, looksFirst: true, either.Token);
            }
            else if (await FindAsync(payment, isOver, either.Token) is { } report)
            {
                await settlement.SettleAsync(payment.Id, report, cancellationToken);
            }
            else if (isOver)
            {
                await settlement.AbandonAsync(payment, cancellationToken);
            }

            return true;
        }
        catch (Exception exception) when (exception is GatewayException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            metrics.GatewayFailed();
            logger.LogWarning("The gateway did not say how payment {PaymentId} stands: {Reason}", payment.Id, exception.Message);
            return false;
        }
    }

    /// <summary>Asks about every payment that is due, a page at a time, and tells how many there were. Stops early while the gateway is away.</summary>
    public async Task<int> AskDueAsync(CancellationToken cancellationToken)
    {
        var asked = 0;
        for (var page = 0; page < MaxPagesPerRun; page++)
        {
            var now = clock.Now();
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var due = await db.Set<Payment>().AsNoTracking()
                .Where(row => row.NextCheckAt != null && row.NextCheckAt <= now)
                .OrderBy(row => row.NextCheckAt)
                .Take(Page)
                .ToListAsync(cancellationToken);
            var answered = true;
            await Parallel.ForEachAsync(
                due, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
                async (payment, ct) =>
                {
                    if (await ClaimAsync(payment, now, ct) && Volatile.Read(ref answered) && !await AskAsync(payment, ct))
                    {
                        Volatile.Write(ref answered, false);
                    }
                });
            asked += due.Count;
            if (!answered || due.Count < Page)
            {
                break;
            }
        }

        return asked;
    }

    private async Task<PaymentReport?> FindAsync(Payment payment, bool isOver, CancellationToken cancellationToken)
    {
        if (payment.SessionId is not null)
        {
            return await gateway.FindCheckoutAsync(payment.SessionId, cancellationToken);
        }

        // A charge on the buyer's own page has no time of its own at which it ends: it is withdrawn.
        var report = isOver
            ? await gateway.CancelIntentAsync(payment.PaymentIntentId!, cancellationToken)
            : await gateway.FindIntentAsync(payment.PaymentIntentId!, cancellationToken);
        return isOver && report is { Outcome: PaymentOutcome.Failed } ? report with { Outcome = PaymentOutcome.Expired } : report;
    }

    // A card that was to be saved is looked up once its payment is over, so that a lost event or a crash loses no card.
    private async Task KeepCardAsync(Payment payment, CancellationToken cancellationToken)
    {
        await cards.RefreshAsync(payment.OrganizationId, cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Set<Payment>().Where(row => row.Id == payment.Id && row.State != PaymentState.Pending)
            .ExecuteUpdateAsync(
                row => row.SetProperty(p => p.KeepsCard, false).SetProperty(p => p.NextCheckAt, (DateTimeOffset?)null), cancellationToken);
    }

    /// <summary>Takes the next turn to ask, unless another instance has: at an even pace while the checkout is open, then ever slower.</summary>
    internal async Task<bool> ClaimAsync(Payment payment, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var pace = Pace;
        if (now > payment.ExpiresAt)
        {
            var overdue = now - payment.ExpiresAt;
            pace = overdue < Pace ? Pace : overdue > SlowestPace ? SlowestPace : overdue;
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var claimed = await db.Set<Payment>()
            .Where(row => row.Id == payment.Id && row.NextCheckAt == payment.NextCheckAt)
            .ExecuteUpdateAsync(
                row => row.SetProperty(p => p.NextCheckAt, now + pace).SetProperty(p => p.Checks, p => p.Checks + 1), cancellationToken);
        return claimed == 1;
    }
}

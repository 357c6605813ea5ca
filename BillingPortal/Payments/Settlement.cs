using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Payments;

/// <summary>What a kind of payment buys. Each feature that sells brings one.</summary>
public interface IPaymentFulfilment
{
    bool Fulfils(PaymentKind kind);

    /// <summary>The credit that a paid order earns, with every row that must commit with it except the payment's own.</summary>
    WalletCommand Fulfil(Payment payment);

    /// <summary>What the money earns instead, under the same reference, if what was ordered can no longer be had; null: nothing, somebody must look.</summary>
    WalletCommand? FulfilInstead(Payment payment, Refusal refusal) => null;

    /// <summary>Called after the commit: what this instance remembers may be stale. A crash may leave it out.</summary>
    void Fulfilled(Payment payment)
    {
    }

    /// <summary>Adds what must commit with the closing of an order that was not paid. Called once, unless the commit fails.</summary>
    Task CloseAsync(BillingDbContext db, Payment payment, CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>What a report of the gateway came to.</summary>
public abstract record SettlementResult
{
    private SettlementResult()
    {
    }

    /// <summary>Credited now.</summary>
    public sealed record Credited : SettlementResult;

    /// <summary>Closed now, without credit.</summary>
    public sealed record Closed : SettlementResult;

    /// <summary>It had ended before; nothing was changed.</summary>
    public sealed record AlreadyOver : SettlementResult;

    /// <summary>It is not over yet.</summary>
    public sealed record Waiting : SettlementResult;

    /// <summary>The report contradicts the order, or belongs to none; nothing was credited.</summary>
    /// <param name="Problem">In one word, machine-readable.</param>
    public sealed record Contradiction(string Problem) : SettlementResult;
}

/// <summary>The one way in which a payment ends. Webhook, return page and reconciler all come here, as often as they like.</summary>
/// <remarks>
/// Credit is keyed on the payment, never on an event, and commits with payment state, invoice and outbox rows, so that any number of concurrent,
/// repeated or reordered reports credit once. A later "paid" wins over any earlier end: money that came is honoured. docs/decisions/0041.
/// </remarks>
public sealed class Settlement(
    IDbContextFactory<BillingDbContext> contexts,
    WalletWriter writer,
    IPaymentGateway gateway,
    IEnumerable<IPaymentFulfilment> fulfilments,
    PaymentMetrics metrics,
    TimeProvider clock,
    ILogger<Settlement> logger)
{
    /// <summary>Takes in what the gateway says of a payment.</summary>
    /// <param name="paymentId">The payment that the report names, or that was asked about.</param>
    /// <param name="report">From a verified event, or the gateway's own answer.</param>
    /// <param name="cancellationToken">Gives up waiting; the same report again continues.</param>
    public async Task<SettlementResult> SettleAsync(string? paymentId, PaymentReport report, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var payment = paymentId is null
            ? null
            : await db.Set<Payment>().AsNoTracking().FirstOrDefaultAsync(row => row.Id == paymentId, cancellationToken);
        if (ContradictionOf(payment, report) is { } problem)
        {
            metrics.Contradicted();
            logger.LogError(
                "Payment alert {Problem}: the gateway reports {Outcome} for {GatewayId}, payment {PaymentId}. Nothing was credited.",
                problem, report.Outcome, report.SessionId ?? report.PaymentIntentId, payment?.Id ?? "(none of ours)");
            await NoteProblemAsync(db, payment, problem, cancellationToken);
            return new SettlementResult.Contradiction(problem);
        }

        return report.Outcome switch
        {
            _ when payment!.State is PaymentState.Succeeded => new SettlementResult.AlreadyOver(),
            // The page is still open for another card.
            PaymentOutcome.Failed when payment.CardId is null && report.SessionId is null => new SettlementResult.Waiting(),
            PaymentOutcome.Paid => await CreditAsync(payment, report, cancellationToken),
            PaymentOutcome.Failed => await CloseAsync(payment, PaymentState.Failed, report.FailureCode, report.PaymentIntentId, cancellationToken),
            PaymentOutcome.Expired => await CloseAsync(payment, PaymentState.Expired, null, null, cancellationToken),
            PaymentOutcome.Processing => await AcceptAsync(db, payment, report, cancellationToken),
            _ => new SettlementResult.Waiting(),
        };
    }

    /// <summary>Credits a payment whose row says that it was, while the ledger has nothing of it: a restored or edited database.</summary>
    internal async Task<SettlementResult> RecreditAsync(Payment payment, PaymentReport report, CancellationToken cancellationToken) =>
        ContradictionOf(payment, report) is { } problem ? new SettlementResult.Contradiction(problem) : await CreditAsync(payment, report, cancellationToken);

    /// <summary>Closes an order whose checkout the gateway does not know and never will: its time is over. Its key may be used again.</summary>
    internal async Task AbandonAsync(Payment payment, CancellationToken cancellationToken)
    {
        await CloseAsync(payment, PaymentState.Expired, null, null, cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Set<Payment>()
            .Where(row => row.Id == payment.Id && row.SessionId == null)
            .ExecuteUpdateAsync(row => row.SetProperty(p => p.IdempotencyKey, (string?)null), cancellationToken);
    }

    /// <summary>Closes an order that the gateway never charged and is not asked to any more.</summary>
    internal async Task GiveUpAsync(Payment payment, string failureCode, CancellationToken cancellationToken) =>
        await CloseAsync(payment, PaymentState.Failed, failureCode, null, cancellationToken);

    private string? ContradictionOf(Payment? payment, PaymentReport report)
    {
        if (payment is null)
        {
            return "unknown_payment";
        }

        if (report.SessionId is not null && (payment.CardId is not null || (payment.SessionId is not null && payment.SessionId != report.SessionId)))
        {
            return "checkout_mismatch";
        }

        if (report.SessionId is null && payment.PaymentIntentId is not null && payment.PaymentIntentId != report.PaymentIntentId)
        {
            return "intent_mismatch";
        }

        if (report.PaymentId is not null && report.PaymentId != payment.Id)
        {
            return "payment_mismatch";
        }

        if (report.IsLive != gateway.IsLive)
        {
            return "livemode_mismatch";
        }

        if (report.Currency != Money.Currency)
        {
            return "currency_mismatch";
        }

        return report.Amount != payment.AmountCents ? "amount_mismatch" : null;
    }

    private async Task<SettlementResult> CreditAsync(Payment payment, PaymentReport report, CancellationToken cancellationToken)
    {
        var confirmedAt = clock.Now();
        var fulfilment = FulfilmentOf(payment);
        var result = await ExecuteAsync(fulfilment.Fulfil(payment));
        if (result is PostResult.Refused { Refusal: var refusal } && fulfilment.FulfilInstead(payment, refusal) is { } other)
        {
            logger.LogWarning("Payment {PaymentId} came too late for what was ordered ({Refusal}) and is credited instead.", payment.Id, refusal);
            result = await ExecuteAsync(other);
        }

        Task<PostResult> ExecuteAsync(WalletCommand command) => writer.ExecuteAsync(
            command with { Riders = [new EntityRider((db, _, ct) => MarkPaidAsync(db, payment.Id, report, confirmedAt, ct)), .. command.Riders] },
            cancellationToken);

        switch (result)
        {
            case PostResult.Posted:
                fulfilment.Fulfilled(payment);
                metrics.Settled(PaymentState.Succeeded, confirmedAt - payment.CreatedAt);
                logger.LogInformation("Payment {PaymentId} of {OrganizationId} was credited.", payment.Id, payment.OrganizationId);
                return new SettlementResult.Credited();
            case PostResult.Refused refused:
                metrics.Contradicted();
                logger.LogError("Payment alert: {PaymentId} is paid but the ledger refused its credit: {Refusal}.", payment.Id, refused.Refusal);
                return new SettlementResult.Contradiction("credit_refused");
            default:
                return await FollowLedgerAsync(payment, report, confirmedAt, cancellationToken);
        }
    }

    // Credited before. Only in a restored or edited database does the row not say so too.
    private async Task<SettlementResult> FollowLedgerAsync(Payment payment, PaymentReport report, DateTimeOffset confirmedAt, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.Set<Payment>().AnyAsync(row => row.Id == payment.Id && row.State == PaymentState.Succeeded, cancellationToken))
        {
            return new SettlementResult.AlreadyOver();
        }

        await MarkPaidAsync(db, payment.Id, report, confirmedAt, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        return new SettlementResult.Credited();
    }

    // Runs inside the commit of the credit. The row is read anew here, where nobody can come between.
    private async Task MarkPaidAsync(BillingDbContext db, string paymentId, PaymentReport report, DateTimeOffset confirmedAt, CancellationToken cancellationToken)
    {
        var payment = await db.Set<Payment>().SingleAsync(row => row.Id == paymentId, cancellationToken);
        payment.Late |= payment.State is PaymentState.Failed or PaymentState.Expired;
        payment.State = PaymentState.Succeeded;
        payment.SessionId ??= report.SessionId;
        payment.PaymentIntentId = report.PaymentIntentId;
        payment.AcceptedAt ??= confirmedAt;
        payment.ConfirmedAt = confirmedAt;
        payment.SettledAt = clock.Now();
        payment.FailureCode = null;
        payment.NextCheckAt = payment.KeepsCard ? payment.SettledAt : null;
    }

    private async Task<SettlementResult> CloseAsync(
        Payment payment, PaymentState state, string? failureCode, string? intentId, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var closed = await db.Set<Payment>()
            .Where(row => row.Id == payment.Id && row.State == PaymentState.Pending)
            .ExecuteUpdateAsync(
                row => row
                    .SetProperty(p => p.State, state)
                    .SetProperty(p => p.FailureCode, failureCode)
                    .SetProperty(p => p.PaymentIntentId, p => intentId ?? p.PaymentIntentId)
                    .SetProperty(p => p.ConfirmedAt, now)
                    .SetProperty(p => p.SettledAt, now)
                    .SetProperty(p => p.Place, (long?)null)
                    .SetProperty(p => p.NextCheckAt, (DateTimeOffset?)null),
                cancellationToken);
        if (closed == 0)
        {
            return new SettlementResult.AlreadyOver();
        }

        var row = await db.Set<Payment>().AsNoTracking().SingleAsync(row => row.Id == payment.Id, cancellationToken);
        await FulfilmentOf(row).CloseAsync(db, row, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        metrics.Settled(state, now - payment.CreatedAt);
        return new SettlementResult.Closed();
    }

    private IPaymentFulfilment FulfilmentOf(Payment payment) => fulfilments.Single(fulfilment => fulfilment.Fulfils(payment.Kind));

    private async Task<SettlementResult> AcceptAsync(BillingDbContext db, Payment payment, PaymentReport report, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        await db.Set<Payment>()
            .Where(row => row.Id == payment.Id && row.State == PaymentState.Pending && row.AcceptedAt == null)
            .ExecuteUpdateAsync(
                row => row.SetProperty(p => p.AcceptedAt, now).SetProperty(p => p.PaymentIntentId, report.PaymentIntentId), cancellationToken);
        return new SettlementResult.Waiting();
    }

    private static async Task NoteProblemAsync(BillingDbContext db, Payment? payment, string problem, CancellationToken cancellationToken)
    {
        if (payment is not null)
        {
            await db.Set<Payment>()
                .Where(row => row.Id == payment.Id && row.State == PaymentState.Pending)
                .ExecuteUpdateAsync(row => row.SetProperty(p => p.FailureCode, problem), cancellationToken);
        }
    }
}

using System.Collections.Immutable;
using BillingPortal.Access;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Purchases;

/// <summary>The one way in which money that went back takes credit with it. Events and administrators both come here, as often as they like.</summary>
/// <remarks>
/// Refunds are told as a total, so that parts in any order end at the same: what is taken back is the share of the total less the share taken before.
/// What is left of the purchase goes first, then other purchased credit; what is spent is owed. docs/decisions/0102.
/// </remarks>
public sealed class Reversals(
    IDbContextFactory<BillingDbContext> contexts, IStoreSessions stores, WalletWriter writer, IPaymentGateway gateway, CreditNotes notes, PaymentMetrics metrics,
    TimeProvider clock, ILogger<Reversals> logger) : IPaymentReversals
{
    private const string Job = "reversals";
    private const string Outdated = "OUTDATED";

    public async Task<ReversalResult> RefundAsync(GatewaySubject.Refund refund, CancellationToken cancellationToken) =>
        await FindAsync(refund.PaymentIntentId, refund.PaymentId, cancellationToken) is not { } payment
            ? new ReversalResult.NotYet()
            : ContradictionOf(payment, refund.TotalRefunded, refund.Currency, refund.IsLive)
                ?? await TakeBackAsync(payment.Id, refund.TotalRefunded, "Refund", cancellationToken);

    public async Task<ReversalResult> DisputeAsync(GatewaySubject.Dispute dispute, CancellationToken cancellationToken)
    {
        if (await FindAsync(dispute.PaymentIntentId, null, cancellationToken) is not { } payment)
        {
            return new ReversalResult.NotYet();
        }

        if (ContradictionOf(payment, dispute.Amount, dispute.Currency, dispute.IsLive) is { } contradiction)
        {
            return contradiction;
        }

        var opened = await OpenAsync(payment, dispute, cancellationToken);
        return dispute.State is DisputeState.Open ? opened : await DecideAsync(payment, dispute, cancellationToken);
    }

    /// <summary>Takes back the credit of all that was given back of a payment, as far as it was not taken yet.</summary>
    /// <param name="paymentId">A payment that is settled.</param>
    /// <param name="total">What was given back of it in all.</param>
    /// <param name="reason">What the credit note says.</param>
    /// <param name="cancellationToken">Gives up waiting; the same again continues.</param>
    internal async Task<ReversalResult> TakeBackAsync(string paymentId, Money total, string reason, CancellationToken cancellationToken)
    {
        while (true)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var payment = await db.Set<Payment>().AsNoTracking().SingleAsync(row => row.Id == paymentId, cancellationToken);
            if (total <= payment.RefundedCents)
            {
                return new ReversalResult.AlreadyOver();
            }

            var given = total - payment.RefundedCents;
            var credits = ShareOf(payment, total) - ShareOf(payment, payment.RefundedCents);
            var reference = $"refund:{payment.Id}:{total.Cents}";
            var result = await CommitAsync(
                payment, reference, "refund", reason, credits,
                async (db, ct) =>
                {
                    // Of two that take back at once, the second finds the first's sum here, and reckons anew.
                    var isCurrent = await db.Set<Payment>().Where(row => row.Id == payment.Id && row.RefundedCents == payment.RefundedCents)
                        .ExecuteUpdateAsync(row => row.SetProperty(p => p.RefundedCents, total), ct);
                    if (isCurrent == 0)
                    {
                        throw new RiderVetoException(new Refusal.Rule(Outdated, "More was given back meanwhile."));
                    }

                    await notes.IssueAsync(db, new CreditNoteDraft(payment.Id, given, reference, reason), ct);
                    db.Add(EventOf(payment, given, total, credits, "refund"));
                },
                cancellationToken);
            if (result is not ReversalResult.Contradiction { Problem: Outdated })
            {
                return result;
            }
        }
    }

    private async Task<ReversalResult> OpenAsync(Payment payment, GatewaySubject.Dispute dispute, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.Set<PaymentDispute>().AnyAsync(row => row.Id == dispute.DisputeId, cancellationToken))
        {
            return new ReversalResult.AlreadyOver();
        }

        // Told of after it was won already: nothing was ever taken.
        var credits = dispute.State is DisputeState.Won ? Credits.Zero : ShareOf(payment, dispute.Amount);
        return await CommitAsync(
            payment, $"dispute:{dispute.DisputeId}", "dispute", "Dispute", credits,
            (db, _) =>
            {
                db.Add(new PaymentDispute
                {
                    Id = dispute.DisputeId,
                    OrganizationId = payment.OrganizationId,
                    PaymentId = payment.Id,
                    AmountCents = dispute.Amount,
                    CreditMicros = credits,
                    State = DisputeState.Open,
                    OpenedAt = clock.Now(),
                });
                if (credits.IsPositive)
                {
                    db.Add(EventOf(payment, dispute.Amount, payment.RefundedCents, credits, "dispute_opened"));
                }

                return Task.CompletedTask;
            },
            cancellationToken);
    }

    private async Task<ReversalResult> DecideAsync(Payment payment, GatewaySubject.Dispute told, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var dispute = await db.Set<PaymentDispute>().AsNoTracking().SingleAsync(row => row.Id == told.DisputeId, cancellationToken);
        if (dispute.State is not DisputeState.Open)
        {
            return new ReversalResult.AlreadyOver();
        }

        var isWon = told.State is DisputeState.Won;
        var commit = async (BillingDbContext db, CancellationToken ct) =>
        {
            var now = clock.Now();
            var closed = await db.Set<PaymentDispute>().Where(row => row.Id == dispute.Id && row.State == DisputeState.Open)
                .ExecuteUpdateAsync(row => row.SetProperty(d => d.State, told.State).SetProperty(d => d.ClosedAt, now), ct);
            if (closed == 0)
            {
                throw new RiderVetoException(new Refusal.Rule(Outdated, "The dispute was decided meanwhile."));
            }

            if (!isWon)
            {
                await notes.IssueAsync(db, new CreditNoteDraft(payment.Id, dispute.AmountCents, $"dispute:{dispute.Id}", "Dispute lost"), ct);
            }

            db.Add(EventOf(payment, dispute.AmountCents, payment.RefundedCents, isWon ? Credits.Zero : dispute.CreditMicros, isWon ? "dispute_won" : "dispute_lost"));
        };
        var result = isWon && dispute.CreditMicros.IsPositive
            ? await PostAsync(
                payment,
                new Grant
                {
                    OrganizationId = payment.OrganizationId,
                    Reference = $"dispute_won:{dispute.Id}",
                    Source = "dispute_won",
                    Actor = Caller.ForSystem(Job, payment.OrganizationId).Actor,
                    Note = $"{payment.Description}: dispute won",
                    CreditType = payment.CreditType,
                    Deposit = new Deposit(BucketKind.Purchased, dispute.CreditMicros, Origin: payment.Id),
                    Riders = [new EntityRider((db, _, ct) => commit(db, ct))],
                },
                cancellationToken)
            : await CommitWithoutCreditAsync(commit, cancellationToken);
        return result is ReversalResult.Contradiction { Problem: Outdated } ? new ReversalResult.AlreadyOver() : result;
    }

    private async Task<ReversalResult> CommitAsync(
        Payment payment, string reference, string source, string reason, Credits credits, Func<BillingDbContext, CancellationToken, Task> commit,
        CancellationToken cancellationToken) =>
        credits.IsPositive
            ? await PostAsync(
                payment,
                new ClawBack
                {
                    OrganizationId = payment.OrganizationId,
                    Reference = reference,
                    Source = source,
                    Actor = Caller.ForSystem(Job, payment.OrganizationId).Actor,
                    Note = $"{payment.Description}: {reason}",
                    CreditType = payment.CreditType,
                    Origin = payment.Id,
                    Amount = credits,
                    Riders = ImmutableArray.Create<CommitRider>(new EntityRider((db, _, ct) => commit(db, ct))),
                },
                cancellationToken)
            : await CommitWithoutCreditAsync(commit, cancellationToken);

    private async Task<ReversalResult> PostAsync(Payment payment, WalletCommand command, CancellationToken cancellationToken)
    {
        switch (await writer.ExecuteAsync(command, cancellationToken))
        {
            case PostResult.Posted:
                logger.LogInformation("Payment {PaymentId} of {OrganizationId}: {Reference} was applied.", payment.Id, payment.OrganizationId, command.Reference);
                return new ReversalResult.Applied();
            case PostResult.Refused { Refusal: Refusal.Rule { Code: Outdated } }:
                return new ReversalResult.Contradiction(Outdated);
            case PostResult.Refused refused:
                metrics.Contradicted();
                logger.LogError("Payment alert: {Reference} of payment {PaymentId} could not be applied: {Refusal}.", command.Reference, payment.Id, refused.Refusal);
                return new ReversalResult.Contradiction("reversal_refused");
            default:
                return new ReversalResult.AlreadyOver();
        }
    }

    private async Task<ReversalResult> CommitWithoutCreditAsync(Func<BillingDbContext, CancellationToken, Task> commit, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        try
        {
            await commit(db, cancellationToken);
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return new ReversalResult.Applied();
        }
        catch (RiderVetoException veto)
        {
            return new ReversalResult.Contradiction(veto.Refusal is Refusal.Rule { Code: var code } ? code : "reversal_refused");
        }
        catch (DbUpdateException exception) when (stores.IsUniqueViolation(exception))
        {
            return new ReversalResult.AlreadyOver();
        }
    }

    private async Task<Payment?> FindAsync(string intentId, string? paymentId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<Payment>().AsNoTracking()
            .Where(row => row.State == PaymentState.Succeeded && (row.PaymentIntentId == intentId || (row.Id == paymentId && row.PaymentIntentId == null)))
            .FirstOrDefaultAsync(cancellationToken);
    }

    private ReversalResult.Contradiction? ContradictionOf(Payment payment, Money amount, string currency, bool isLive)
    {
        var problem = isLive != gateway.IsLive ? "livemode_mismatch"
            : currency != Money.Currency ? "currency_mismatch"
            : amount <= Money.Zero || amount > payment.AmountCents ? "amount_mismatch"
            : null;
        if (problem is null)
        {
            return null;
        }

        metrics.Contradicted();
        logger.LogError("Payment alert {Problem}: the gateway tells of {Amount} that went back of payment {PaymentId}.", problem, amount, payment.Id);
        return new ReversalResult.Contradiction(problem);
    }

    // Rounded down, except that the whole is the whole: parts add up to it, and nobody loses credit for money that was kept.
    private static Credits ShareOf(Payment payment, Money amount) =>
        payment.Kind is PaymentKind.Pack or PaymentKind.ApiPack or PaymentKind.TopUp or PaymentKind.AutoReload
            ? Credits.FromMicros((long)((Int128)payment.CreditMicros.Micros * amount.Cents / payment.AmountCents.Cents))
            : Credits.Zero;

    private OutboxEvent EventOf(Payment payment, Money amount, Money total, Credits credits, string cause) => OutboxEvent.Of(
        payment.OrganizationId,
        "payment.refunded",
        new
        {
            PaymentId = payment.Id,
            Cause = cause,
            AmountUsd = amount.ToDecimal(),
            TotalRefundedUsd = total.ToDecimal(),
            payment.CreditType,
            CreditsTakenBack = credits.ToDecimal(),
        },
        clock.Now());
}

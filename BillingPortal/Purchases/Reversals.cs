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
    internal const string RefundPrefix = "refund:";
    internal const string FailedRefundPrefix = "refund_failed:";
    internal const string MendPrefix = "mend:";

    private const string Job = "reversals";
    private const string Outdated = "OUTDATED";

    internal static string DisputeReference(string disputeId) => $"dispute:{disputeId}";

    internal static string DisputeWonReference(string disputeId) => $"dispute_won:{disputeId}";

    public async Task<ReversalResult> RefundAsync(GatewaySubject.Refund refund, CancellationToken cancellationToken)
    {
        if (await FindAsync(refund.PaymentIntentId, refund.OwnId, cancellationToken) is not { } payment)
        {
            return new ReversalResult.NotYet();
        }

        if (ContradictionOf(payment, refund.TotalRefunded, refund.Currency, refund.IsLive) is { } contradiction)
        {
            return contradiction;
        }

        // Once a refund failed the totals no longer only rise, and one that was delayed may tell of what is past.
        return payment.RefundRound == 0
            ? await TakeBackAsync(payment.Id, refund.TotalRefunded, "Refund", cancellationToken)
            : await FollowGatewayAsync(payment, cancellationToken);
    }

    public async Task<ReversalResult> FailedRefundAsync(GatewaySubject.FailedRefund refund, CancellationToken cancellationToken)
    {
        if (await FindAsync(refund.PaymentIntentId, null, cancellationToken) is not { } payment)
        {
            return new ReversalResult.NotYet();
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Set<PaymentRefund>().Where(row => row.PaymentId == payment.Id && (row.Id == refund.OwnId || row.GatewayRefundId == refund.RefundId))
            .ExecuteUpdateAsync(
                row => row
                    .SetProperty(r => r.State, RefundState.Failed)
                    .SetProperty(r => r.Problem, refund.Reason)
                    .SetProperty(r => r.GatewayRefundId, refund.RefundId)
                    .SetProperty(r => r.NextCheckAt, (DateTimeOffset?)null),
                cancellationToken);

        // Noted even if the refund itself was never told of: when it is, it is past.
        await db.Set<Payment>().Where(row => row.Id == payment.Id)
            .ExecuteUpdateAsync(row => row.SetProperty(p => p.RefundRound, p => p.RefundRound + 1), cancellationToken);
        return await FollowGatewayAsync(payment, cancellationToken);
    }

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

    /// <summary>Takes credit back, or gives it again, until it agrees with what the gateway says was given back of a payment.</summary>
    /// <exception cref="GatewayException">The gateway did not say.</exception>
    internal async Task<ReversalResult> FollowGatewayAsync(Payment payment, CancellationToken cancellationToken) =>
        await gateway.FindMoneyAsync(payment.PaymentIntentId!, cancellationToken) is not { } money ? new ReversalResult.Contradiction("unknown_charge")
            : money.Refunded > payment.AmountCents ? new ReversalResult.Contradiction("amount_mismatch")
            : await TakeBackAsync(payment.Id, money.Refunded, "Refund", cancellationToken) is ReversalResult.AlreadyOver
                ? await GiveAgainAsync(payment.Id, money.Refunded, cancellationToken)
                : new ReversalResult.Applied();

    /// <summary>Takes back the credit of all that was given back of a payment, as far as it was not taken yet.</summary>
    /// <param name="paymentId">A payment that is settled.</param>
    /// <param name="total">What was given back of it in all.</param>
    /// <param name="reason">What the credit note says.</param>
    /// <param name="cancellationToken">Gives up waiting; the same again continues.</param>
    internal async Task<ReversalResult> TakeBackAsync(string paymentId, Money total, string reason, CancellationToken cancellationToken)
    {
        while (true)
        {
            var payment = await ReadAsync(paymentId, cancellationToken);
            if (total <= payment.RefundedCents)
            {
                return new ReversalResult.AlreadyOver();
            }

            var given = total - payment.RefundedCents;
            var credits = ShareOf(payment, total) - ShareOf(payment, payment.RefundedCents);
            var reference = payment.RefundRound == 0 ? $"{RefundPrefix}{payment.Id}:{total.Cents}" : $"{RefundPrefix}{payment.Id}:{total.Cents}:{payment.RefundRound}";
            var result = await CommitAsync(
                payment, ClawBackOf(payment, reference, "refund", reason, credits),
                async (db, ct) =>
                {
                    await ClaimAsync(db, payment, total, payment.RefundRound, ct);
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

    /// <summary>Gives again the credit of money that was to be given back and was not, and annuls that much of the credit notes.</summary>
    private async Task<ReversalResult> GiveAgainAsync(string paymentId, Money total, CancellationToken cancellationToken)
    {
        while (true)
        {
            var payment = await ReadAsync(paymentId, cancellationToken);
            if (total >= payment.RefundedCents)
            {
                return new ReversalResult.AlreadyOver();
            }

            var kept = payment.RefundedCents - total;
            var credits = ShareOf(payment, payment.RefundedCents) - ShareOf(payment, total);
            var reference = $"{FailedRefundPrefix}{payment.Id}:{payment.RefundRound}";
            var result = await CommitAsync(
                payment, GrantOf(payment, reference, "refund_failed", "refund failed", credits),
                async (db, ct) =>
                {
                    await ClaimAsync(db, payment, total, payment.RefundRound + 1, ct);
                    await notes.IssueAsync(db, new CreditNoteDraft(payment.Id, -kept, reference, "The refund did not arrive"), ct);
                    db.Add(OutboxEvent.Of(
                        payment.OrganizationId,
                        "payment.refund_failed",
                        new
                        {
                            PaymentId = payment.Id,
                            AmountUsd = kept.ToDecimal(),
                            TotalRefundedUsd = total.ToDecimal(),
                            payment.CreditType,
                            CreditsGivenAgain = credits.ToDecimal(),
                        },
                        clock.Now()));
                },
                cancellationToken);
            if (result is not ReversalResult.Contradiction { Problem: Outdated })
            {
                return result;
            }
        }
    }

    /// <summary>Moves what the ledger is off by: only in a restored or edited database is it.</summary>
    /// <param name="payment">The payment.</param>
    /// <param name="missing">What was not taken back; negative: what was taken back too much.</param>
    /// <param name="differenceId">Under which it happens once.</param>
    /// <param name="cancellationToken">Gives up waiting; the same again continues.</param>
    internal async Task<ReversalResult> MendAsync(Payment payment, Credits missing, string differenceId, CancellationToken cancellationToken)
    {
        var reference = $"{MendPrefix}{payment.Id}:{differenceId}";
        WalletCommand? command = missing.IsNegative
            ? GrantOf(payment, reference, "reconciliation", "taken back too much", -missing)
            : ClawBackOf(payment, reference, "reconciliation", "not taken back before", missing);
        return await CommitAsync(payment, command, (_, _) => Task.CompletedTask, cancellationToken);
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
            payment, ClawBackOf(payment, DisputeReference(dispute.DisputeId), "dispute", "Dispute", credits),
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
                await notes.IssueAsync(db, new CreditNoteDraft(payment.Id, dispute.AmountCents, DisputeReference(dispute.Id), "Dispute lost"), ct);
            }

            db.Add(EventOf(payment, dispute.AmountCents, payment.RefundedCents, isWon ? Credits.Zero : dispute.CreditMicros, isWon ? "dispute_won" : "dispute_lost"));
        };
        var result = await CommitAsync(
            payment,
            isWon ? GrantOf(payment, DisputeWonReference(dispute.Id), "dispute_won", "dispute won", dispute.CreditMicros) : null,
            commit, cancellationToken);
        return result is ReversalResult.Contradiction { Problem: Outdated } ? new ReversalResult.AlreadyOver() : result;
    }

    /// <summary>Changes the sum that was given back, unless somebody else has meanwhile: who comes second reckons anew.</summary>
    private static async Task ClaimAsync(BillingDbContext db, Payment payment, Money total, long round, CancellationToken cancellationToken)
    {
        var isCurrent = await db.Set<Payment>().Where(row => row.Id == payment.Id && row.RefundedCents == payment.RefundedCents && row.RefundRound == payment.RefundRound)
            .ExecuteUpdateAsync(row => row.SetProperty(p => p.RefundedCents, total).SetProperty(p => p.RefundRound, round), cancellationToken);
        if (isCurrent == 0)
        {
            throw new RiderVetoException(new Refusal.Rule(Outdated, "Another sum was given back meanwhile."));
        }
    }

    private static ClawBack? ClawBackOf(Payment payment, string reference, string source, string reason, Credits credits) => !credits.IsPositive ? null : new ClawBack
    {
        OrganizationId = payment.OrganizationId,
        Reference = reference,
        Source = source,
        Actor = Caller.ForSystem(Job, payment.OrganizationId).Actor,
        Note = $"{payment.Description}: {reason}",
        CreditType = payment.CreditType,
        Origin = payment.Id,
        Amount = credits,
    };

    private static Grant? GrantOf(Payment payment, string reference, string source, string reason, Credits credits) => !credits.IsPositive ? null : new Grant
    {
        OrganizationId = payment.OrganizationId,
        Reference = reference,
        Source = source,
        Actor = Caller.ForSystem(Job, payment.OrganizationId).Actor,
        Note = $"{payment.Description}: {reason}",
        CreditType = payment.CreditType,
        Deposit = new Deposit(BucketKind.Purchased, credits, Origin: payment.Id),
    };

    /// <summary>Commits rows with the credit they stand for; a command of null: no credit moves.</summary>
    private async Task<ReversalResult> CommitAsync(
        Payment payment, WalletCommand? command, Func<BillingDbContext, CancellationToken, Task> commit, CancellationToken cancellationToken) => command is null
        ? await CommitWithoutCreditAsync(commit, cancellationToken)
        : await PostAsync(payment, command with { Riders = [new EntityRider((db, _, ct) => commit(db, ct))] }, cancellationToken);

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

    /// <summary>The credit that belongs to a part of a payment. Of plans and seats there is none: an allowance ends with its cycle.</summary>
    /// <remarks>Rounded down, except that the whole is the whole: parts add up to it, and nobody loses credit for money that was kept.</remarks>
    internal static Credits ShareOf(Payment payment, Money amount) =>
        Credits.FromMicros((long)((Int128)payment.CreditMicros.Micros * amount.Cents / payment.AmountCents.Cents));

    private async Task<Payment> ReadAsync(string paymentId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<Payment>().AsNoTracking().SingleAsync(row => row.Id == paymentId, cancellationToken);
    }

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

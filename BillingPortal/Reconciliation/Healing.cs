using BillingPortal.Access;
using BillingPortal.Audit;
using BillingPortal.Invoices;
using BillingPortal.Payments;
using BillingPortal.Purchases;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Reconciliation;

/// <summary>What became of healing a difference.</summary>
public abstract record HealResult
{
    private HealResult()
    {
    }

    /// <summary>The books agree on it now.</summary>
    public sealed record Healed : HealResult;

    /// <summary>It was not there any more; nothing was done.</summary>
    public sealed record Gone : HealResult;

    /// <summary>It is still there: nothing the portal may do by itself heals it.</summary>
    /// <param name="Detail">The figures of both sides, as they are now.</param>
    public sealed record Persists(string Detail) : HealResult;

    /// <summary>The gateway did not answer. Nothing was done, or it is known once the payment is compared again.</summary>
    public sealed record GatewayDown : HealResult;

    public sealed record NoSuchDifference : HealResult;
}

/// <summary>Heals differences by the code that settles and reverses payments, and by nothing else.</summary>
public sealed class Healing(
    IDbContextFactory<BillingDbContext> contexts,
    IStoreSessions stores,
    Reconciliations reconciliations,
    PaymentBooksReader books,
    IPaymentGateway gateway,
    Settlement settlement,
    PaymentInquiry inquiry,
    Reversals reversals,
    InvoiceBook invoices,
    CreditNotes notes,
    IEnumerable<IInvoiceDrafts> drafts,
    TimeProvider clock,
    ILogger<Healing> logger)
{
    /// <summary>Looks at a difference anew, heals it if it is still there, and compares the payment again.</summary>
    /// <exception cref="AccessDeniedException">The caller is no person who administers the platform, or the password is to be given again.</exception>
    public async Task<HealResult> HealAsync(Caller caller, string differenceId, CancellationToken cancellationToken)
    {
        caller.DemandConfirmedAdministrator(clock.Now());
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.Set<PaymentDifference>().AsNoTracking().FirstOrDefaultAsync(row => row.Id == differenceId, cancellationToken) is not { } difference)
        {
            return new HealResult.NoSuchDifference();
        }

        if (difference.State is not DifferenceState.Open)
        {
            return new HealResult.Gone();
        }

        try
        {
            var before = await books.ReadAsync(difference.PaymentId, cancellationToken)
                ?? throw new InvalidOperationException($"Payment {difference.PaymentId} of {differenceId} is gone.");
            if (Comparison.Of(before, gateway.IsLive, clock.Now()).All(found => found.Kind != difference.Kind))
            {
                await reconciliations.CompareAsync(difference.PaymentId, cancellationToken);
                return new HealResult.Gone();
            }

            await TryHealAsync(difference, before, cancellationToken);
            var after = await books.ReadAsync(difference.PaymentId, cancellationToken) ?? before;
            if (Comparison.Of(after, gateway.IsLive, clock.Now()).FirstOrDefault(found => found.Kind == difference.Kind) is { } still)
            {
                return new HealResult.Persists(still.Detail);
            }

            logger.LogWarning("Difference {Kind} of payment {PaymentId} was healed for {Actor}.", difference.Kind, difference.PaymentId, caller.Actor);
            await EndAsync(db, caller, difference, cancellationToken);
            await reconciliations.CompareAsync(difference.PaymentId, cancellationToken);
            return new HealResult.Healed();
        }
        catch (GatewayException exception)
        {
            logger.LogWarning("Difference {DifferenceId} could not be healed: {Reason}", differenceId, exception.Message);
            return new HealResult.GatewayDown();
        }
    }

    private async Task EndAsync(BillingDbContext db, Caller caller, PaymentDifference difference, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        await using var unit = await db.Database.BeginTransactionAsync(cancellationToken);
        var ended = await db.Set<PaymentDifference>().Where(row => row.Id == difference.Id && row.State == DifferenceState.Open)
            .ExecuteUpdateAsync(
                row => row.SetProperty(d => d.State, DifferenceState.Healed).SetProperty(d => d.EndedAt, now).SetProperty(d => d.EndedBy, caller.Actor), cancellationToken);
        if (ended == 1)
        {
            db.Record(caller, now, AuditActs.DifferenceHealed, difference.PaymentId, new { difference.Kind, difference.Detail }, null, difference.OrganizationId);
            await db.SaveChangesAsync(cancellationToken);
        }

        await unit.CommitAsync(cancellationToken);
    }

    /// <summary>Whether the portal may heal such a difference by itself.</summary>
    public static bool CanHeal(DifferenceKind kind) => kind is not (DifferenceKind.Contradiction or DifferenceKind.InvoiceDiffers);

    private async Task TryHealAsync(PaymentDifference difference, PaymentBooks all, CancellationToken cancellationToken)
    {
        try
        {
            await HealAsync(difference, all, cancellationToken);
        }
        catch (Exception exception) when (exception is RiderVetoException || stores.IsUniqueViolation(exception))
        {
            // Somebody else did it at the same moment, or it cannot be done: what is found afterwards tells.
            logger.LogWarning("Healing {DifferenceId} was refused: {Reason}", difference.Id, exception.Message);
        }
    }

    private Task HealAsync(PaymentDifference difference, PaymentBooks all, CancellationToken cancellationToken) => (difference.Kind, all) switch
    {
        (DifferenceKind.NotCredited, { Told: { } told }) => settlement.SettleAsync(all.Payment.Id, told, cancellationToken),
        (DifferenceKind.NotClosed, _) => inquiry.AskAsync(all.Payment, cancellationToken),
        (DifferenceKind.NotPaid, _) => reversals.TakeBackAsync(all.Payment.Id, all.Payment.AmountCents - all.Lost, "The payment did not arrive", cancellationToken),
        (DifferenceKind.NotPosted, { Told: { Outcome: PaymentOutcome.Paid } told }) => settlement.RecreditAsync(all.Payment, told, cancellationToken),
        (DifferenceKind.RowBehind, { Payment.State: not PaymentState.Succeeded, Told: { Outcome: PaymentOutcome.Paid } told }) =>
            settlement.SettleAsync(all.Payment.Id, told, cancellationToken),
        (DifferenceKind.RowBehind, { Payment.State: PaymentState.Succeeded }) => FollowAsync(all, cancellationToken),
        (DifferenceKind.NotInvoiced, _) => invoices.IssueMissingAsync(drafts.Single(draft => draft.Fulfils(all.Payment.Kind)).DraftOf(all.Payment), cancellationToken),
        (DifferenceKind.ReversalsDiffer, _) => reversals.MendAsync(all.Payment, Comparison.Missing(all), difference.Id, cancellationToken),
        (DifferenceKind.NotesDiffer, _) => IssueNoteAsync(all, difference.Id, cancellationToken),
        (DifferenceKind.RefundNotTaken or DifferenceKind.RefundNotGiven, _) => reversals.FollowGatewayAsync(all.Payment, cancellationToken),
        (DifferenceKind.DisputeNotTaken, _) when Comparison.Unknown(all) is { } dispute => reversals.DisputeAsync(dispute, cancellationToken),
        _ => Task.CompletedTask,
    };

    // Ledger and documents cannot be changed afterwards; the row can, so it is the row that follows.
    private async Task FollowAsync(PaymentBooks all, CancellationToken cancellationToken)
    {
        var refunded = all.Credited == all.Payment.CreditMicros ? all.Noted - all.Lost : all.Payment.RefundedCents;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Set<Payment>().Where(row => row.Id == all.Payment.Id && row.State == PaymentState.Succeeded)
            .ExecuteUpdateAsync(row => row.SetProperty(p => p.CreditMicros, all.Credited).SetProperty(p => p.RefundedCents, refunded), cancellationToken);
    }

    private async Task IssueNoteAsync(PaymentBooks all, string differenceId, CancellationToken cancellationToken)
    {
        var missing = all.Payment.RefundedCents + all.Lost - all.Noted;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await notes.IssueAsync(db, new CreditNoteDraft(all.Payment.Id, missing, $"mend:{differenceId}", "Correction of earlier notes"), cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}

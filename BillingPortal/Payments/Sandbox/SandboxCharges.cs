using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BillingPortal.Payments.Sandbox;

/// <summary>The sandbox's bank: saved cards, charges of them, money given back, disputes.</summary>
public sealed class SandboxCharges(
    IDbContextFactory<BillingDbContext> contexts, IStoreSessions stores, IOptions<PaymentOptions> options, TimeProvider clock, SandboxSignal signal)
{
    internal async Task<IReadOnlyList<GatewayCard>> ListCardsAsync(string customerId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var cards = await db.Set<SandboxCard>().AsNoTracking()
            .Where(row => row.CustomerId == customerId && row.RemovedAt == null)
            .OrderBy(row => row.CreatedAt).Take(SavedCards.MaxCards * 2).ToListAsync(cancellationToken);
        return [.. cards.Select(card => new GatewayCard(card.Id, "visa", card.Method.Last4(), (int)card.ExpiryMonth, (int)card.ExpiryYear, card.CreatedAt))];
    }

    internal async Task RemoveCardAsync(string cardId, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Set<SandboxCard>().Where(row => row.Id == cardId && row.RemovedAt == null)
            .ExecuteUpdateAsync(row => row.SetProperty(c => c.RemovedAt, now), cancellationToken);
    }

    /// <summary>Charges a saved card, once for its payment.</summary>
    /// <exception cref="GatewayException">The card is one whose answers are lost; the work is done.</exception>
    internal async Task<PaymentReport> ChargeAsync(CardCharge charge, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var card = await db.Set<SandboxCard>().AsNoTracking()
            .FirstOrDefaultAsync(row => row.Id == charge.PaymentMethodId && row.CustomerId == charge.CustomerId && row.RemovedAt == null, cancellationToken);
        var intent = await FindAsync(db, charge.PaymentId, cancellationToken);
        if (intent is null && card is null)
        {
            return new PaymentReport(null, charge.PaymentId, PaymentOutcome.Failed, charge.Amount, Money.Currency, false, null, FailureCodes.CardMissing);
        }

        var now = clock.Now();
        if (intent is null)
        {
            intent = new SandboxIntent
            {
                Id = SandboxIntent.NewId(),
                PaymentId = charge.PaymentId,
                CustomerId = charge.CustomerId,
                CardId = card!.Id,
                AmountCents = charge.Amount,
                FailureCode = card.Method.FailureWhenAway(),
                CreatedAt = now,
                ClearsAt = card.Method is SandboxMethod.CardThatIsSlow ? now + options.Value.Sandbox.BankDelay : now,
            };
            db.Add(intent);
            db.Add(SandboxJson.Event(
                intent.FailureCode is null ? "payment_intent.succeeded" : "payment_intent.payment_failed", SandboxJson.Intent(intent, intent.ClearsAt), intent.ClearsAt));
            try
            {
                await db.SaveChangesAsync(cancellationToken);
                signal.Raise();
            }
            catch (DbUpdateException exception) when (stores.IsUniqueViolation(exception))
            {
                db.ChangeTracker.Clear();
                intent = await FindAsync(db, charge.PaymentId, cancellationToken) ?? throw new InvalidOperationException($"{charge.PaymentId} collided with none.");
            }

            if (card.Method is SandboxMethod.CardWithLostAnswer)
            {
                throw new GatewayException("The sandbox's answer was lost, as this card has it.");
            }
        }

        return ReportOf(intent, now);
    }

    /// <summary>Readies a charge that is confirmed elsewhere. The sandbox has no script to do so: it is paid once a merchant's page opens a checkout instead.</summary>
    internal async Task<OpenedIntent> OpenIntentAsync(IntentOrder order, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var intent = await FindAsync(db, order.PaymentId, cancellationToken);
        if (intent is null)
        {
            var id = SandboxIntent.NewId();
            intent = new SandboxIntent
            {
                Id = id,
                PaymentId = order.PaymentId,
                AmountCents = order.Amount,
                ClientSecret = $"{id}_secret_{SandboxIntent.NewId()[3..]}",
                CreatedAt = now,
                ClearsAt = now,
            };
            db.Add(intent);
            try
            {
                await db.SaveChangesAsync(cancellationToken);
            }
            catch (DbUpdateException exception) when (stores.IsUniqueViolation(exception))
            {
                db.ChangeTracker.Clear();
                intent = await FindAsync(db, order.PaymentId, cancellationToken) ?? throw new InvalidOperationException($"{order.PaymentId} collided with none.");
            }
        }

        return new OpenedIntent(intent.Id, intent.ClientSecret ?? throw new GatewayException("The payment has another charge already."));
    }

    internal async Task<PaymentReport?> FindIntentAsync(string intentId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var intent = await db.Set<SandboxIntent>().AsNoTracking().FirstOrDefaultAsync(row => row.Id == intentId, cancellationToken);
        return intent is null ? null : ReportOf(intent, clock.Now());
    }

    internal async Task<PaymentReport?> CancelIntentAsync(string intentId, CancellationToken cancellationToken)
    {
        if (await FindIntentAsync(intentId, cancellationToken) is not { Outcome: PaymentOutcome.Open } open)
        {
            return await FindIntentAsync(intentId, cancellationToken);
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Set<SandboxIntent>().Where(row => row.Id == intentId && row.ClientSecret != null).ExecuteDeleteAsync(cancellationToken);
        return open with { Outcome = PaymentOutcome.Failed, FailureCode = FailureCodes.GivenUp };
    }

    /// <summary>How the charge of a payment stands; null if none was asked for.</summary>
    internal async Task<PaymentReport?> FindAsync(string paymentId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await FindAsync(db, paymentId, cancellationToken) is { } intent ? ReportOf(intent, clock.Now()) : null;
    }

    /// <summary>What came of a charge, and what of it went back; null if there is none of this id.</summary>
    internal async Task<GatewayMoney?> FindMoneyAsync(string intentId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.Set<SandboxIntent>().AsNoTracking().FirstOrDefaultAsync(row => row.Id == intentId, cancellationToken) is not { } intent)
        {
            return null;
        }

        var dispute = intent.DisputeStatus is { } status ? GatewayJson.ReadDispute(SandboxJson.Element(SandboxJson.Dispute(intent, status))) : null;
        return new GatewayMoney(ReportOf(intent, clock.Now()), intent.RefundedCents, dispute is null ? [] : [dispute]);
    }

    /// <summary>Gives money back, once for its refund.</summary>
    /// <exception cref="GatewayRefusedException">There is no such payment, it is not paid, or less is left of it.</exception>
    internal async Task<string> RefundAsync(RefundOrder order, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var refund = new SandboxRefund
        {
            Id = $"re_{SandboxIntent.NewId()[3..]}",
            RefundId = order.RefundId,
            PaymentIntentId = order.PaymentIntentId,
            AmountCents = order.Amount,
        };
        db.Add(refund);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException exception) when (stores.IsUniqueViolation(exception))
        {
            await transaction.RollbackAsync(cancellationToken);
            db.ChangeTracker.Clear();
            return await db.Set<SandboxRefund>().Where(row => row.RefundId == order.RefundId).Select(row => row.Id).SingleAsync(cancellationToken);
        }

        await ReturnAsync(db, order.PaymentIntentId, order.Amount, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        signal.Raise();
        return refund.Id;
    }

    /// <summary>Plays the cardholder's bank: sends a refund back, as one does whose account is closed.</summary>
    /// <exception cref="GatewayRefusedException">There is no such refund of an undisputed charge that has not failed yet.</exception>
    public async Task FailRefundAsync(string refundId, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var failed = await db.Set<SandboxRefund>().Where(row => row.Id == refundId && !row.HasFailed)
            .ExecuteUpdateAsync(row => row.SetProperty(r => r.HasFailed, true), cancellationToken);
        if (failed == 0)
        {
            throw new GatewayRefusedException("refund_not_failing");
        }

        var refund = await db.Set<SandboxRefund>().AsNoTracking().SingleAsync(row => row.Id == refundId, cancellationToken);
        var moved = await db.Database.ExecuteSqlAsync(
            $"UPDATE sandbox_intents SET refunded_cents = refunded_cents - {refund.AmountCents.Cents} WHERE id = {refund.PaymentIntentId} AND dispute_status IS NULL", cancellationToken);
        if (moved == 0)
        {
            throw new GatewayRefusedException("refund_not_failing");
        }

        db.Add(SandboxJson.Event("refund.updated", SandboxJson.FailedRefund(refund), now));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        signal.Raise();
    }

    /// <summary>Plays the cardholder's bank: takes the money of a payment back, pending a decision.</summary>
    /// <exception cref="GatewayRefusedException">There is no such payment that is paid, undisputed, and not given back whole.</exception>
    public async Task DisputeAsync(string paymentIntentId, CancellationToken cancellationToken) =>
        await MoveDisputeAsync(paymentIntentId, null, "needs_response", "charge.dispute.created", cancellationToken);

    /// <summary>Plays the decision of a dispute.</summary>
    /// <exception cref="GatewayRefusedException">There is no such dispute.</exception>
    public async Task DecideAsync(string paymentIntentId, bool isWon, CancellationToken cancellationToken) =>
        await MoveDisputeAsync(paymentIntentId, "needs_response", isWon ? "won" : "lost", "charge.dispute.closed", cancellationToken);

    internal static PaymentReport ReportOf(SandboxIntent intent, DateTimeOffset now) => GatewayJson.ReadIntent(SandboxJson.Element(SandboxJson.Intent(intent, now)));

    private static async Task<SandboxIntent?> FindAsync(BillingDbContext db, string paymentId, CancellationToken cancellationToken) =>
        await db.Set<SandboxIntent>().AsNoTracking().FirstOrDefaultAsync(row => row.PaymentId == paymentId, cancellationToken);

    private static async Task ReturnAsync(BillingDbContext db, string intentId, Money amount, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // The condition is checked where it is changed: two refunds at once cannot give back more than there is.
        var cents = amount.Cents;
        var moved = cents <= 0 ? 0 : await db.Database.ExecuteSqlAsync(
            $"""
            UPDATE sandbox_intents SET refunded_cents = refunded_cents + {cents}
            WHERE id = {intentId} AND failure_code IS NULL AND client_secret IS NULL AND dispute_status IS NULL AND clears_at <= {now.ToUnixTimeMilliseconds()} AND refunded_cents + {cents} <= amount_cents
            """,
            cancellationToken);
        if (moved == 0)
        {
            throw new GatewayRefusedException("charge_not_refundable");
        }

        var intent = await db.Set<SandboxIntent>().AsNoTracking().SingleAsync(row => row.Id == intentId, cancellationToken);
        db.Add(SandboxJson.Event("charge.refunded", SandboxJson.Charge(intent), now));
        await db.SaveChangesAsync(cancellationToken);
    }

    private async Task MoveDisputeAsync(string intentId, string? from, string to, string type, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var moved = await db.Set<SandboxIntent>()
            .Where(row => row.Id == intentId && row.FailureCode == null && row.ClientSecret == null && row.ClearsAt <= now && row.DisputeStatus == from && row.RefundedCents != row.AmountCents)
            .ExecuteUpdateAsync(row => row.SetProperty(i => i.DisputeStatus, to), cancellationToken);
        if (moved == 0)
        {
            throw new GatewayRefusedException("charge_not_disputable");
        }

        var intent = await db.Set<SandboxIntent>().AsNoTracking().SingleAsync(row => row.Id == intentId, cancellationToken);
        db.Add(SandboxJson.Event(type, SandboxJson.Dispute(intent, to), now));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        signal.Raise();
    }
}

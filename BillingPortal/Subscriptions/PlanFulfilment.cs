using BillingPortal.Catalog;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Subscriptions;

/// <summary>What a paid plan earns: the cycle, its credit, an invoice, and the events that tell of them.</summary>
/// <remarks>
/// Money that comes when the plan has moved on is honoured as purchased credit of the same worth: docs/decisions/0092.
/// </remarks>
internal sealed class PlanFulfilment(
    PlanChanges changes, PlanStandings standings, InvoiceBook invoices, BalanceFeed feed, TimeProvider clock) : IPaymentFulfilment, IInvoiceDrafts
{
    public bool Fulfils(PaymentKind kind) => kind is PaymentKind.Plan or PaymentKind.Seats or PaymentKind.Renewal;

    public WalletCommand Fulfil(Payment payment)
    {
        var terms = PlanTerms.Of(payment);
        var command = changes.Command(
            payment.OrganizationId, terms, payment.AmountCents, ReferenceOf(payment), SubscriptionIdOf(payment), payment.Actor);
        return command with { Riders = [.. command.Riders, invoices.RiderFor(DraftOf(payment))] };
    }

    /// <summary>The cycle that was paid; or, of money that came too late for one, the credit that it became.</summary>
    public InvoiceDraft DraftOf(Payment payment) => new(
        payment.OrganizationId, payment.BuyerName, payment.Id,
        payment.CreditMicros.IsPositive ? [InsteadOf(payment)] : [.. PlanTerms.Of(payment).Lines.Select(line => new DraftLine(line.Text, Money.FromCents(line.Cents)))]);

    public WalletCommand? FulfilInstead(Payment payment, Refusal refusal)
    {
        if (refusal is not Refusal.Rule { Code: PlanChanges.MovedOn })
        {
            return null;
        }

        var credits = CreditValue.Of(payment.AmountCents);
        var line = InsteadOf(payment);
        return new Grant
        {
            OrganizationId = payment.OrganizationId,
            Reference = ReferenceOf(payment),
            Source = payment.Kind.Text(),
            Actor = payment.Actor,
            Note = line.Description,
            CreditType = CreditTypes.Credits,
            Type = TransactionType.Purchase,
            Deposit = new Deposit(BucketKind.Purchased, credits, Origin: payment.Id),
            Riders =
            [
                invoices.RiderFor(new InvoiceDraft(payment.OrganizationId, payment.BuyerName, payment.Id, [line])),
                new EntityRider(async (db, posted, ct) =>
                {
                    await db.Set<Payment>().Where(row => row.Id == payment.Id)
                        .ExecuteUpdateAsync(row => row.SetProperty(p => p.CreditMicros, credits), ct);
                    db.Add(OutboxEvent.Of(
                        payment.OrganizationId,
                        "credits.purchased",
                        new
                        {
                            PaymentId = payment.Id,
                            TransactionId = posted.Transactions[0].Id,
                            payment.CreditType,
                            Credits = credits.ToDecimal(),
                            AmountUsd = payment.AmountCents.ToDecimal(),
                            BalanceAfter = posted.Transactions[0].BalanceAfter.ToDecimal(),
                        },
                        clock.Now()));
                }),
            ],
        };
    }

    public void Fulfilled(Payment payment)
    {
        standings.Forget(payment.OrganizationId);
        feed.Publish([payment.OrganizationId]);
    }

    // Only a try of the renewal job is a failed renewal; what somebody left, or tried with the saved card by hand, is not.
    public async Task CloseAsync(BillingDbContext db, Payment payment, CancellationToken cancellationToken)
    {
        if (payment is not { Kind: PaymentKind.Renewal, CardId: not null, UserId: null })
        {
            return;
        }

        var terms = PlanTerms.Of(payment);
        var row = await db.Set<Subscription>().SingleOrDefaultAsync(
            row => row.OrganizationId == payment.OrganizationId && row.Id == terms.SubscriptionId, cancellationToken);
        if (row is null || row.Revision != terms.Revision || row.FailedAttempts != terms.Attempt)
        {
            return;
        }

        var now = clock.Now();
        changes.Fail(row, payment.FailureCode ?? "given_up", now);
        db.Add(changes.LapseOf(row, now));
        standings.Forget(payment.OrganizationId);
    }

    private static DraftLine InsteadOf(Payment payment) =>
        new($"Credit for a payment that came after the plan had changed ({payment.Description})", payment.AmountCents);

    private static string ReferenceOf(Payment payment) => $"payment:{payment.Id}";

    // Of the payment, so that carrying it out again makes the same one.
    private static string SubscriptionIdOf(Payment payment) => $"sub_{payment.Id[(payment.Id.IndexOf('_', StringComparison.Ordinal) + 1)..]}";
}

using System.Globalization;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Store;
using BillingPortal.Wallets;

namespace BillingPortal.Purchases;

/// <summary>What a paid pack or top-up earns: purchased credit that never expires, an invoice, and the events that tell of both.</summary>
public sealed class PackFulfilment(InvoiceBook invoices, TimeProvider clock) : IPaymentFulfilment, IInvoiceDrafts
{
    private const string Prefix = "payment:";

    /// <summary>What the credit of a payment is posted under, whatever was bought.</summary>
    internal static string ReferenceOf(Payment payment) => Prefix + payment.Id;

    /// <summary>The payment behind a transaction's reference; null if it is no purchase's.</summary>
    internal static string? PaymentOf(string reference) => reference.StartsWith(Prefix, StringComparison.Ordinal) ? reference[Prefix.Length..] : null;

    public bool Fulfils(PaymentKind kind) => kind is PaymentKind.Pack or PaymentKind.ApiPack or PaymentKind.TopUp;

    public WalletCommand Fulfil(Payment payment) => new Grant
    {
        OrganizationId = payment.OrganizationId,
        Reference = ReferenceOf(payment),
        Source = payment.Kind.Text(),
        Actor = payment.Actor,
        Note = payment.Description,
        CreditType = payment.CreditType,
        Type = TransactionType.Purchase,
        Deposit = new Deposit(BucketKind.Purchased, payment.CreditMicros, Origin: payment.Id),
        Riders =
        [
            invoices.RiderFor(DraftOf(payment)),
            new EntityRider((db, posted, _) =>
            {
                db.Add(EventOf(payment, posted));
                return Task.CompletedTask;
            }),
        ],
    };

    bool IInvoiceDrafts.Fulfils(PaymentKind kind) => Fulfils(kind) || kind is PaymentKind.AutoReload;

    public InvoiceDraft DraftOf(Payment payment) => new(payment.OrganizationId, payment.BuyerName, payment.Id, LinesOf(payment));

    private static System.Collections.Immutable.ImmutableArray<DraftLine> LinesOf(Payment payment)
    {
        var credits = payment.CreditMicros.ToDecimal().ToString("#,0", CultureInfo.InvariantCulture);
        var sold = new DraftLine($"{payment.Description}, {credits} credits", payment.AmountCents - payment.FeeCents);
        return payment.FeeCents == Money.Zero ? [sold] : [sold, new DraftLine("Purchase fee", payment.FeeCents)];
    }

    private OutboxEvent EventOf(Payment payment, PostResult.Posted posted) => OutboxEvent.Of(
        payment.OrganizationId,
        "credits.purchased",
        new
        {
            PaymentId = payment.Id,
            TransactionId = posted.Transactions[0].Id,
            Pack = payment.Item,
            payment.CreditType,
            Credits = payment.CreditMicros.ToDecimal(),
            AmountUsd = payment.AmountCents.ToDecimal(),
            BalanceAfter = posted.Transactions[0].BalanceAfter.ToDecimal(),
        },
        clock.Now());
}

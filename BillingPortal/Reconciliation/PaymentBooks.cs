using System.Collections.Immutable;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Purchases;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Reconciliation;

/// <summary>A payment as each of the books has it.</summary>
/// <param name="Payment">The payment's row.</param>
/// <param name="Told">How the gateway says it stands; null if it knows of none.</param>
/// <param name="Money">What came and went back at the gateway; null if there is no charge.</param>
/// <param name="IsPosted">Whether the ledger has the payment's reference.</param>
/// <param name="Credited">What the ledger credited under it.</param>
/// <param name="TakenForRefunds">What the ledger took back for refunds, less what it gave again.</param>
/// <param name="TakenForDisputes">The same for disputes.</param>
/// <param name="Mended">What reconciliations took back besides.</param>
/// <param name="Invoiced">The invoice's total; null if there is none.</param>
/// <param name="Noted">The sum of the credit notes.</param>
/// <param name="Disputes">Disputes as they are known here.</param>
public sealed record PaymentBooks(
    Payment Payment,
    PaymentReport? Told,
    GatewayMoney? Money,
    bool IsPosted,
    Credits Credited,
    Credits TakenForRefunds,
    Credits TakenForDisputes,
    Credits Mended,
    Money? Invoiced,
    Money Noted,
    ImmutableArray<PaymentDispute> Disputes)
{
    /// <summary>What lost disputes gave back.</summary>
    public Money Lost => Disputes.Where(dispute => dispute.State is DisputeState.Lost).Aggregate(Ledger.Money.Zero, (sum, dispute) => sum + dispute.AmountCents);
}

/// <summary>Reads a payment from each of the books.</summary>
public sealed class PaymentBooksReader(
    IDbContextFactory<BillingDbContext> contexts, IPaymentGateway gateway, CardCharges charges, LedgerReferences ledger)
{
    /// <summary>The gateway is asked first: what happens in between is then known here rather than there, and is found to agree the next time.</summary>
    /// <exception cref="GatewayException">The gateway did not say.</exception>
    public async Task<PaymentBooks?> ReadAsync(string paymentId, CancellationToken cancellationToken)
    {
        if (await FindAsync(paymentId, cancellationToken) is not { } asked)
        {
            return null;
        }

        var told = asked switch
        {
            { SessionId: { } sessionId } => await gateway.FindCheckoutAsync(sessionId, cancellationToken),
            { PaymentIntentId: { } intentId } => await gateway.FindIntentAsync(intentId, cancellationToken),
            { CardId: not null } => await charges.LookUpAsync(asked, cancellationToken),
            _ => null,
        };
        var chargeId = asked.PaymentIntentId ?? told?.PaymentIntentId;
        var money = chargeId is null ? null : await gateway.FindMoneyAsync(chargeId, cancellationToken);

        var payment = await FindAsync(paymentId, cancellationToken) ?? asked;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var disputes = await db.Set<PaymentDispute>().AsNoTracking().Where(row => row.PaymentId == paymentId).OrderBy(row => row.Id).ToListAsync(cancellationToken);
        var invoice = await db.Set<Invoice>().AsNoTracking().Include(row => row.CreditNotes).FirstOrDefaultAsync(row => row.PaymentId == paymentId, cancellationToken);
        List<string> ofDisputes =
        [
            .. disputes.Select(dispute => Reversals.DisputeReference(dispute.Id)), .. disputes.Select(dispute => Reversals.DisputeWonReference(dispute.Id)),
        ];
        var posted = await ledger.FindAsync(payment.OrganizationId, payment.CreditType, paymentId, ofDisputes, cancellationToken);
        return new PaymentBooks(
            payment,
            told,
            money,
            await ledger.IsPostedAsync(payment.OrganizationId, PackFulfilment.ReferenceOf(payment), cancellationToken),
            posted.GetValueOrDefault(PackFulfilment.ReferenceOf(payment)),
            -Sum(reference => reference.StartsWith($"{Reversals.RefundPrefix}{paymentId}:", StringComparison.Ordinal)
                || reference.StartsWith($"{Reversals.FailedRefundPrefix}{paymentId}:", StringComparison.Ordinal)),
            -Sum(ofDisputes.Contains),
            -Sum(reference => reference.StartsWith($"{Reversals.MendPrefix}{paymentId}:", StringComparison.Ordinal)),
            invoice?.TotalCents,
            invoice?.CreditNotes.Aggregate(Money.Zero, (sum, note) => sum + note.AmountCents) ?? Money.Zero,
            [.. disputes]);

        Credits Sum(Func<string, bool> isMeant) => Credits.Sum(posted.Where(entry => isMeant(entry.Key)).Select(entry => entry.Value));
    }

    private async Task<Payment?> FindAsync(string paymentId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<Payment>().AsNoTracking().FirstOrDefaultAsync(row => row.Id == paymentId, cancellationToken);
    }
}

using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Invoices;

/// <summary>What a credit note is to say; its number and date come with the commit.</summary>
/// <param name="PaymentId">The payment whose invoice is taken back.</param>
/// <param name="Amount">What is given back now, tax included; negative annuls so much of earlier notes. Never zero.</param>
/// <param name="Reference">What it is for, such as the refund's id; unique within the organization.</param>
/// <param name="Reason">A sentence for people.</param>
public sealed record CreditNoteDraft(string PaymentId, Money Amount, string Reference, string Reason);

/// <summary>Writes credit notes and finds them.</summary>
public sealed class CreditNotes(IDbContextFactory<BillingDbContext> contexts, TimeProvider clock)
{
    /// <summary>Refusal code: the payment has no invoice.</summary>
    public const string NoInvoice = "NO_INVOICE";

    /// <summary>Refusal code: with this note more would be given back than was paid, or less than nothing.</summary>
    public const string ExceedsInvoice = "CREDIT_NOTE_EXCEEDS_INVOICE";

    /// <summary>The credit note as a row that commits with the credit taken back. Its command is refused as <see cref="IssueAsync"/> says.</summary>
    public CommitRider RiderFor(CreditNoteDraft draft) => new EntityRider((db, _, ct) => IssueAsync(db, draft, ct));

    /// <summary>Writes a credit note in the caller's transaction; the caller saves and commits.</summary>
    /// <exception cref="RiderVetoException"><see cref="NoInvoice"/> or <see cref="ExceedsInvoice"/>; the transaction must be rolled back.</exception>
    /// <exception cref="DbUpdateException">On saving: there is a note for this reference already.</exception>
    public async Task<CreditNote> IssueAsync(BillingDbContext db, CreditNoteDraft draft, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(draft.Amount, Money.Zero);

        // The invoice's row is locked from here to the commit, so what two refunds give back at once is added up.
        var cents = draft.Amount.Cents;
        var taken = await db.Database.ExecuteSqlAsync(
            $"UPDATE invoices SET credited_cents = credited_cents + {cents} WHERE payment_id = {draft.PaymentId} AND credited_cents + {cents} BETWEEN 0 AND total_cents", cancellationToken);
        var invoice = await db.Set<Invoice>().AsNoTracking().FirstOrDefaultAsync(row => row.PaymentId == draft.PaymentId, cancellationToken)
            ?? throw new RiderVetoException(new Refusal.Rule(NoInvoice, "The payment has no invoice."));
        if (taken == 0)
        {
            throw new RiderVetoException(new Refusal.Rule(
                ExceedsInvoice, $"At most {invoice.TotalCents - invoice.CreditedCents} of invoice {invoice.Number} can still be given back."));
        }

        var now = clock.Now();
        var note = new CreditNote
        {
            Id = Ids.New("cn", now),
            OrganizationId = invoice.OrganizationId,
            Number = await DocumentNumbers.NextAsync(db, DocumentNumbers.CreditNotes, now, cancellationToken),
            IssuedAt = now,
            InvoiceId = invoice.Id,
            Reference = draft.Reference,
            Reason = draft.Reason,
            AmountCents = draft.Amount,
            TaxCents = TaxOf(invoice, invoice.CreditedCents) - TaxOf(invoice, invoice.CreditedCents - draft.Amount),
        };
        db.Add(note);
        return note;
    }

    /// <summary>A credit note of the caller's organization with its invoice; null if it has none of that id.</summary>
    /// <exception cref="AccessDeniedException">The caller may not read invoices.</exception>
    public async Task<CreditNote?> FindAsync(Caller caller, string creditNoteId, CancellationToken cancellationToken)
    {
        InvoiceAccess.DemandRead(caller);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<CreditNote>().AsNoTracking().Include(row => row.Invoice)
            .FirstOrDefaultAsync(row => row.Id == creditNoteId && row.OrganizationId == caller.OrganizationId, cancellationToken);
    }

    // The tax within a part of the invoice; differences of this add up to the whole, whatever the parts.
    private static Money TaxOf(Invoice invoice, Money part) => invoice.TaxCents.Scale(part.Cents, invoice.TotalCents.Cents);
}

using System.Collections.Immutable;
using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Invoices;

/// <summary>What an invoice is to say; its number and date come with the commit.</summary>
/// <param name="OrganizationId">The buyer.</param>
/// <param name="BuyerName">The buyer's name on the document.</param>
/// <param name="PaymentId">The payment that settled it.</param>
/// <param name="Lines">What was sold; the amounts add up to what was paid.</param>
public sealed record InvoiceDraft(string OrganizationId, string BuyerName, string PaymentId, ImmutableArray<DraftLine> Lines);

/// <summary>A line to be.</summary>
public readonly record struct DraftLine(string Description, Money Amount);

/// <summary>Who buys, by the name that stands on the invoice.</summary>
public interface IBuyerNames
{
    Task<string> NameOfAsync(string organizationId, CancellationToken cancellationToken);
}

/// <summary>Writes invoices and finds them.</summary>
public sealed class InvoiceBook(IDbContextFactory<BillingDbContext> contexts, TimeProvider clock)
{
    /// <summary>The invoice and its <c>invoice.paid</c> event, as rows that commit with the credit they are for.</summary>
    public CommitRider RiderFor(InvoiceDraft draft) => new EntityRider((db, _, ct) => IssueAsync(db, draft, ct));

    /// <summary>The invoice of a payment of the caller's organization, with its lines; null if there is none.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>billing:read</c>.</exception>
    public async Task<Invoice?> FindByPaymentAsync(Caller caller, string paymentId, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<Invoice>().AsNoTracking().Include(row => row.Lines)
            .FirstOrDefaultAsync(row => row.PaymentId == paymentId && row.OrganizationId == caller.OrganizationId, cancellationToken);
    }

    private async Task IssueAsync(BillingDbContext db, InvoiceDraft draft, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        var subtotal = draft.Lines.Aggregate(Money.Zero, (sum, line) => sum + line.Amount);
        var invoice = new Invoice
        {
            Id = Ids.New("inv", now),
            OrganizationId = draft.OrganizationId,
            Number = $"{now.Year}-{await NextNumberAsync(db, now.Year, cancellationToken):D6}",
            IssuedAt = now,
            BuyerName = draft.BuyerName,
            Status = InvoiceStatus.Paid,
            SubtotalCents = subtotal,
            TaxCents = Money.Zero,
            TotalCents = subtotal,
            PaymentId = draft.PaymentId,
            Lines = [.. draft.Lines.Select((line, index) =>
                new InvoiceLine { Position = index + 1, Description = line.Description, Quantity = 1, AmountCents = line.Amount })],
        };
        db.Add(invoice);
        db.Add(OutboxEvent.Of(
            draft.OrganizationId, "invoice.paid",
            new { InvoiceId = invoice.Id, invoice.Number, AmountUsd = invoice.TotalCents.ToDecimal(), draft.PaymentId }, now));
    }

    // The row is locked from here to the commit: numbers follow the order of commits, one at a time.
    private static async Task<long> NextNumberAsync(BillingDbContext db, int year, CancellationToken cancellationToken)
    {
        var numbers = await db.Database.SqlQuery<long>($"""
            INSERT INTO invoice_counters (year, last_number) VALUES ({(long)year}, 1)
            ON CONFLICT (year) DO UPDATE SET last_number = invoice_counters.last_number + 1
            RETURNING last_number
            """).ToListAsync(cancellationToken);
        return numbers.Single();
    }
}

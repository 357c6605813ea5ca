using System.Collections.Immutable;
using System.Globalization;
using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BillingPortal.Invoices;

/// <summary>What an invoice is to say; its number and date come with the commit.</summary>
/// <param name="OrganizationId">The buyer.</param>
/// <param name="BuyerName">The buyer's name on the document.</param>
/// <param name="PaymentId">The payment that settled it.</param>
/// <param name="Lines">What was sold; the amounts add up to what was paid.</param>
public sealed record InvoiceDraft(string OrganizationId, string BuyerName, string PaymentId, ImmutableArray<DraftLine> Lines);

/// <summary>Writes what the invoice of a kind of payment says. Each feature that sells brings one.</summary>
public interface IInvoiceDrafts
{
    bool Fulfils(PaymentKind kind);

    /// <summary>What the invoice of a settled payment says.</summary>
    InvoiceDraft DraftOf(Payment payment);
}

/// <summary>A line to be.</summary>
public readonly record struct DraftLine(string Description, Money Amount);

/// <summary>Who buys, by the name that stands on the invoice.</summary>
public interface IBuyerNames
{
    Task<string> NameOfAsync(string organizationId, CancellationToken cancellationToken);
}

/// <summary>Which invoices to read.</summary>
/// <param name="From">Issued at or after; null: from the first.</param>
/// <param name="To">Issued before; null: to the last.</param>
/// <param name="Search">A part of the number, or an amount in dollars; null: all.</param>
/// <param name="Before">The id after which this page begins, newest first; null: the newest.</param>
/// <param name="Limit">1 to <see cref="InvoiceBook.LargestPage"/>.</param>
public sealed record InvoiceQuery(DateTimeOffset? From = null, DateTimeOffset? To = null, string? Search = null, string? Before = null, int Limit = 50);

/// <summary>A page of invoices, newest first, with their lines and credit notes, and the id after which the next begins; null at the end.</summary>
public sealed record InvoicePage(IReadOnlyList<Invoice> Invoices, string? NextBefore);

/// <summary>Writes invoices and finds them.</summary>
public sealed class InvoiceBook(IDbContextFactory<BillingDbContext> contexts, IPaymentGateway gateway, IOptions<InvoiceOptions> options, TimeProvider clock)
{
    public const int LargestPage = 100;

    private const long WholeBasisPoints = 10_000;

    /// <summary>The invoice and its <c>invoice.paid</c> event, as rows that commit with the credit they are for.</summary>
    public CommitRider RiderFor(InvoiceDraft draft) => new EntityRider((db, _, ct) => IssueAsync(db, draft, ct));

    /// <summary>Writes the invoice of a settled payment that has none: a restored or edited database.</summary>
    internal async Task IssueMissingAsync(InvoiceDraft draft, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await IssueAsync(db, draft, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>The invoice of a payment of the caller's organization, with its lines; null if there is none.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>billing:read</c>.</exception>
    public async Task<Invoice?> FindByPaymentAsync(Caller caller, string paymentId, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<Invoice>().AsNoTracking().Include(row => row.Lines)
            .FirstOrDefaultAsync(row => row.PaymentId == paymentId && row.OrganizationId == caller.OrganizationId, cancellationToken);
    }

    /// <summary>An invoice of the caller's organization with its lines and credit notes; null if it has none of that id.</summary>
    /// <exception cref="AccessDeniedException">The caller may not read invoices.</exception>
    public async Task<Invoice?> FindAsync(Caller caller, string invoiceId, CancellationToken cancellationToken)
    {
        InvoiceAccess.DemandRead(caller);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await WithParts(db).FirstOrDefaultAsync(row => row.Id == invoiceId && row.OrganizationId == caller.OrganizationId, cancellationToken);
    }

    /// <summary>Invoices of the caller's organization, newest first.</summary>
    /// <exception cref="AccessDeniedException">The caller may not read invoices.</exception>
    public async Task<InvoicePage> ListAsync(Caller caller, InvoiceQuery query, CancellationToken cancellationToken)
    {
        InvoiceAccess.DemandRead(caller);
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, LargestPage);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = Filtered(WithParts(db), caller, query);
        if (query.Before is { } before)
        {
            rows = rows.Where(row => row.Id.CompareTo(before) < 0);
        }

        var page = await rows.OrderByDescending(row => row.Id).Take(query.Limit + 1).ToListAsync(cancellationToken);
        return page.Count > query.Limit ? new InvoicePage(page[..query.Limit], page[query.Limit - 1].Id) : new InvoicePage(page, null);
    }

    /// <summary>What the caller's organization paid and was given back from an instant to before another.</summary>
    /// <exception cref="AccessDeniedException">The caller may not read invoices.</exception>
    public async Task<InvoiceSums> SumAsync(Caller caller, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        InvoiceAccess.DemandRead(caller);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await InvoiceSums.OfAsync(db, caller.OrganizationId, from, to, cancellationToken);
    }

    private static IQueryable<Invoice> WithParts(BillingDbContext db) => db.Set<Invoice>().AsNoTracking().AsSplitQuery()
        .Include(row => row.Lines.OrderBy(line => line.Position)).Include(row => row.CreditNotes.OrderBy(note => note.Id));

    private static IQueryable<Invoice> Filtered(IQueryable<Invoice> rows, Caller caller, InvoiceQuery query)
    {
        rows = rows.Where(row => row.OrganizationId == caller.OrganizationId);
        if (query.From is { } from)
        {
            rows = rows.Where(row => row.IssuedAt >= from);
        }

        if (query.To is { } to)
        {
            rows = rows.Where(row => row.IssuedAt < to);
        }

        if (query.Search is not { } search)
        {
            return rows;
        }

        return decimal.TryParse(search.TrimStart('$'), NumberStyles.AllowDecimalPoint | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out var dollars)
            && Money.TryFromDecimal(dollars, out var amount)
            ? rows.Where(row => row.TotalCents == amount || row.Number.Contains(search))
            : rows.Where(row => row.Number.Contains(search));
    }

    private async Task IssueAsync(BillingDbContext db, InvoiceDraft draft, CancellationToken cancellationToken)
    {
        if (await db.Set<Invoice>().AnyAsync(row => row.PaymentId == draft.PaymentId, cancellationToken))
        {
            // Only where the credit was lost and is given again: the document is there already.
            return;
        }

        var now = clock.Now();
        var seller = options.Value;
        var total = draft.Lines.Aggregate(Money.Zero, (sum, line) => sum + line.Amount);
        var tax = total.Scale(seller.TaxBasisPoints, WholeBasisPoints + seller.TaxBasisPoints);
        var buyer = await BillingDetailsBook.FindAsync(db, draft.OrganizationId, cancellationToken) ?? BillingDetails.None;
        var invoice = new Invoice
        {
            Id = Ids.New("inv", now),
            OrganizationId = draft.OrganizationId,
            Number = await DocumentNumbers.NextAsync(db, DocumentNumbers.Invoices, now, cancellationToken),
            IssuedAt = now,
            SellerName = seller.SellerName,
            SellerAddress = seller.SellerAddress,
            SellerTaxId = seller.SellerTaxId,
            SellerContact = seller.SellerContact,
            BuyerName = buyer.Name.Length > 0 ? buyer.Name : draft.BuyerName,
            BuyerAddress = buyer.Address,
            BuyerTaxId = buyer.TaxId,
            BuyerReference = buyer.Reference,
            SubtotalCents = total - tax,
            TaxName = seller.TaxName,
            TaxBasisPoints = seller.TaxBasisPoints,
            TaxCents = tax,
            TotalCents = total,
            PaymentId = draft.PaymentId,
            IsTest = !gateway.IsLive,
            Lines = [.. draft.Lines.Select((line, index) =>
                new InvoiceLine { Position = index + 1, Description = line.Description, Quantity = 1, AmountCents = line.Amount })],
        };
        db.Add(invoice);
        db.Add(OutboxEvent.Of(
            draft.OrganizationId, "invoice.paid",
            new { InvoiceId = invoice.Id, invoice.Number, AmountUsd = invoice.TotalCents.ToDecimal(), draft.PaymentId }, now));
    }
}

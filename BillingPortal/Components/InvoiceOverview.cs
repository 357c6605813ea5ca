using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Store;

namespace BillingPortal.Components;

/// <summary>An invoice in the list.</summary>
public sealed record InvoiceRow(
    string Id, string Number, DateTimeOffset IssuedAt, string Description, Money Total, Money Tax, Money GivenBack, InvoiceStatus Status, IReadOnlyList<CreditNoteRow> Notes)
{
    public string PdfAddress => $"/api/v1/billing/invoices/{Id}/pdf";
}

/// <summary>A credit note of an invoice in the list.</summary>
public sealed record CreditNoteRow(string Id, string Number, Money Amount)
{
    public string PdfAddress => $"/api/v1/billing/credit-notes/{Id}/pdf";
}

/// <summary>What the Invoices page shows.</summary>
/// <param name="MayRead">Whether the viewer's role may see any of it; if not, the rest is empty.</param>
/// <param name="Rows">Newest first.</param>
/// <param name="NextBefore">Where the next page begins; null at the end.</param>
/// <param name="PaidThisYear">By calendar year, UTC.</param>
/// <param name="GivenBackThisYear">By calendar year, UTC.</param>
/// <param name="Details">What invoices to come say of the buyer.</param>
/// <param name="Organization">What they say where the details name nobody.</param>
/// <param name="Months">First days of the months that have a statement, newest first.</param>
public sealed record InvoiceOverview(
    bool MayRead,
    IReadOnlyList<InvoiceRow> Rows,
    string? NextBefore,
    Money PaidThisYear,
    Money GivenBackThisYear,
    BillingDetails Details,
    string Organization,
    IReadOnlyList<DateOnly> Months);

/// <summary>Reads what the Invoices page shows.</summary>
public sealed class InvoiceOverviews(InvoiceBook book, BillingDetailsBook details, Organizations organizations, TimeProvider clock)
{
    private const int PageSize = 25;
    private const int MostMonths = 12;

    public async Task<InvoiceOverview> ReadAsync(Caller caller, string? search, string? before, CancellationToken cancellationToken)
    {
        if (caller.Role < MemberRole.Billing)
        {
            return new InvoiceOverview(false, [], null, Money.Zero, Money.Zero, BillingDetails.None, "", []);
        }

        var now = clock.Now();
        var organization = await organizations.GetAsync(caller, cancellationToken);
        var page = await book.ListAsync(caller, new InvoiceQuery(Search: search, Before: before, Limit: PageSize), cancellationToken);
        var year = new DateTimeOffset(now.Year, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var sums = await book.SumAsync(caller, year, year.AddYears(1), cancellationToken);
        var firstMonth = new DateOnly(organization.CreatedAt.Year, organization.CreatedAt.Month, 1);
        var thisMonth = new DateOnly(now.Year, now.Month, 1);
        return new InvoiceOverview(
            true,
            [
                .. page.Invoices.Select(invoice => new InvoiceRow(
                    invoice.Id, invoice.Number, invoice.IssuedAt, invoice.Description, invoice.TotalCents, invoice.TaxCents, invoice.CreditedCents, invoice.Status,
                    [.. invoice.CreditNotes.Select(note => new CreditNoteRow(note.Id, note.Number, note.AmountCents))])),
            ],
            page.NextBefore,
            sums.Paid,
            sums.GivenBack,
            await details.GetAsync(caller, cancellationToken),
            organization.Name,
            [.. Enumerable.Range(0, MostMonths).Select(back => thisMonth.AddMonths(-back)).Where(month => month >= firstMonth)]);
    }
}

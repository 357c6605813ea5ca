using System.Globalization;
using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Invoices;
using BillingPortal.Payments;
using BillingPortal.Store;

namespace BillingPortal.Api;

/// <summary>Invoices, credit notes, statements and what buyers want to read on them. Source: contract, "002 · Wallet, metering, plans, invoices".</summary>
internal static class InvoiceEndpoints
{
    private const string Root = "/api/v1/billing";
    private const string Pdf = "application/pdf";

    public static IEndpointRouteBuilder MapInvoices(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup(Root).WithTags("Invoices").RequireCaller();
        group.MapGet("/invoices", ListAsync).WithSummary("Invoices, newest first").Produces<InvoiceList>();
        group.MapGet("/invoices/{id}", GetAsync).WithSummary("One invoice with its lines and credit notes").Produces<Envelope<InvoiceDetail>>();
        group.MapGet("/invoices/{id}/pdf", GetPdfAsync).WithSummary("An invoice as PDF").Produces<byte[]>(contentType: Pdf);
        group.MapGet("/credit-notes/{id}/pdf", GetNotePdfAsync).WithSummary("A credit note as PDF").Produces<byte[]>(contentType: Pdf);
        group.MapGet("/statements/{month}", GetStatementAsync).WithSummary("What a month began with, what happened, what it ended with").Produces<Envelope<StatementAnswer>>();
        group.MapGet("/statements/{month}/pdf", GetStatementPdfAsync).WithSummary("A month's statement as PDF").Produces<byte[]>(contentType: Pdf);
        group.MapGet("/details", GetDetailsAsync).WithSummary("What invoices say of the buyer").Produces<Envelope<DetailsAnswer>>();
        group.MapPut("/details", PutDetailsAsync).WithSummary("Changes what invoices to come say of the buyer")
            .Accepts<DetailsRequest>("application/json").Produces<Envelope<DetailsAnswer>>();
        routes.MapPost("/invoices/details", PostDetailsAsync).RequireCaller().RequireGenuineForm().ExcludeFromDescription();
        return routes;
    }

    /// <summary>Where an invoice can be fetched, from the root of the portal.</summary>
    public static string PathOf(Invoice invoice) => $"{Root}/invoices/{invoice.Id}/pdf";

    private static async Task<InvoiceList> ListAsync(HttpContext http, InvoiceBook book, PortalAddress address, CancellationToken cancellationToken)
    {
        var page = await book.ListAsync(
            http.Caller(),
            new InvoiceQuery(http.QueryInstant("from"), http.QueryEnd("to"), http.QueryText("search", 40), http.QueryText("cursor", 40), http.QueryInt("limit", 50, 1, InvoiceBook.LargestPage)),
            cancellationToken);
        return new InvoiceList([.. page.Invoices.Select(invoice => InvoiceAnswer.Of(invoice, address))], page.NextBefore);
    }

    private static async Task<Envelope<InvoiceDetail>> GetAsync(
        string id, HttpContext http, InvoiceBook book, PortalAddress address, CancellationToken cancellationToken) =>
        new(InvoiceDetail.Of(await FindAsync(id, http, book, cancellationToken), address));

    private static async Task<IResult> GetPdfAsync(string id, HttpContext http, InvoiceBook book, Documents documents, CancellationToken cancellationToken) =>
        Download(http, documents.Of(await FindAsync(id, http, book, cancellationToken)));

    private static async Task<IResult> GetNotePdfAsync(string id, HttpContext http, CreditNotes notes, Documents documents, CancellationToken cancellationToken) =>
        Download(http, documents.Of(await notes.FindAsync(http.Caller(), id, cancellationToken) ?? throw ApiException.NotFound("There is no such credit note.")));

    private static async Task<Envelope<StatementAnswer>> GetStatementAsync(string month, HttpContext http, Statements statements, CancellationToken cancellationToken) =>
        new(StatementAnswer.Of(await FindStatementAsync(month, http, statements, cancellationToken)));

    private static async Task<IResult> GetStatementPdfAsync(
        string month, HttpContext http, Statements statements, Organizations organizations, Documents documents, CancellationToken cancellationToken)
    {
        var statement = await FindStatementAsync(month, http, statements, cancellationToken);
        return Download(http, documents.Of(statement, (await organizations.GetAsync(http.Caller(), cancellationToken)).Name));
    }

    private static async Task<Envelope<DetailsAnswer>> GetDetailsAsync(HttpContext http, BillingDetailsBook book, CancellationToken cancellationToken) =>
        new(DetailsAnswer.Of(await book.GetAsync(http.Caller(), cancellationToken)));

    private static async Task<Envelope<DetailsAnswer>> PutDetailsAsync(HttpContext http, BillingDetailsBook book, CancellationToken cancellationToken)
    {
        var request = await http.ReadBodyAsync<DetailsRequest>(cancellationToken);
        var wish = new BillingDetails(request.Name ?? "", request.Address ?? "", request.TaxId ?? "", request.Reference ?? "");
        return await book.ChangeAsync(http.Caller(), wish, cancellationToken) switch
        {
            DetailsChange.Invalid invalid => throw ApiException.Invalid(invalid.Field, invalid.Message),
            DetailsChange.Saved saved => new(DetailsAnswer.Of(saved.Details)),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>The page's form, which needs no scripts.</summary>
    private static async Task<IResult> PostDetailsAsync(HttpContext http, BillingDetailsBook book, CancellationToken cancellationToken)
    {
        var form = await http.Request.ReadFormAsync(cancellationToken);
        var wish = new BillingDetails(form["name"].ToString(), form["address"].ToString(), form["taxId"].ToString(), form["reference"].ToString());
        try
        {
            return await book.ChangeAsync(http.Caller(), wish, cancellationToken) is DetailsChange.Invalid invalid
                ? TypedResults.LocalRedirect($"/invoices?problem={invalid.Field}#details")
                : TypedResults.LocalRedirect("/invoices?saved=1#details");
        }
        catch (AccessDeniedException)
        {
            return TypedResults.LocalRedirect("/invoices");
        }
    }

    private static async Task<Invoice> FindAsync(string id, HttpContext http, InvoiceBook book, CancellationToken cancellationToken) =>
        await book.FindAsync(http.Caller(), id, cancellationToken) ?? throw ApiException.NotFound("There is no such invoice.");

    private static async Task<MonthlyStatement> FindStatementAsync(string month, HttpContext http, Statements statements, CancellationToken cancellationToken) =>
        DateOnly.TryParseExact($"{month}-01", "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var first)
            ? await statements.GetAsync(http.Caller(), first, cancellationToken) ?? throw ApiException.NotFound("There is no statement of that month.")
            : throw ApiException.Invalid("month", "month must be a month such as 2026-04.");

    private static Microsoft.AspNetCore.Http.HttpResults.FileContentHttpResult Download(HttpContext http, DocumentFile file)
    {
        // It is somebody's own, and a shared cache must not keep it.
        http.Response.Headers.CacheControl = "private, no-store";
        return TypedResults.File(file.Content, Pdf, file.FileName);
    }

    internal sealed record InvoiceList(IReadOnlyList<InvoiceAnswer> Data, string? NextCursor)
    {
        public bool Success { get; } = true;
    }

    internal sealed record InvoiceAnswer(
        string Id, string Number, DateTimeOffset Date, string Description, decimal AmountUsd, decimal TaxUsd, decimal RefundedUsd, string Status, string PaymentId, string PdfUrl)
    {
        public static InvoiceAnswer Of(Invoice invoice, PortalAddress address) => new(
            invoice.Id, invoice.Number, invoice.IssuedAt, invoice.Description, invoice.TotalCents.ToDecimal(), invoice.TaxCents.ToDecimal(),
            invoice.CreditedCents.ToDecimal(), invoice.Status.Text(), invoice.PaymentId, address.Absolute(PathOf(invoice)));
    }

    internal sealed record InvoiceDetail(
        string Id, string Number, DateTimeOffset Date, decimal SubtotalUsd, decimal TaxUsd, decimal TaxRatePercent, decimal AmountUsd, decimal RefundedUsd, string Status,
        string PaymentId, bool Test, DetailsAnswer Buyer, IReadOnlyList<LineAnswer> Lines, IReadOnlyList<NoteAnswer> CreditNotes, string PdfUrl)
    {
        public static InvoiceDetail Of(Invoice invoice, PortalAddress address) => new(
            invoice.Id, invoice.Number, invoice.IssuedAt, invoice.SubtotalCents.ToDecimal(), invoice.TaxCents.ToDecimal(), invoice.TaxBasisPoints / 100m,
            invoice.TotalCents.ToDecimal(), invoice.CreditedCents.ToDecimal(), invoice.Status.Text(), invoice.PaymentId, invoice.IsTest,
            new DetailsAnswer(invoice.BuyerName, invoice.BuyerAddress, invoice.BuyerTaxId, invoice.BuyerReference),
            [.. invoice.Lines.Select(line => new LineAnswer(line.Description, line.Quantity, line.AmountCents.ToDecimal()))],
            [.. invoice.CreditNotes.Select(note => new NoteAnswer(
                note.Id, note.Number, note.IssuedAt, note.Reason, note.AmountCents.ToDecimal(), note.TaxCents.ToDecimal(), address.Absolute($"{Root}/credit-notes/{note.Id}/pdf")))],
            address.Absolute(PathOf(invoice)));
    }

    internal sealed record LineAnswer(string Description, long Quantity, decimal AmountUsd);

    internal sealed record NoteAnswer(string Id, string Number, DateTimeOffset Date, string Reason, decimal AmountUsd, decimal TaxUsd, string PdfUrl);

    internal sealed record DetailsRequest(string? Name = null, string? Address = null, string? TaxId = null, string? Reference = null);

    internal sealed record DetailsAnswer(string Name, string Address, string TaxId, string Reference)
    {
        public static DetailsAnswer Of(BillingDetails details) => new(details.Name, details.Address, details.TaxId, details.Reference);
    }

    internal sealed record StatementAnswer(
        string Month, bool Final, IReadOnlyList<WalletAnswer> Wallets, IReadOnlyList<StatementRow> Documents, decimal TotalUsd)
    {
        public static StatementAnswer Of(MonthlyStatement statement) => new(
            statement.Month.ToString("yyyy-MM", CultureInfo.InvariantCulture),
            statement.IsOver,
            [.. statement.Wallets.Select(wallet => new WalletAnswer(
                wallet.CreditType, wallet.Opening, wallet.Changes.ToDictionary(change => change.Key.Text(), change => change.Value), wallet.Closing))],
            [.. statement.Documents.Select(document => new StatementRow(document.Number, document.IssuedAt, document.Description, document.Amount.ToDecimal()))],
            statement.Total.ToDecimal());
    }

    internal sealed record WalletAnswer(string CreditType, decimal Opening, IReadOnlyDictionary<string, decimal> Changes, decimal Closing);

    internal sealed record StatementRow(string Number, DateTimeOffset Date, string Description, decimal AmountUsd);
}

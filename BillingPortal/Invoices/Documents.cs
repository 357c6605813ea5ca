using System.Globalization;
using BillingPortal.Catalog;
using BillingPortal.Invoices.Pdf;
using BillingPortal.Ledger;
using Microsoft.Extensions.Options;

namespace BillingPortal.Invoices;

/// <summary>A document as a file.</summary>
public sealed record DocumentFile(string FileName, byte[] Content);

/// <summary>Sets invoices, credit notes and statements as PDF. The same document gives the same bytes.</summary>
public sealed class Documents
{
    private const string TestNote = "Sandbox: this payment was played through and no real money moved. This is not an invoice for your books.";

    private readonly DocumentFonts fonts;
    private readonly InvoiceOptions options;

    public Documents(IOptions<InvoiceOptions> options, ILoggerFactory loggers) =>
        (fonts, this.options) = (new DocumentFonts(options, loggers.CreateLogger<DocumentFonts>()), options.Value);

    /// <summary>The invoice as it was issued; what was given back later stands on credit notes of its own.</summary>
    /// <param name="invoice">With its lines.</param>
    public DocumentFile Of(Invoice invoice)
    {
        var layout = new DocumentLayout(fonts);
        layout.Head("Invoice", invoice.SellerName);
        layout.Facts(
        [
            ("Invoice number", invoice.Number), ("Date of issue", Day(invoice.IssuedAt)), ("Date of supply", Day(invoice.IssuedAt)),
            ("Your reference", invoice.BuyerReference), ("Payment", invoice.PaymentId),
        ]);
        layout.Parties(("From", SellerOf(invoice)), ("Bill to", BuyerOf(invoice)));
        layout.Headline($"{Amount(invoice.TotalCents)} paid on {Day(invoice.IssuedAt)}");
        layout.Table(
            [new("Description", 283), new("Qty", 50, Align.Right), new("Unit price", 75, Align.Right), new("Amount", 75, Align.Right)],
            invoice.Lines.OrderBy(line => line.Position).Select(line => (IReadOnlyList<string>)
                [line.Description, line.Quantity.ToString("#,0", CultureInfo.InvariantCulture), Amount(line.AmountCents.Scale(1, line.Quantity)), Amount(line.AmountCents)]));
        layout.Sums(
        [
            .. TaxSums(invoice, invoice.SubtotalCents, invoice.TaxCents),
            ("Total (USD)", Amount(invoice.TotalCents), true), ("Paid", Amount(invoice.TotalCents), false), ("Amount due (USD)", Amount(Money.Zero), true),
        ]);
        layout.Note(invoice.TaxBasisPoints > 0 ? $"Prices include {invoice.TaxName}." : "No tax is charged on this invoice.");
        AddTestNote(layout, invoice);
        return File(layout, $"Invoice {invoice.Number}", invoice.SellerName, invoice.IssuedAt);
    }

    /// <param name="note">With its invoice.</param>
    public DocumentFile Of(CreditNote note)
    {
        var invoice = note.Invoice ?? throw new ArgumentException("The note came without its invoice.", nameof(note));
        var layout = new DocumentLayout(fonts);
        var annuls = note.AmountCents < Money.Zero;
        layout.Head(annuls ? "Annulment of credit" : "Credit note", invoice.SellerName);
        layout.Facts(
        [
            ("Credit note number", note.Number), ("Date of issue", Day(note.IssuedAt)), ("For invoice", $"{invoice.Number} of {Day(invoice.IssuedAt)}"),
            ("Your reference", invoice.BuyerReference), ("Payment", invoice.PaymentId),
        ]);
        layout.Parties(("From", SellerOf(invoice)), (annuls ? "To" : "Credit to", BuyerOf(invoice)));
        layout.Headline(annuls ? $"{Amount(-note.AmountCents)} of credit annulled on {Day(note.IssuedAt)}" : $"{Amount(note.AmountCents)} credited on {Day(note.IssuedAt)}");
        layout.Table([new("Description", 383), new("Amount", 100, Align.Right)], [[note.Reason, Amount(-note.AmountCents)]]);
        layout.Sums([.. TaxSums(invoice, -(note.AmountCents - note.TaxCents), -note.TaxCents), ("Total (USD)", Amount(-note.AmountCents), true)]);
        layout.Note(annuls
            ? $"The refund did not arrive and the money was not given back. {Amount(-note.AmountCents)} credited before to invoice {invoice.Number} are charged by it again."
            : $"This note takes back {Amount(note.AmountCents)} of {Amount(invoice.TotalCents)} charged by invoice {invoice.Number}.");
        AddTestNote(layout, invoice);
        return File(layout, $"Credit note {note.Number}", invoice.SellerName, note.IssuedAt);
    }

    /// <param name="statement">Of a month.</param>
    /// <param name="organizationName">What stands where the billing details name nobody.</param>
    public DocumentFile Of(MonthlyStatement statement, string organizationName)
    {
        var layout = new DocumentLayout(fonts);
        var month = statement.Month.ToString("MMMM yyyy", CultureInfo.InvariantCulture);
        layout.Head("Statement", options.SellerName);
        layout.Facts(
        [
            ("Month", $"{month} (UTC)"), ("For", statement.BuyerName.Length > 0 ? statement.BuyerName : organizationName), ("Drawn up", $"{Day(statement.AsOf)}"),
            ("State", statement.IsOver ? "Final" : "The month is not over; figures may still change"),
        ]);
        foreach (var wallet in statement.Wallets)
        {
            layout.Section(CreditTypes.NameOf(wallet.CreditType));
            layout.Table(
                [new("", 333), new("Amount", 150, Align.Right)],
                [
                    [$"Opening balance, 1 {month}", Number(wallet.Opening)],
                    .. wallet.Changes.Select(change => (IReadOnlyList<string>)[NameOf(change.Key), Number(change.Value)]),
                ]);
            layout.Sums([("Closing balance", Number(wallet.Closing), true)]);
        }

        layout.Section("Invoices and credit notes");
        layout.Table(
            [new("Number", 105), new("Date", 100), new("Description", 198), new("Amount", 80, Align.Right)],
            statement.Documents.Select(document => (IReadOnlyList<string>)[document.Number, Day(document.IssuedAt), document.Description, Amount(document.Amount)]));
        layout.Sums([("Paid less given back (USD)", Amount(statement.Total), true)]);
        return File(layout, $"Statement {statement.Month:yyyy-MM}", options.SellerName, statement.AsOf);
    }

    /// <summary>What a statement calls a kind of change.</summary>
    public static string NameOf(TransactionType type) => type switch
    {
        TransactionType.Grant => "Granted: allowances and promotions",
        TransactionType.Purchase => "Bought",
        TransactionType.Charge => "Used",
        TransactionType.GiftSent => "Gifts sent",
        TransactionType.GiftReceived => "Gifts received",
        TransactionType.Expired => "Expired",
        TransactionType.ClawedBack => "Taken back: refunds and disputes",
        _ => "Adjusted",
    };

    private static void AddTestNote(DocumentLayout layout, Invoice invoice)
    {
        if (invoice.IsTest)
        {
            layout.Note(TestNote);
        }
    }

    private static IEnumerable<(string Name, string Value, bool StandsOut)> TaxSums(Invoice invoice, Money subtotal, Money tax) => invoice.TaxBasisPoints == 0
        ? [("Subtotal", Amount(subtotal), false)]
        : [($"Total excluding {invoice.TaxName}", Amount(subtotal), false), ($"{invoice.TaxName} {Rate(invoice)} % included", Amount(tax), false)];

    private static string Rate(Invoice invoice) => (invoice.TaxBasisPoints / 100m).ToString("0.##", CultureInfo.InvariantCulture);

    private static string[] SellerOf(Invoice invoice) =>
        [invoice.SellerName, .. invoice.SellerAddress.Split('\n'), invoice.SellerTaxId.Length > 0 ? $"Tax id {invoice.SellerTaxId}" : "", invoice.SellerContact];

    private static string[] BuyerOf(Invoice invoice) =>
        [invoice.BuyerName, .. invoice.BuyerAddress.Split('\n'), invoice.BuyerTaxId.Length > 0 ? $"Tax id {invoice.BuyerTaxId}" : ""];

    private static DocumentFile File(DocumentLayout layout, string title, string issuer, DateTimeOffset issuedAt) =>
        new($"{title.ToLowerInvariant().Replace(' ', '-')}.pdf", layout.Save(title, issuer, $"{title} · {issuer}", issuedAt));

    private static string Day(DateTimeOffset instant) => instant.UtcDateTime.ToString("d MMMM yyyy", CultureInfo.InvariantCulture);

    private static string Amount(Money money) =>
        $"{(money < Money.Zero ? "−" : "")}${Math.Abs(money.ToDecimal()).ToString("#,0.00", CultureInfo.InvariantCulture)}";

    private static string Number(decimal credits) =>
        $"{(credits < 0 ? "−" : "")}{Math.Abs(credits).ToString("#,0.######", CultureInfo.InvariantCulture)}";
}

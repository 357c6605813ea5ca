using System.Collections.Immutable;
using System.Text;
using BillingPortal.Catalog;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace BillingPortal.Tests.Invoices;

public sealed class DocumentTests
{
    private static readonly DateTimeOffset Issued = new(2026, 3, 3, 9, 30, 0, TimeSpan.Zero);

    [Fact]
    public void An_invoice_says_everything_its_reader_files_it_by()
    {
        var file = NewDocuments().Of(NewInvoice());

        var text = PdfText.Of(file.Content);
        Assert.Equal("invoice-2026-000042.pdf", file.FileName);
        foreach (var part in (string[])
        [
            "Invoice", "2026-000042", "3 March 2026", "PO 4711", "pay_1", "Ledger & Sons GmbH", "Hauptstraße 1", "DE123456789", "Ærøskøbing Żółć A/S", "Søndergade 5",
            "5970 Ærøskøbing", "Danmark", "DK87654321", "$3,900.00 paid on 3 March 2026", "Growth Pack, 5,000 credits", "Total excluding VAT", "$3,277.31", "VAT 19 % included", "$622.69",
            "Total (USD)", "Amount due (USD)", "$0.00", "Page 1 of 1",
        ])
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("Sandbox", text, StringComparison.Ordinal);
        Assert.Contains("no real money moved", PdfText.Of(NewDocuments().Of(NewInvoice(isTest: true)).Content), StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_document_is_the_same_bytes() =>
        Assert.Equal(NewDocuments().Of(NewInvoice()).Content, NewDocuments().Of(NewInvoice()).Content);

    [Fact]
    public void Many_lines_go_on_over_pages_with_their_heads_and_a_word_that_fits_no_line_is_broken()
    {
        var lines = Enumerable.Range(1, 90).Select(number => Line(number, $"Item {number} {new string('m', number == 45 ? 200 : 3)}", 100)).ToArray();
        var text = PdfText.Of(NewDocuments().Of(NewInvoice(lines: lines)).Content);

        Assert.Equal(4, Count(text, "Description\n"));
        Assert.Contains("Page 4 of 4", text, StringComparison.Ordinal);
        Assert.Equal(90, Enumerable.Range(1, 90).Count(number => text.Contains($"Item {number}", StringComparison.Ordinal)));
        Assert.DoesNotContain(new string('m', 100), text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<script>alert(1)</script>", "<script>alert(1)</script>")]
    [InlineData("(evil) \\ >> endobj", "(evil) \\ >> endobj")]
    [InlineData("abc\u202Edcb\u200B", "abcdcb")]
    [InlineData("a\0b\u0007", "ab")]
    [InlineData("\ud800 half", "\uFFFD half")]
    [InlineData("Ελληνικά Кириллица", "Ελληνικά Кириллица")]
    [InlineData("👩‍💻 ok", "?? ok")]
    public void Whatever_a_buyer_writes_is_text_on_the_document(string name, string shown)
    {
        var text = PdfText.Of(NewDocuments().Of(NewInvoice(buyer: name)).Content);

        // Letters of another font are a run of their own.
        Assert.Contains(shown, text.Replace("\n", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void A_credit_note_names_its_invoice_and_takes_back_amount_and_tax()
    {
        var note = new CreditNote
        {
            Id = "cn_1",
            OrganizationId = "org_1",
            Number = "CN-2026-000007",
            IssuedAt = Issued.AddDays(4),
            InvoiceId = "inv_1",
            Invoice = NewInvoice(),
            Reference = "refund:1",
            Reason = "Refund of unused credits",
            AmountCents = Money.FromDollars(100),
            TaxCents = Money.FromCents(1597),
        };

        var text = PdfText.Of(NewDocuments().Of(note).Content);

        foreach (var part in (string[])["Credit note", "CN-2026-000007", "2026-000042 of 3 March 2026", "$100.00 credited on 7 March 2026", "−$100.00", "−$84.03", "−$15.97", "Refund of unused credits"])
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_statement_lists_opening_changes_closing_and_documents()
    {
        var changes = ImmutableSortedDictionary<TransactionType, decimal>.Empty
            .Add(TransactionType.Grant, 2000).Add(TransactionType.Purchase, 5000).Add(TransactionType.Charge, -1_234.5m);
        var statement = new MonthlyStatement(
            new DateOnly(2026, 3, 1), "", Issued.AddMonths(1), true,
            [new StatementWallet(CreditTypes.Credits, 150, changes, 5_915.5m)],
            [new StatementDocument("2026-000042", Issued, "Growth Pack, 5,000 credits", Money.FromDollars(39)), new StatementDocument("CN-2026-000001", Issued, "Credit for invoice 2026-000042", -Money.FromDollars(9))],
            Money.FromDollars(30));

        var text = PdfText.Of(NewDocuments().Of(statement, "Northwind").Content);

        foreach (var part in (string[])["Statement", "March 2026 (UTC)", "Northwind", "Opening balance, 1 March 2026", "150", "2,000", "5,000", "−1,234.5", "Closing balance", "5,915.5", "−$9.00", "$30.00", "Final"])
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Without_a_font_to_embed_a_document_is_set_in_one_that_every_reader_has()
    {
        var documents = new Documents(Options.Create(new InvoiceOptions { FontFolder = "/nowhere" }), NullLoggerFactory.Instance);

        var file = Encoding.Latin1.GetString(documents.Of(NewInvoice()).Content);

        Assert.Contains("/BaseFont /Courier-Bold", file, StringComparison.Ordinal);
        Assert.DoesNotContain("FontFile2", file, StringComparison.Ordinal);
    }

    private static Documents NewDocuments() => new(Options.Create(new InvoiceOptions()), NullLoggerFactory.Instance);

    private static InvoiceLine Line(long position, string description, long cents) =>
        new() { Position = position, Description = description, Quantity = 1, AmountCents = Money.FromCents(cents) };

    private static Invoice NewInvoice(string buyer = "Ærøskøbing Żółć A/S", bool isTest = false, params InvoiceLine[] lines) => new()
    {
        Id = "inv_1",
        OrganizationId = "org_1",
        Number = "2026-000042",
        IssuedAt = Issued,
        SellerName = "Ledger & Sons GmbH",
        SellerAddress = "Hauptstraße 1\n10115 Berlin",
        SellerTaxId = "DE123456789",
        SellerContact = "billing@example.com",
        BuyerName = buyer,
        BuyerAddress = "Søndergade 5\n5970 Ærøskøbing\nDanmark",
        BuyerTaxId = "DK87654321",
        BuyerReference = "PO 4711",
        SubtotalCents = Money.FromCents(327_731),
        TaxName = "VAT",
        TaxBasisPoints = 1900,
        TaxCents = Money.FromCents(62_269),
        TotalCents = Money.FromCents(390_000),
        PaymentId = "pay_1",
        IsTest = isTest,
        Lines = lines.Length > 0 ? [.. lines] : [Line(1, "Growth Pack, 5,000 credits", 390_000)],
    };

    private static int Count(string text, string part) => text.Split(part).Length - 1;
}

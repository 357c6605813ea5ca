using BillingPortal.Ledger;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Invoices;

/// <summary>How an invoice stands. Every invoice is paid when it is written; what can follow is money back.</summary>
public enum InvoiceStatus
{
    Paid,

    /// <summary>A part was given back by credit notes.</summary>
    PartlyRefunded,

    /// <summary>All of it was given back.</summary>
    Refunded,
}

/// <summary>A document of what was sold, by whom, to whom, for how much. Written once, in the commit of the payment that settled it.</summary>
/// <remarks>It keeps seller, buyer and tax as they were, so that it reads the same for ever. Only <see cref="CreditedCents"/> moves. Prices include the tax: docs/decisions/0110.</remarks>
public sealed class Invoice
{
    /// <summary>inv_…</summary>
    public required string Id { get; init; }

    public required string OrganizationId { get; init; }

    /// <summary>Year and running number without gaps: <c>2026-000001</c>.</summary>
    public required string Number { get; init; }

    public required DateTimeOffset IssuedAt { get; init; }

    public required string SellerName { get; init; }

    /// <summary>Several lines; empty if none is configured.</summary>
    public required string SellerAddress { get; init; }

    public required string SellerTaxId { get; init; }

    /// <summary>Where the buyer can ask; empty if none is configured.</summary>
    public required string SellerContact { get; init; }

    /// <summary>The buyer as the billing details said, else the organization's name at the time of the order.</summary>
    public required string BuyerName { get; init; }

    /// <summary>Several lines; empty if the buyer gave none.</summary>
    public required string BuyerAddress { get; init; }

    public required string BuyerTaxId { get; init; }

    /// <summary>What the buyer's own books call the purchase; empty if the buyer gave none.</summary>
    public required string BuyerReference { get; init; }

    /// <summary>What is charged without the tax.</summary>
    public required Money SubtotalCents { get; init; }

    /// <summary>What people call the tax, such as VAT.</summary>
    public required string TaxName { get; init; }

    /// <summary>Hundredths of a percent; 0 if no tax is charged.</summary>
    public required long TaxBasisPoints { get; init; }

    public required Money TaxCents { get; init; }

    /// <summary>What was paid: the sum of the lines.</summary>
    public required Money TotalCents { get; init; }

    /// <summary>What credit notes gave back so far.</summary>
    public Money CreditedCents { get; init; }

    public required string PaymentId { get; init; }

    /// <summary>Whether the payment was played through and no real money moved; the document says so.</summary>
    public required bool IsTest { get; init; }

    public List<InvoiceLine> Lines { get; init; } = [];

    public List<CreditNote> CreditNotes { get; init; } = [];

    /// <summary>What it is for, in one line.</summary>
    public string Description => string.Join(", ", Lines.OrderBy(line => line.Position).Take(1).Select(line => line.Description));

    public InvoiceStatus Status => CreditedCents == Money.Zero
        ? InvoiceStatus.Paid
        : CreditedCents < TotalCents ? InvoiceStatus.PartlyRefunded : InvoiceStatus.Refunded;

    internal sealed class Configuration : IEntityTypeConfiguration<Invoice>
    {
        public void Configure(EntityTypeBuilder<Invoice> builder)
        {
            builder.ToTable("invoices", table =>
            {
                table.HasCheckConstraint("ck_invoices_total", "total_cents = subtotal_cents + tax_cents");
                // No more can be given back than was paid.
                table.HasCheckConstraint("ck_invoices_credited", "credited_cents >= 0 AND credited_cents <= total_cents");
            });
            builder.HasKey(row => row.Id);
            builder.Ignore(row => row.Status);
            builder.Ignore(row => row.Description);
            // Two documents with one number would make both worthless.
            builder.HasIndex(row => row.Number).IsUnique();
            // A payment is invoiced once, however often it is settled.
            builder.HasIndex(row => row.PaymentId).IsUnique();
            builder.HasIndex(row => new { row.OrganizationId, row.Id });
            builder.HasMany(row => row.Lines).WithOne().HasForeignKey(line => line.InvoiceId).OnDelete(DeleteBehavior.Restrict);
            builder.HasMany(row => row.CreditNotes).WithOne(note => note.Invoice).HasForeignKey(note => note.InvoiceId).OnDelete(DeleteBehavior.Restrict);
        }
    }
}

/// <summary>A line of an invoice.</summary>
public sealed class InvoiceLine
{
    public string InvoiceId { get; init; } = "";

    /// <summary>Its place on the document, from 1.</summary>
    public required long Position { get; init; }

    public required string Description { get; init; }

    public required long Quantity { get; init; }

    /// <summary>For the whole quantity, tax included.</summary>
    public required Money AmountCents { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<InvoiceLine>
    {
        public void Configure(EntityTypeBuilder<InvoiceLine> builder)
        {
            builder.ToTable("invoice_lines");
            builder.HasKey(row => new { row.InvoiceId, row.Position });
        }
    }
}

using BillingPortal.Ledger;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Invoices;

/// <summary>How an invoice stands.</summary>
public enum InvoiceStatus
{
    Paid,
}

/// <summary>A document of what was sold, to whom, for how much. Written once, in the commit of the payment that settled it.</summary>
public sealed class Invoice
{
    /// <summary>inv_…</summary>
    public required string Id { get; init; }

    public required string OrganizationId { get; init; }

    /// <summary>Year and running number without gaps: <c>2026-000001</c>.</summary>
    public required string Number { get; init; }

    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary>The buyer's name at the time of the order.</summary>
    public required string BuyerName { get; init; }

    public required InvoiceStatus Status { get; init; }

    /// <summary>The sum of the lines.</summary>
    public required Money SubtotalCents { get; init; }

    public required Money TaxCents { get; init; }

    public required Money TotalCents { get; init; }

    public required string PaymentId { get; init; }

    public List<InvoiceLine> Lines { get; init; } = [];

    internal sealed class Configuration : IEntityTypeConfiguration<Invoice>
    {
        public void Configure(EntityTypeBuilder<Invoice> builder)
        {
            builder.ToTable("invoices", table => table.HasCheckConstraint("ck_invoices_total", "total_cents = subtotal_cents + tax_cents"));
            builder.HasKey(row => row.Id);
            // Two documents with one number would make both worthless.
            builder.HasIndex(row => row.Number).IsUnique();
            // A payment is invoiced once, however often it is settled.
            builder.HasIndex(row => row.PaymentId).IsUnique();
            builder.HasIndex(row => new { row.OrganizationId, row.Id });
            builder.HasMany(row => row.Lines).WithOne().HasForeignKey(line => line.InvoiceId).OnDelete(DeleteBehavior.Restrict);
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

/// <summary>The last number given out in a year. Taken in the commit of the invoice, so that one that is rolled back leaves no gap.</summary>
internal sealed class InvoiceCounter
{
    public required long Year { get; init; }

    public required long LastNumber { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<InvoiceCounter>
    {
        public void Configure(EntityTypeBuilder<InvoiceCounter> builder)
        {
            builder.ToTable("invoice_counters");
            builder.HasKey(row => row.Year);
            builder.Property(row => row.Year).ValueGeneratedNever();
        }
    }
}

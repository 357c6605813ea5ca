using BillingPortal.Ledger;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Invoices;

/// <summary>
/// The document that takes back a part or the whole of an invoice, for money that was given back; or, below zero, that annuls such a document, for money that
/// did not arrive. Written once; the parties are the invoice's.
/// </summary>
public sealed class CreditNote
{
    /// <summary>cn_…</summary>
    public required string Id { get; init; }

    public required string OrganizationId { get; init; }

    /// <summary>Running number without gaps, apart from the invoices': <c>CN-2026-000001</c>.</summary>
    public required string Number { get; init; }

    public required DateTimeOffset IssuedAt { get; init; }

    public required string InvoiceId { get; init; }

    public Invoice? Invoice { get; init; }

    /// <summary>What it is for, such as a refund; the same again is not written twice.</summary>
    public required string Reference { get; init; }

    /// <summary>A sentence for people.</summary>
    public required string Reason { get; init; }

    /// <summary>What is given back, tax included; negative where an earlier note is annulled. Never zero.</summary>
    public required Money AmountCents { get; init; }

    /// <summary>The tax within <see cref="AmountCents"/>. Over all notes of an invoice that is given back whole: the invoice's tax, to the cent.</summary>
    public required Money TaxCents { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<CreditNote>
    {
        public void Configure(EntityTypeBuilder<CreditNote> builder)
        {
            builder.ToTable("credit_notes", table =>
                table.HasCheckConstraint("ck_credit_notes_amounts", "(amount_cents > 0 AND tax_cents BETWEEN 0 AND amount_cents) OR (amount_cents < 0 AND tax_cents BETWEEN amount_cents AND 0)"));
            builder.HasKey(row => row.Id);
            builder.HasIndex(row => row.Number).IsUnique();
            // One refund is credited once, whoever reports it how often.
            builder.HasIndex(row => new { row.OrganizationId, row.Reference }).IsUnique();
            builder.HasIndex(row => new { row.OrganizationId, row.Id });
        }
    }
}

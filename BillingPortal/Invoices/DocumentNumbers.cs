using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Invoices;

/// <summary>The last number given out in a series and year. Taken in the commit of the document, so that one that is rolled back leaves no gap.</summary>
internal sealed class DocumentCounter
{
    /// <summary>What all its numbers begin with, the year apart: "" for invoices, "CN-" for credit notes.</summary>
    public required string Series { get; init; }

    public required long Year { get; init; }

    public required long LastNumber { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<DocumentCounter>
    {
        public void Configure(EntityTypeBuilder<DocumentCounter> builder)
        {
            builder.ToTable("document_counters");
            builder.HasKey(row => new { row.Series, row.Year });
            builder.Property(row => row.Year).ValueGeneratedNever();
        }
    }
}

/// <summary>Numbers documents without gaps, anew each year (UTC).</summary>
internal static class DocumentNumbers
{
    public const string Invoices = "";
    public const string CreditNotes = "CN-";

    /// <summary>The next number, such as <c>CN-2026-000001</c>. Its row is locked from here to the commit: numbers follow the order of commits, one at a time.</summary>
    public static async Task<string> NextAsync(BillingDbContext db, string series, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var numbers = await db.Database.SqlQuery<long>($"""
            INSERT INTO document_counters (series, year, last_number) VALUES ({series}, {(long)now.Year}, 1)
            ON CONFLICT (series, year) DO UPDATE SET last_number = document_counters.last_number + 1
            RETURNING last_number
            """).ToListAsync(cancellationToken);
        return $"{series}{now.Year}-{numbers.Single():D6}";
    }
}

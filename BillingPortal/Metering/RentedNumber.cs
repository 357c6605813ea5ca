using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Metering;

/// <summary>How a rented number stands.</summary>
public enum NumberState
{
    Active,

    /// <summary>Its month is not paid; it is tried again until it is, or until the number is given up.</summary>
    PastDue,

    Released,
}

/// <summary>A phone number that an organization rents by the month.</summary>
internal sealed class RentedNumber
{
    /// <summary>num_…</summary>
    public string Id { get; set; } = "";

    public string OrganizationId { get; set; } = "";

    /// <summary>In E.164, such as +15551230000.</summary>
    public string Number { get; set; } = "";

    public string? Label { get; set; }

    /// <summary>The anchor of its months.</summary>
    public DateTimeOffset RentedAt { get; set; }

    /// <summary>How many months have been charged.</summary>
    public int Months { get; set; }

    /// <summary>When the next charge is tried; null once it is released.</summary>
    public DateTimeOffset? DueAt { get; set; }

    /// <summary>When its month was first tried in vain; null while it is paid.</summary>
    public DateTimeOffset? PastDueSince { get; set; }

    public NumberState State { get; set; }

    public DateTimeOffset? ReleasedAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<RentedNumber>
    {
        public void Configure(EntityTypeBuilder<RentedNumber> builder)
        {
            builder.ToTable("rented_numbers");
            builder.HasKey(row => row.Id);
            builder.HasIndex(row => new { row.OrganizationId, row.Id });
            // A number rings at one place: two that rent it at once collide here.
            builder.HasIndex(row => row.Number).IsUnique().HasFilter("due_at IS NOT NULL");
            // The job asks which ones are due.
            builder.HasIndex(row => row.DueAt).HasFilter("due_at IS NOT NULL");
        }
    }
}

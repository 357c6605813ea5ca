using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Accounts;

/// <summary>Who owns wallets, a subscription, payments and keys. Every person has a personal one.</summary>
public sealed class Organization
{
    /// <summary>Longest name, in characters.</summary>
    public const int NameLength = 100;

    /// <summary>org_…</summary>
    public required string Id { get; init; }

    public required string Name { get; set; }

    /// <summary>The person whose personal organization this is; null for a shared one.</summary>
    public string? PersonalOf { get; init; }

    /// <summary>The IANA time zone in which its people read times; it moves no boundary of billing.</summary>
    public string TimeZone { get; set; } = "UTC";

    public required DateTimeOffset CreatedAt { get; init; }

    public bool IsPersonal => PersonalOf is not null;

    internal sealed class Configuration : IEntityTypeConfiguration<Organization>
    {
        public void Configure(EntityTypeBuilder<Organization> builder)
        {
            builder.ToTable("organizations");
            builder.HasKey(row => row.Id);
            builder.Ignore(row => row.IsPersonal);
            // A sign-up that runs twice, or is healed by two sign-ins at once, makes one personal organization.
            builder.HasIndex(row => row.PersonalOf).IsUnique();
        }
    }
}

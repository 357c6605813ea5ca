using BillingPortal.Access;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Accounts;

/// <summary>That a person belongs to an organization, and with what role.</summary>
public sealed class Membership
{
    public required string OrganizationId { get; init; }

    public required string UserId { get; init; }

    public required MemberRole Role { get; set; }

    public required DateTimeOffset JoinedAt { get; init; }

    /// <summary>When the person last chose to act for this organization; the latest choice is where a sign-in starts.</summary>
    public DateTimeOffset? ChosenAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<Membership>
    {
        public void Configure(EntityTypeBuilder<Membership> builder)
        {
            builder.ToTable("memberships");
            builder.HasKey(row => new { row.OrganizationId, row.UserId });
            builder.HasIndex(row => row.UserId);
            builder.HasOne<Organization>().WithMany().HasForeignKey(row => row.OrganizationId).OnDelete(DeleteBehavior.Restrict);
            builder.HasOne<User>().WithMany().HasForeignKey(row => row.UserId).OnDelete(DeleteBehavior.Cascade);
        }
    }
}

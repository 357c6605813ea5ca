using BillingPortal.Access;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Accounts;

/// <summary>An offer to join an organization, to one e-mail address. Open until accepted, withdrawn, or over; an open one takes a seat.</summary>
public sealed class Invitation
{
    /// <summary>invite_…</summary>
    public required string Id { get; init; }

    public required string OrganizationId { get; init; }

    /// <summary>As it was written.</summary>
    public required string Email { get; init; }

    /// <summary>As sign-ins compare it.</summary>
    public required string NormalizedEmail { get; init; }

    public required MemberRole Role { get; init; }

    /// <summary>SHA-256 of the link's secret, in hexadecimal. The secret itself is shown once and never stored.</summary>
    public required string Hash { get; init; }

    public required string InvitedBy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>When its address was told of it; null: not at all, for it had been told of another shortly before.</summary>
    public DateTimeOffset? ToldAt { get; set; }

    /// <summary>When it was accepted or withdrawn; null while it is open.</summary>
    public DateTimeOffset? EndedAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<Invitation>
    {
        public void Configure(EntityTypeBuilder<Invitation> builder)
        {
            builder.ToTable("invitations");
            builder.HasKey(row => row.Id);
            // The link brings the secret alone.
            builder.HasIndex(row => row.Hash).IsUnique();
            // One open offer to each address: inviting again withdraws the one before.
            builder.HasIndex(row => new { row.OrganizationId, row.NormalizedEmail }).IsUnique().HasFilter("ended_at IS NULL");
            builder.HasOne<Organization>().WithMany().HasForeignKey(row => row.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        }
    }
}

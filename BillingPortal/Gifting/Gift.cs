using BillingPortal.Ledger;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Gifting;

/// <summary>How a gift stands.</summary>
public enum GiftState
{
    /// <summary>Set aside until the time to undo it is over.</summary>
    Waiting,

    /// <summary>Set aside for somebody who has not signed up yet.</summary>
    Invited,

    /// <summary>Arrived.</summary>
    Sent,

    /// <summary>Taken back by the giver before it arrived; nothing moved.</summary>
    Undone,

    /// <summary>Nobody claimed it in time, or it could not be delivered; nothing moved.</summary>
    Returned,
}

/// <summary>Bonus flows that one organization gives to a person.</summary>
public sealed class Gift
{
    /// <summary>gift_…</summary>
    public required string Id { get; init; }

    public required string SenderOrganizationId { get; init; }

    /// <summary>The giver's organization by its name at that time.</summary>
    public required string SenderName { get; init; }

    /// <summary>The person who gave; null when an API key did.</summary>
    public string? SenderUserId { get; init; }

    /// <summary>The address as the giver wrote it.</summary>
    public required string RecipientEmail { get; init; }

    /// <summary>The address as addresses are compared.</summary>
    public required string RecipientKey { get; init; }

    public string? RecipientUserId { get; set; }

    public string? RecipientOrganizationId { get; set; }

    public required Credits AmountMicros { get; init; }

    /// <summary>The giver's words; plain text.</summary>
    public string? Note { get; init; }

    public required GiftState State { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it is sent, or an invitation ends; null once neither will happen.</summary>
    public DateTimeOffset? DueAt { get; set; }

    /// <summary>What sets it aside until then; null for one that was sent at once.</summary>
    public string? HoldId { get; init; }

    /// <summary>When it arrived, was undone or came back.</summary>
    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>The giver's transaction, once it was sent.</summary>
    public string? TransactionId { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<Gift>
    {
        public void Configure(EntityTypeBuilder<Gift> builder)
        {
            builder.ToTable("gifts", table => table.HasCheckConstraint("ck_gifts_amount", "amount_micros > 0"));
            builder.HasKey(row => row.Id);
            builder.HasIndex(row => new { row.SenderOrganizationId, row.Id });
            builder.HasIndex(row => new { row.RecipientOrganizationId, row.Id });
            // The upkeep asks for what is due, and sign-ups for what waits for them.
            builder.HasIndex(row => row.DueAt).HasFilter("due_at IS NOT NULL");
            builder.HasIndex(row => row.RecipientKey).HasFilter("state = 'invited'");
        }
    }
}

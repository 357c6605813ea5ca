using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Payments;

/// <summary>The gateway's customer of an organization.</summary>
internal sealed class PaymentCustomer
{
    public required string OrganizationId { get; init; }

    /// <summary>The gateway's id.</summary>
    public required string CustomerId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<PaymentCustomer>
    {
        public void Configure(EntityTypeBuilder<PaymentCustomer> builder)
        {
            builder.ToTable("payment_customers");
            builder.HasKey(row => row.OrganizationId);
            // A card of one customer can never become the card of two organizations.
            builder.HasIndex(row => row.CustomerId).IsUnique();
        }
    }
}

/// <summary>A card that the gateway keeps for an organization. The gateway's word decides; this is what the portal knows of it.</summary>
public sealed class SavedCard
{
    /// <summary>card_…</summary>
    public required string Id { get; init; }

    public required string OrganizationId { get; init; }

    /// <summary>The gateway's id of it.</summary>
    public required string PaymentMethodId { get; init; }

    /// <summary>Lower case: visa.</summary>
    public required string Brand { get; init; }

    public required string Last4 { get; init; }

    public required long ExpiryMonth { get; set; }

    public required long ExpiryYear { get; set; }

    /// <summary>Whether it is the one that is charged. At most one of an organization is.</summary>
    public bool IsDefault { get; set; }

    /// <summary>When the portal learned of it.</summary>
    public required DateTimeOffset AddedAt { get; init; }

    /// <summary>When it was removed, here or at the gateway; payments made with it still name it.</summary>
    public DateTimeOffset? RemovedAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<SavedCard>
    {
        public void Configure(EntityTypeBuilder<SavedCard> builder)
        {
            builder.ToTable("saved_cards", table => table.HasCheckConstraint("ck_saved_cards_default", "removed_at IS NULL OR NOT is_default"));
            builder.HasKey(row => row.Id);
            // Told of twice at once, a card is still one card.
            builder.HasIndex(row => row.PaymentMethodId).IsUnique();
            // Two cards cannot both be the one that is charged.
            builder.HasIndex(row => row.OrganizationId).IsUnique().HasFilter("is_default").HasDatabaseName("ix_saved_cards_default");
            builder.HasIndex(row => new { row.OrganizationId, row.Id });
        }
    }
}

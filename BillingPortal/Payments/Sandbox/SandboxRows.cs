using BillingPortal.Ledger;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Payments.Sandbox;

/// <summary>How a checkout of the sandbox stands.</summary>
internal enum SandboxStatus
{
    Open,
    Complete,
    Expired,
}

/// <summary>A checkout as the sandbox keeps it. This is the other side's book: the portal learns of it only by events and by asking.</summary>
internal sealed class SandboxSession
{
    /// <summary>cs_test_…; hard to guess, for who knows it can pay it.</summary>
    public required string Id { get; init; }

    public required string PaymentId { get; init; }

    public required string Description { get; init; }

    public required Money AmountCents { get; init; }

    public required string SuccessUrl { get; init; }

    public required string CancelUrl { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public SandboxStatus Status { get; set; } = SandboxStatus.Open;

    public string? PaymentIntentId { get; set; }

    /// <summary>When the money arrives, or is known not to; at once for a card.</summary>
    public DateTimeOffset? ClearsAt { get; set; }

    /// <summary>Whether the money does not arrive after all.</summary>
    public bool Bounces { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<SandboxSession>
    {
        public void Configure(EntityTypeBuilder<SandboxSession> builder)
        {
            builder.ToTable("sandbox_sessions");
            builder.HasKey(row => row.Id);
            // The same payment asked for twice is one checkout.
            builder.HasIndex(row => row.PaymentId).IsUnique();
            builder.HasIndex(row => row.ExpiresAt).HasFilter("status = 'open'");
        }
    }
}

/// <summary>An event that the sandbox has to deliver.</summary>
internal sealed class SandboxEvent
{
    public required string Id { get; init; }

    public required string Payload { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public long Attempts { get; set; }

    /// <summary>When it is sent next; null once it was accepted or given up.</summary>
    public DateTimeOffset? NextAttemptAt { get; set; }

    public DateTimeOffset? DeliveredAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<SandboxEvent>
    {
        public void Configure(EntityTypeBuilder<SandboxEvent> builder)
        {
            builder.ToTable("sandbox_events");
            builder.HasKey(row => row.Id);
            builder.HasIndex(row => row.NextAttemptAt).HasFilter("next_attempt_at IS NOT NULL");
        }
    }
}

/// <summary>The secret that signs the sandbox's events where none is configured; made once per installation.</summary>
internal sealed class SandboxSecret
{
    public const long OnlyId = 1;

    public long Id { get; init; } = OnlyId;

    public required string Value { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<SandboxSecret>
    {
        public void Configure(EntityTypeBuilder<SandboxSecret> builder)
        {
            builder.ToTable("sandbox_secrets");
            builder.HasKey(row => row.Id);
            builder.Property(row => row.Id).ValueGeneratedNever();
        }
    }
}

using System.Security.Cryptography;
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

    /// <summary>The merchant's id of what it is for: a payment, or the set-up of a card.</summary>
    public required string PaymentId { get; init; }

    /// <summary>Whether a card is only saved and nothing is paid.</summary>
    public bool IsSetup { get; init; }

    public string? CustomerId { get; init; }

    /// <summary>Whether the card that pays is saved for its customer.</summary>
    public bool KeepsCard { get; init; }

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

/// <summary>A card that the sandbox has saved for a customer.</summary>
internal sealed class SandboxCard
{
    /// <summary>pm_…</summary>
    public required string Id { get; init; }

    public required string CustomerId { get; init; }

    public required SandboxMethod Method { get; init; }

    public required long ExpiryMonth { get; init; }

    public required long ExpiryYear { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? RemovedAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<SandboxCard>
    {
        public void Configure(EntityTypeBuilder<SandboxCard> builder)
        {
            builder.ToTable("sandbox_cards");
            builder.HasKey(row => row.Id);
            builder.HasIndex(row => row.CustomerId);
        }
    }
}

/// <summary>A charge of the sandbox, by a checkout or of a saved card.</summary>
internal sealed class SandboxIntent
{
    private const int SuffixBytes = 12;

    /// <summary>pi_…</summary>
    public required string Id { get; init; }

    public required string PaymentId { get; init; }

    public string? CustomerId { get; init; }

    public string? CardId { get; init; }

    public required Money AmountCents { get; init; }

    /// <summary>What a page of the buyer's own confirms it with; null for any other charge. Until then nothing is charged.</summary>
    public string? ClientSecret { get; init; }

    /// <summary>Why nothing was charged; null if it was, or will be.</summary>
    public string? FailureCode { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the money arrives.</summary>
    public required DateTimeOffset ClearsAt { get; init; }

    public Money RefundedCents { get; set; }

    public string? DisputeStatus { get; set; }

    public static string NewId() => $"pi_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SuffixBytes))}";

    internal sealed class Configuration : IEntityTypeConfiguration<SandboxIntent>
    {
        public void Configure(EntityTypeBuilder<SandboxIntent> builder)
        {
            builder.ToTable("sandbox_intents");
            builder.HasKey(row => row.Id);
            // A payment asked for twice is charged once.
            builder.HasIndex(row => row.PaymentId).IsUnique();
        }
    }
}

/// <summary>Money that the sandbox was asked to give back.</summary>
internal sealed class SandboxRefund
{
    /// <summary>re_…</summary>
    public required string Id { get; init; }

    /// <summary>The merchant's id of it.</summary>
    public required string RefundId { get; init; }

    public required string PaymentIntentId { get; init; }

    public required Money AmountCents { get; init; }

    /// <summary>Whether the bank sent it back.</summary>
    public bool HasFailed { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<SandboxRefund>
    {
        public void Configure(EntityTypeBuilder<SandboxRefund> builder)
        {
            builder.ToTable("sandbox_refunds");
            builder.HasKey(row => row.Id);
            // A refund asked for twice is given once.
            builder.HasIndex(row => row.RefundId).IsUnique();
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

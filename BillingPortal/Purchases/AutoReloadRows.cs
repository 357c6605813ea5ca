using BillingPortal.Ledger;
using BillingPortal.Payments;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Purchases;

/// <summary>An organization's rule, and how its attempts have gone. <see cref="Version"/> rises with each change, so that a decision made on an older state is not carried out.</summary>
internal sealed class AutoReloadSetting
{
    public required string OrganizationId { get; init; }

    public required bool IsEnabled { get; set; }

    public required Money ThresholdCents { get; set; }

    public required Money AmountCents { get; set; }

    public Money? MonthlyLimitCents { get; set; }

    /// <summary>Who agreed to be charged, as <c>Caller.Actor</c> has it.</summary>
    public required string AgreedBy { get; set; }

    public required DateTimeOffset UpdatedAt { get; set; }

    public long Version { get; set; }

    public DateTimeOffset? LastAttemptAt { get; set; }

    /// <summary>Failures in a row.</summary>
    public long Failures { get; set; }

    public DateTimeOffset? LastFailedAt { get; set; }

    public DateTimeOffset? NotBefore { get; set; }

    /// <summary>Whether the card's owner has to confirm.</summary>
    public bool NeedsOwner { get; set; }

    /// <summary>When it was switched off for its failures.</summary>
    public DateTimeOffset? StoppedAt { get; set; }

    /// <summary>The skip that was stored last since the last attempt; the same again is not stored.</summary>
    public AutoReloadSkip? LastSkip { get; set; }

    public AutoReloadRule Rule => new(ThresholdCents, AmountCents, MonthlyLimitCents);

    /// <summary>Whether what has failed is forgotten, because another card is to be charged now.</summary>
    public bool IsRearmedBy(SavedCard? card) => card is not null && card.AddedAt > (StoppedAt ?? LastFailedAt ?? DateTimeOffset.MaxValue);

    /// <summary>Whether it charges when it is due.</summary>
    public bool IsOn(SavedCard? card) => IsEnabled && (StoppedAt is null || IsRearmedBy(card));

    internal sealed class Configuration : IEntityTypeConfiguration<AutoReloadSetting>
    {
        public void Configure(EntityTypeBuilder<AutoReloadSetting> builder)
        {
            builder.ToTable("auto_reload_settings", table => table.HasCheckConstraint("ck_auto_reload_settings_amounts", "threshold_cents > 0 AND amount_cents > 0"));
            builder.HasKey(row => row.OrganizationId);
            // What the sweep goes through.
            builder.HasIndex(row => row.OrganizationId).HasFilter("is_enabled").HasDatabaseName("ix_auto_reload_settings_enabled");
        }
    }
}

/// <summary>How an attempt stands.</summary>
public enum AutoReloadState
{
    /// <summary>The card is being charged; whether it was is not known yet.</summary>
    Open,

    /// <summary>Charged and credited.</summary>
    Succeeded,

    /// <summary>Nothing was charged.</summary>
    Failed,

    /// <summary>It was due and did not start.</summary>
    Skipped,
}

/// <summary>A reload that was due, and what became of it.</summary>
public sealed class AutoReloadAttempt
{
    /// <summary>reload_…</summary>
    public required string Id { get; init; }

    public required string OrganizationId { get; init; }

    public required AutoReloadState State { get; set; }

    /// <summary>Why it was skipped or failed.</summary>
    public string? Reason { get; set; }

    /// <summary>What was available.</summary>
    public required Credits AvailableMicros { get; init; }

    /// <summary>What was to be charged; zero if it was skipped.</summary>
    public Money AmountCents { get; init; }

    /// <summary>pay_…; null if it was skipped.</summary>
    public string? PaymentId { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<AutoReloadAttempt>
    {
        public void Configure(EntityTypeBuilder<AutoReloadAttempt> builder)
        {
            builder.ToTable("auto_reload_attempts");
            builder.HasKey(row => row.Id);
            // However many decide at once, on however many instances: one charge is open.
            builder.HasIndex(row => row.OrganizationId).IsUnique().HasFilter("state = 'open'").HasDatabaseName("ix_auto_reload_attempts_open");
            builder.HasIndex(row => row.PaymentId).IsUnique().HasFilter("payment_id IS NOT NULL");
            builder.HasIndex(row => new { row.OrganizationId, row.Id });
        }
    }
}

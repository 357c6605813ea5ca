using BillingPortal.Ledger;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Wallets;

/// <summary>A wallet's present: one row answers "how much is left" until <see cref="NextChangeAt"/>.</summary>
internal sealed class WalletRow
{
    public string OrganizationId { get; set; } = "";

    public string CreditType { get; set; } = "";

    /// <summary>Number of its last transaction.</summary>
    public long Sequence { get; set; }

    /// <summary>Posted balance.</summary>
    public Credits BalanceMicros { get; set; }

    /// <summary>Sum of the holds not yet ended.</summary>
    public Credits HeldMicros { get; set; }

    /// <summary>From this instant on the row is no longer exact: a bucket or a hold expired.</summary>
    public DateTimeOffset? NextChangeAt { get; set; }

    /// <summary>What its owner lets usage take in a UTC day; null: as much as there is.</summary>
    public Credits? DayLimitMicros { get; set; }

    /// <summary>The same for a calendar month.</summary>
    public Credits? MonthLimitMicros { get; set; }

    /// <summary>The UTC day of the last charge, to which the two sums belong.</summary>
    public DateOnly SpentOn { get; set; }

    public Credits SpentInDayMicros { get; set; }

    public Credits SpentInMonthMicros { get; set; }

    /// <summary>Whether any API key has limits of its own here: only then charges look for them.</summary>
    public bool HasKeyLimits { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<WalletRow>
    {
        public void Configure(EntityTypeBuilder<WalletRow> builder)
        {
            builder.ToTable("wallets");
            builder.HasKey(row => new { row.OrganizationId, row.CreditType });
            // The expiry sweep asks which wallets are due.
            builder.HasIndex(row => row.NextChangeAt);
            builder.Property(row => row.HasKeyLimits).HasDefaultValue(false);
        }
    }
}

/// <summary>A bucket and what is left of it; see <see cref="Bucket"/>.</summary>
internal sealed class BucketRow
{
    public string OrganizationId { get; set; } = "";

    public string Id { get; set; } = "";

    public string CreditType { get; set; } = "";

    public BucketKind Kind { get; set; }

    public Credits AmountMicros { get; set; }

    public Credits RemainingMicros { get; set; }

    public long? Priority { get; set; }

    public DateTimeOffset EffectiveAt { get; set; }

    public DateTimeOffset? ExpiresAt { get; set; }

    public string Source { get; set; } = "";

    public string? Origin { get; set; }

    public bool Giftable { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<BucketRow>
    {
        public void Configure(EntityTypeBuilder<BucketRow> builder)
        {
            builder.ToTable("buckets", table => table.HasCheckConstraint(
                "ck_buckets_remaining",
                "(kind = 'overdraft' AND remaining_micros <= 0 AND remaining_micros >= -amount_micros) OR (kind <> 'overdraft' AND remaining_micros >= 0 AND remaining_micros <= amount_micros)"));
            builder.HasKey(row => new { row.OrganizationId, row.Id });
            builder.HasOne<WalletRow>().WithMany().HasForeignKey(row => new { row.OrganizationId, row.CreditType }).OnDelete(DeleteBehavior.Restrict);
            // A wallet is loaded by its live buckets, however many it has used up.
            builder.HasIndex(row => new { row.OrganizationId, row.CreditType })
                .HasDatabaseName("ix_buckets_live").HasFilter("remaining_micros <> 0 OR kind = 'overdraft'");
            // A second overdraft bucket in a wallet would be a debt that is never repaid.
            builder.HasIndex(row => new { row.OrganizationId, row.CreditType, row.Kind })
                .HasDatabaseName("ux_buckets_overdraft").HasFilter("kind = 'overdraft'").IsUnique();
        }
    }
}

/// <summary>How a hold stands.</summary>
public enum HoldState
{
    Open,
    Captured,
    Released,
    Expired,
}

/// <summary>A hold; see <see cref="Hold"/>.</summary>
internal sealed class HoldRow
{
    public string OrganizationId { get; set; } = "";

    public string Id { get; set; } = "";

    public string CreditType { get; set; } = "";

    public HoldState State { get; set; }

    public Credits AmountMicros { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }

    public bool IsGift { get; set; }

    /// <summary>The API key whose limits it counts for.</summary>
    public string? KeyId { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<HoldRow>
    {
        public void Configure(EntityTypeBuilder<HoldRow> builder)
        {
            builder.ToTable("holds");
            builder.HasKey(row => new { row.OrganizationId, row.Id });
            builder.HasOne<WalletRow>().WithMany().HasForeignKey(row => new { row.OrganizationId, row.CreditType }).OnDelete(DeleteBehavior.Restrict);
            builder.HasIndex(row => new { row.OrganizationId, row.CreditType }).HasDatabaseName("ix_holds_open").HasFilter("state = 'open'");
        }
    }
}

/// <summary>A posted transaction. Triggers refuse to update or delete it.</summary>
internal sealed class TransactionRow
{
    public string OrganizationId { get; set; } = "";

    public string CreditType { get; set; } = "";

    public long Sequence { get; set; }

    public string Id { get; set; } = "";

    public TransactionType Type { get; set; }

    public Credits AmountMicros { get; set; }

    public Credits BalanceAfterMicros { get; set; }

    public string Reference { get; set; } = "";

    public string Source { get; set; } = "";

    public string? Note { get; set; }

    public string Actor { get; set; } = "";

    public DateTimeOffset RecordedAt { get; set; }

    public DateTimeOffset EffectiveAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<TransactionRow>
    {
        public void Configure(EntityTypeBuilder<TransactionRow> builder)
        {
            builder.ToTable("transactions");
            // Two writers that both believe to post number n of a wallet collide here.
            builder.HasKey(row => new { row.OrganizationId, row.CreditType, row.Sequence });
            builder.Property(row => row.Id).IsRequired();
            // By id alone: ids rise with time, so the index grows at one end instead of being written to all over.
            builder.HasIndex(row => row.Id).IsUnique();
            // What is no charge is rare, and often asked for by itself.
            builder.HasIndex(row => new { row.OrganizationId, row.CreditType, row.Sequence }).HasDatabaseName("ix_transactions_uncharged").HasFilter("type <> 'charge'");
        }
    }
}

/// <summary>A leg of a transaction; see <see cref="Posting"/>. Triggers refuse to update or delete it.</summary>
internal sealed class PostingRow
{
    public string OrganizationId { get; set; } = "";

    public string TransactionId { get; set; } = "";

    public long Leg { get; set; }

    public string Account { get; set; } = "";

    public string? BucketId { get; set; }

    public Credits AmountMicros { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<PostingRow>
    {
        public void Configure(EntityTypeBuilder<PostingRow> builder)
        {
            builder.ToTable("postings");
            builder.HasKey(row => new { row.TransactionId, row.Leg });
        }
    }
}

/// <summary>An external reference that has been posted. Its key is what makes every command post at most once, for ever.</summary>
internal sealed class PostedReferenceRow
{
    public string OrganizationId { get; set; } = "";

    public string Reference { get; set; } = "";

    /// <summary>What a replay is answered with: the feature's own row, else the first transaction; null if there was neither.</summary>
    public string? ResultId { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<PostedReferenceRow>
    {
        public void Configure(EntityTypeBuilder<PostedReferenceRow> builder)
        {
            builder.ToTable("posted_references");
            // A repeated command, from whatever instance, collides here instead of moving credit twice.
            builder.HasKey(row => new { row.OrganizationId, row.Reference });
        }
    }
}

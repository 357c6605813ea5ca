using BillingPortal.Ledger;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Administration;

/// <summary>What an administrator did to somebody's credit.</summary>
public enum AdjustmentKind
{
    /// <summary>Bonus credit was given.</summary>
    Grant,

    /// <summary>Credit was taken, in the spending order.</summary>
    Deduction,

    /// <summary>What was left of one grant was taken back.</summary>
    Void,
}

/// <summary>Credit that was moved by hand, and whether that was undone. Written in the commit of its transaction.</summary>
public sealed class CreditAdjustment
{
    /// <summary>adj_…; rises with time.</summary>
    public required string Id { get; init; }

    public required string OrganizationId { get; init; }

    public required string CreditType { get; init; }

    public required AdjustmentKind Kind { get; init; }

    /// <summary>What was moved; more than zero.</summary>
    public required Credits AmountMicros { get; init; }

    /// <summary>What for: one of <see cref="CreditAdjustments.Sources"/>.</summary>
    public required string Source { get; init; }

    /// <summary>Why, in a sentence that the customer reads.</summary>
    public required string Reason { get; init; }

    /// <summary>When what was given, or taken back, expires; null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Whether it may be, or could have been, given away.</summary>
    public bool Giftable { get; init; }

    /// <summary>The bucket that was made or taken from; null for a deduction, which takes from any.</summary>
    public string? BucketId { get; init; }

    public required string TransactionId { get; init; }

    /// <summary>Who did it, as <c>Caller.Actor</c> has it.</summary>
    public required string Actor { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>The file of grants it came from; null if none.</summary>
    public string? BatchId { get; init; }

    public DateTimeOffset? UndoneAt { get; set; }

    public string? UndoneBy { get; set; }

    /// <summary>The opposite transaction; null until it was undone.</summary>
    public string? UndoTransactionId { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<CreditAdjustment>
    {
        public void Configure(EntityTypeBuilder<CreditAdjustment> builder)
        {
            builder.ToTable("credit_adjustments");
            builder.HasKey(row => row.Id);
            builder.HasIndex(row => new { row.OrganizationId, row.Id });
            builder.HasIndex(row => new { row.BatchId, row.Id });
        }
    }
}

using BillingPortal.Ledger;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Administration;

/// <summary>How far a file of grants is.</summary>
public enum GrantBatchState
{
    /// <summary>Read and tried dry; nothing was granted.</summary>
    Draft,

    /// <summary>Its rows are granted one after the other.</summary>
    Running,

    /// <summary>Every row was granted or refused.</summary>
    Done,

    /// <summary>Its grants are taken back one after the other.</summary>
    Undoing,

    /// <summary>All that was left of its grants was taken back.</summary>
    Undone,
}

/// <summary>How far a row of it is.</summary>
public enum GrantRowState
{
    /// <summary>It can be granted.</summary>
    Ready,

    /// <summary>It cannot be: its message says why.</summary>
    Faulty,

    /// <summary>It was granted before, under the same file name and reference.</summary>
    GrantedBefore,

    Granted,

    /// <summary>It was refused when it was to be granted: its message says why.</summary>
    Refused,

    /// <summary>What was left of it was taken back.</summary>
    Undone,

    /// <summary>It was to be taken back, but all of it was used.</summary>
    UsedUp,
}

/// <summary>A file of grants.</summary>
public sealed class GrantBatch
{
    /// <summary>bulk_…; rises with time.</summary>
    public required string Id { get; init; }

    /// <summary>What the file is called. With a row's reference it makes that row granted at most once, for ever.</summary>
    public required string Name { get; init; }

    public required string CreditType { get; init; }

    public required string Source { get; init; }

    /// <summary>Who read it in.</summary>
    public required string UserId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required long Rows { get; init; }

    /// <summary>The sum of the rows that could be granted when it was read.</summary>
    public required Credits TotalMicros { get; init; }

    public GrantBatchState State { get; set; } = GrantBatchState.Draft;

    /// <summary>Who had it granted, and last who had it undone; null while it is a draft.</summary>
    public string? StartedBy { get; set; }

    /// <summary>From which network.</summary>
    public string? StartedFrom { get; set; }

    public DateTimeOffset? StartedAt { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<GrantBatch>
    {
        public void Configure(EntityTypeBuilder<GrantBatch> builder)
        {
            builder.ToTable("grant_batches");
            builder.HasKey(row => row.Id);
            // The job asks for what runs, however many files there were.
            builder.HasIndex(row => row.State);
        }
    }
}

/// <summary>A row of a file of grants, and what became of it.</summary>
public sealed class GrantBatchRow
{
    public required string BatchId { get; init; }

    /// <summary>Its line in the file.</summary>
    public required long Line { get; init; }

    /// <summary>As the file names the customer.</summary>
    public required string Customer { get; init; }

    public string? OrganizationId { get; init; }

    public Credits AmountMicros { get; init; }

    public string Reason { get; init; } = "";

    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The file's own, else its line.</summary>
    public required string Reference { get; init; }

    public GrantRowState State { get; set; }

    /// <summary>What is wrong with it; null if nothing is.</summary>
    public string? Message { get; set; }

    public string? AdjustmentId { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<GrantBatchRow>
    {
        public void Configure(EntityTypeBuilder<GrantBatchRow> builder)
        {
            builder.ToTable("grant_batch_rows");
            builder.HasKey(row => new { row.BatchId, row.Line });
            builder.HasIndex(row => new { row.BatchId, row.State, row.Line });
            builder.HasOne<GrantBatch>().WithMany().HasForeignKey(row => row.BatchId).OnDelete(DeleteBehavior.Cascade);
        }
    }
}

using BillingPortal.Ledger;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Metering;

/// <summary>Whether an item cost anything.</summary>
public enum UsageOutcome
{
    Charged,
    Free,
}

/// <summary>One recorded event. Written by <see cref="UsageRider"/> in the commit that charges it, and never changed.</summary>
internal sealed class UsageItem
{
    public string OrganizationId { get; set; } = "";

    /// <summary>itm_…, made from <see cref="OccurredAt"/>: order of ids is order of events.</summary>
    public string Id { get; set; } = "";

    /// <summary>The integrator's id. Unique by the reference that commits with it.</summary>
    public string EventId { get; set; } = "";

    public DateTimeOffset OccurredAt { get; set; }

    public DateTimeOffset RecordedAt { get; set; }

    public string Operation { get; set; } = "";

    public string Channel { get; set; } = "";

    public string Category { get; set; } = "";

    /// <summary>Units as billed, in millionths.</summary>
    public long QuantityMicros { get; set; }

    /// <summary>Of these, units served by included minutes.</summary>
    public Credits IncludedMicros { get; set; }

    public string CreditType { get; set; } = "";

    /// <summary>What was debited of <see cref="CreditType"/>.</summary>
    public Credits CreditsMicros { get; set; }

    /// <summary>The rate of the first unit charged; of a model call, of its tokens in.</summary>
    public Credits RateMicros { get; set; }

    /// <summary>Of a model call, the rate of its tokens out.</summary>
    public Credits? OutputRateMicros { get; set; }

    /// <summary>Of a model call, its tokens in; the rest of the quantity came out.</summary>
    public long? InputTokens { get; set; }

    public UsageOutcome Outcome { get; set; }

    public string Description { get; set; } = "";

    public string? Model { get; set; }

    public string? AgentId { get; set; }

    public string? RepoId { get; set; }

    public string? UnitId { get; set; }

    public string? Host { get; set; }

    public string? NodeType { get; set; }

    public string? LlmType { get; set; }

    public string? LlmModel { get; set; }

    /// <summary>The API key that reported it; empty if a person or the portal did.</summary>
    public string KeyId { get; set; } = "";

    public string? TransactionId { get; set; }

    public Credits BalanceAfterMicros { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<UsageItem>
    {
        public void Configure(EntityTypeBuilder<UsageItem> builder)
        {
            builder.ToTable("usage_items");
            // Newest first per organization; each organization's rows are appended to at one place.
            builder.HasKey(row => new { row.OrganizationId, row.Id });
            builder.HasIndex(row => new { row.OrganizationId, row.Channel, row.Id });
            // Statements of one repository; items without one cost nothing here.
            builder.HasIndex(row => new { row.OrganizationId, row.RepoId, row.Id }).HasFilter("repo_id IS NOT NULL");
        }
    }
}

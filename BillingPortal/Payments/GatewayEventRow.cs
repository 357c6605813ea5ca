using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Payments;

/// <summary>What was done with an event of the gateway.</summary>
public enum GatewayEventState
{
    /// <summary>Stored, not applied yet; it is tried again until it is.</summary>
    Received,

    /// <summary>Applied; a re-delivery changes nothing.</summary>
    Applied,

    /// <summary>Of a kind that the portal does not act on.</summary>
    Ignored,

    /// <summary>Contradicts our order, or is about none of ours: somebody must look.</summary>
    Refused,
}

/// <summary>An event of the gateway, kept before it is applied, so that nothing said is lost.</summary>
public sealed class GatewayEventRow
{
    /// <summary>The gateway's id: the same event again is the same row.</summary>
    public required string Id { get; init; }

    public required string Type { get; init; }

    /// <summary>The body as it was signed.</summary>
    public required string Payload { get; init; }

    public required DateTimeOffset ReceivedAt { get; init; }

    public GatewayEventState State { get; set; } = GatewayEventState.Received;

    /// <summary>Why it was refused, in one word.</summary>
    public string? Problem { get; set; }

    /// <summary>Our payment, if the event names it.</summary>
    public string? PaymentId { get; init; }

    /// <summary>The gateway's payment, if the event names it.</summary>
    public string? ChargeId { get; init; }

    public long Attempts { get; set; }

    /// <summary>When it is tried again; null once it is done with.</summary>
    public DateTimeOffset? NextAttemptAt { get; set; }

    public DateTimeOffset? AppliedAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<GatewayEventRow>
    {
        public void Configure(EntityTypeBuilder<GatewayEventRow> builder)
        {
            builder.ToTable("gateway_events");
            builder.HasKey(row => row.Id);
            // What waits to be tried again.
            builder.HasIndex(row => row.NextAttemptAt).HasFilter("next_attempt_at IS NOT NULL");
            builder.HasIndex(row => row.PaymentId);
            builder.HasIndex(row => row.ChargeId);
        }
    }
}

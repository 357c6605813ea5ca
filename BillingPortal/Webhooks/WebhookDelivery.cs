using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Webhooks;

/// <summary>How a delivery stands.</summary>
public enum WebhookDeliveryState
{
    /// <summary>To be sent, or to be tried again.</summary>
    Pending,

    /// <summary>The endpoint took it.</summary>
    Delivered,

    /// <summary>Given up; it can be sent again by hand.</summary>
    Failed,
}

/// <summary>An event on its way to one endpoint: the same id and bytes on every try.</summary>
public sealed class WebhookDelivery
{
    /// <summary>whd_…</summary>
    public required string Id { get; init; }

    public required string OrganizationId { get; init; }

    public required string EndpointId { get; init; }

    /// <summary>evt_…: what receivers know a repetition by.</summary>
    public required string EventId { get; init; }

    public required string EventType { get; init; }

    /// <summary>The request's body.</summary>
    public required string Body { get; init; }

    public WebhookDeliveryState State { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it is tried next; null once it is not.</summary>
    public DateTimeOffset? NextAttemptAt { get; set; }

    /// <summary>How often it was tried.</summary>
    public int Attempts { get; set; }

    /// <summary>When the present series of tries began; sending again by hand begins another.</summary>
    public DateTimeOffset? TryingSince { get; set; }

    public DateTimeOffset? LastAttemptAt { get; set; }

    /// <summary>The last answer's HTTP status; null if there was none.</summary>
    public int? LastStatus { get; set; }

    /// <summary>Why the last try came to no answer, in one word.</summary>
    public string? LastError { get; set; }

    public long? LastDurationMillis { get; set; }

    public DateTimeOffset? DeliveredAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<WebhookDelivery>
    {
        public void Configure(EntityTypeBuilder<WebhookDelivery> builder)
        {
            builder.ToTable("webhook_deliveries");
            builder.HasKey(row => row.Id);
            // An event that is handed over twice, by whatever instance, goes to an endpoint once.
            builder.HasIndex(row => new { row.EndpointId, row.EventId }).IsUnique();
            builder.HasIndex(row => new { row.EndpointId, row.Id });
            // The worker asks which endpoints have something due.
            builder.HasIndex(row => new { row.EndpointId, row.NextAttemptAt }).HasDatabaseName("ix_webhook_deliveries_due").HasFilter("next_attempt_at IS NOT NULL");
            builder.HasOne<WebhookEndpoint>().WithMany().HasForeignKey(row => row.EndpointId).OnDelete(DeleteBehavior.Cascade);
        }
    }
}

/// <summary>One try of a delivery. The answer's body is neither read nor kept.</summary>
public sealed class WebhookAttempt
{
    public required string DeliveryId { get; init; }

    /// <summary>1, 2, 3…</summary>
    public required int Number { get; init; }

    public required string EndpointId { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>HTTP status; null if there was no answer.</summary>
    public int? Status { get; init; }

    /// <summary>Why there was none, in one word.</summary>
    public string? Error { get; init; }

    public required long DurationMillis { get; init; }

    public bool Succeeded => Status is >= 200 and < 300;

    internal sealed class Configuration : IEntityTypeConfiguration<WebhookAttempt>
    {
        public void Configure(EntityTypeBuilder<WebhookAttempt> builder)
        {
            builder.ToTable("webhook_attempts");
            builder.HasKey(row => new { row.DeliveryId, row.Number });
            builder.Ignore(row => row.Succeeded);
            builder.HasIndex(row => new { row.EndpointId, row.At });
            builder.HasOne<WebhookDelivery>().WithMany().HasForeignKey(row => row.DeliveryId).OnDelete(DeleteBehavior.Cascade);
        }
    }
}

using System.Text.Json;
using BillingPortal.Ledger;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Store;

/// <summary>Something that happened and must be told outside: written in the commit of what happened, sent later, at least once.</summary>
public sealed class OutboxEvent
{
    private OutboxEvent()
    {
    }

    /// <summary>evt_…; stays the same however often it is sent.</summary>
    public string Id { get; private init; } = "";

    public string OrganizationId { get; private init; } = "";

    /// <summary>Such as <c>credits.purchased</c>. Source: contract, "Further events".</summary>
    public string Type { get; private init; } = "";

    /// <summary>The event's data as JSON.</summary>
    public string Data { get; private init; } = "";

    public DateTimeOffset OccurredAt { get; private init; }

    /// <summary>When it was handed to delivery; null while it waits.</summary>
    public DateTimeOffset? DispatchedAt { get; private set; }

    /// <summary>When people were told of it, or it was found that nobody is; null while it waits.</summary>
    public DateTimeOffset? NotifiedAt { get; private set; }

    public static OutboxEvent Of<TData>(string organizationId, string type, TData data, DateTimeOffset occurredAt) => new()
    {
        Id = Ids.New("evt", occurredAt),
        OrganizationId = organizationId,
        Type = type,
        Data = JsonSerializer.Serialize(data, JsonSerializerOptions.Web),
        OccurredAt = occurredAt,
    };

    internal sealed class Configuration : IEntityTypeConfiguration<OutboxEvent>
    {
        public void Configure(EntityTypeBuilder<OutboxEvent> builder)
        {
            builder.ToTable("outbox_events");
            builder.HasKey(row => row.Id);
            // The dispatcher asks for what waits, oldest first.
            builder.HasIndex(row => new { row.DispatchedAt, row.Id });
            builder.HasIndex(row => new { row.OrganizationId, row.Id });
            // What people are still to be told of, however many events there are.
            builder.HasIndex(row => row.Id).HasDatabaseName("ix_outbox_events_untold").HasFilter("notified_at IS NULL");
        }
    }
}

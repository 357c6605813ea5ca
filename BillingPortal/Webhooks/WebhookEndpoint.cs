using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Webhooks;

/// <summary>Why an endpoint gets nothing.</summary>
public enum WebhookPause
{
    /// <summary>Its organization switched it off.</summary>
    ByHand,

    /// <summary>It answered 410: it asked for no more.</summary>
    Gone,

    /// <summary>It failed for days without an end.</summary>
    Failing,
}

/// <summary>An address that an organization wants events sent to.</summary>
public sealed class WebhookEndpoint
{
    /// <summary>Longest address, in characters.</summary>
    public const int UrlLength = 2000;

    /// <summary>webhook_…</summary>
    public required string Id { get; init; }

    public required string OrganizationId { get; init; }

    /// <summary>The person who added it; the organization, when a key did.</summary>
    public required string UserId { get; init; }

    /// <summary>1 to the most an organization may have; no two of it share one, which is what keeps the limit.</summary>
    public required int Place { get; init; }

    public required string Url { get; set; }

    /// <summary>Types of events, separated by spaces.</summary>
    public required string EventList { get; set; }

    /// <summary>The secret that signs, sealed.</summary>
    public required string Secret { get; set; }

    /// <summary>The secret before it, sealed; it signs too until <see cref="PreviousSecretUntil"/>.</summary>
    public string? PreviousSecret { get; set; }

    public DateTimeOffset? PreviousSecretUntil { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Since when it gets nothing; null: it is active.</summary>
    public DateTimeOffset? PausedAt { get; set; }

    public WebhookPause? Pause { get; set; }

    /// <summary>Since when nothing has arrived there; null: the last try did.</summary>
    public DateTimeOffset? FailingSince { get; set; }

    /// <summary>Nothing is sent there before.</summary>
    public DateTimeOffset? BackoffUntil { get; set; }

    public DateTimeOffset? LastAttemptAt { get; set; }

    /// <summary>Until when one instance alone delivers to it.</summary>
    public DateTimeOffset? LeasedUntil { get; set; }

    /// <summary>Which instance's turn that is.</summary>
    public string? Lease { get; set; }

    public bool IsActive => PausedAt is null;

    public IReadOnlyList<string> Events => EventList.Split(' ');

    /// <summary>Whether it wants to be told of events of a type.</summary>
    public bool Wants(string type) => Events.Contains(type) || Events.Contains(WebhookEvents.Everything);

    internal sealed class Configuration : IEntityTypeConfiguration<WebhookEndpoint>
    {
        public void Configure(EntityTypeBuilder<WebhookEndpoint> builder)
        {
            builder.ToTable("webhook_endpoints");
            builder.HasKey(row => row.Id);
            builder.Ignore(row => row.IsActive);
            builder.Ignore(row => row.Events);
            // Two endpoints added at once take different places, or one of them fails: the limit holds without a lock.
            builder.HasIndex(row => new { row.OrganizationId, row.Place }).IsUnique();
        }
    }
}

using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Store;

/// <summary>A key under which an organization asked for something, and the answer once there is one. Source: contract, "Idempotency-Key"; docs/decisions/0060.</summary>
internal sealed class IdempotencyRecord
{
    public required string OrganizationId { get; init; }

    /// <summary>Chosen by the client.</summary>
    public required string Key { get; init; }

    /// <summary>SHA-256 of what was asked, in hexadecimal: the same key for something else is refused.</summary>
    public string Fingerprint { get; init; } = "";

    /// <summary>Who is at it; null once it is answered. Whoever writes the answer must find its own claim here.</summary>
    public string? Claim { get; set; }

    /// <summary>Until when the claim keeps others away; a process that died does not come back to it.</summary>
    public DateTimeOffset LeaseUntil { get; init; }

    /// <summary>The HTTP status of the answer; null while it is being worked on.</summary>
    public int? Status { get; set; }

    public string? ContentType { get; set; }

    /// <summary>The answer's bytes, encrypted: they may hold a secret that is shown only once.</summary>
    public byte[]? Body { get; set; }

    /// <summary>From this instant on the key is free again.</summary>
    public DateTimeOffset ExpiresAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<IdempotencyRecord>
    {
        public void Configure(EntityTypeBuilder<IdempotencyRecord> builder)
        {
            builder.ToTable("idempotency_records");
            // Of two requests with one key, on whatever instances, the second collides here.
            builder.HasKey(row => new { row.OrganizationId, row.Key });
            // The commit of an effect fails if its claim was taken over meanwhile.
            builder.Property(row => row.Claim).IsConcurrencyToken();
            // The sweep asks for what is over.
            builder.HasIndex(row => row.ExpiresAt);
        }
    }
}

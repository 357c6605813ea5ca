using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Accounts;

/// <summary>What is kept of an API key: everything but the key.</summary>
public sealed class ApiKey
{
    /// <summary>Longest name, in characters.</summary>
    public const int NameLength = 100;

    /// <summary>key_…</summary>
    public required string Id { get; init; }

    public required string OrganizationId { get; init; }

    public required string Name { get; init; }

    /// <summary>The 8 characters by which a presented key is found; no secret.</summary>
    public required string Lookup { get; init; }

    /// <summary>The key up to and with <see cref="Lookup"/>, as people see it.</summary>
    public required string Prefix { get; init; }

    /// <summary>SHA-256 of the whole key, in hexadecimal. The key holds 256 random bits, so nothing slower is called for.</summary>
    public required string Hash { get; init; }

    /// <summary>Its scopes, separated by spaces.</summary>
    public required string ScopeList { get; init; }

    /// <summary>The person who made it.</summary>
    public required string CreatedBy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>From this instant on it is refused; null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>The key it was made to replace.</summary>
    public string? ReplacesId { get; init; }

    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>Since when it is refused until somebody resumes it; null: it is not.</summary>
    public DateTimeOffset? PausedAt { get; set; }

    /// <summary>To the minute, a few seconds late.</summary>
    public DateTimeOffset? LastUsedAt { get; set; }

    public IReadOnlyList<string> Scopes => ScopeList.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Whether its life goes on, paused or not.</summary>
    public bool IsActive(DateTimeOffset now) => RevokedAt is null && (ExpiresAt is null || now < ExpiresAt);

    /// <summary>Whether calls with it are let in.</summary>
    public bool IsAdmitted(DateTimeOffset now) => IsActive(now) && PausedAt is null;

    internal sealed class Configuration : IEntityTypeConfiguration<ApiKey>
    {
        public void Configure(EntityTypeBuilder<ApiKey> builder)
        {
            builder.ToTable("api_keys");
            builder.HasKey(row => row.Id);
            builder.Ignore(row => row.Scopes);
            // A request brings the look-up alone; two keys can never answer to one.
            builder.HasIndex(row => row.Lookup).IsUnique();
            builder.HasIndex(row => new { row.OrganizationId, row.Id });
            // A key is replaced by one other: what uses it must know which.
            builder.HasIndex(row => row.ReplacesId).IsUnique().HasFilter("replaces_id IS NOT NULL");
            builder.HasOne<Organization>().WithMany().HasForeignKey(row => row.OrganizationId).OnDelete(DeleteBehavior.Restrict);
            builder.HasOne<User>().WithMany().HasForeignKey(row => row.CreatedBy).OnDelete(DeleteBehavior.Restrict);
        }
    }
}

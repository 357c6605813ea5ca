using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Posts;

/// <summary>Which flow paid for a post.</summary>
public enum FlowSource
{
    /// <summary>One of the day's.</summary>
    Daily,

    /// <summary>One that was granted, gifted or earned.</summary>
    Bonus,
}

/// <summary>What becomes of a post.</summary>
public enum PostStatus
{
    /// <summary>Accepted and paid; publishing it is another system's work.</summary>
    Queued,
}

/// <summary>A post that an organization scheduled and paid with one flow.</summary>
public sealed class Post
{
    /// <summary>Longest content, in characters.</summary>
    public const int ContentLength = 10_000;

    /// <summary>Longest id of a channel, in characters.</summary>
    public const int ChannelIdLength = 100;

    /// <summary>post_…</summary>
    public required string Id { get; init; }

    public required string OrganizationId { get; init; }

    /// <summary>The integrator's own id of where it is to appear.</summary>
    public required string ChannelId { get; init; }

    /// <summary>Plain text, as it came.</summary>
    public required string Content { get; init; }

    public required DateTimeOffset ScheduledFor { get; init; }

    public PostStatus Status { get; init; }

    public required FlowSource FlowSource { get; set; }

    /// <summary>The transaction that took the flow.</summary>
    public required string TransactionId { get; set; }

    /// <summary>Who posted, as <c>Caller.Actor</c> has it.</summary>
    public required string Actor { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<Post>
    {
        public void Configure(EntityTypeBuilder<Post> builder)
        {
            builder.ToTable("posts");
            builder.HasKey(row => new { row.OrganizationId, row.Id });
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Posts;

/// <summary>What somebody wants to post.</summary>
/// <param name="ChannelId">Where; 1 to <see cref="Post.ChannelIdLength"/> characters.</param>
/// <param name="Content">1 to <see cref="Post.ContentLength"/> characters, not all blank.</param>
/// <param name="ScheduledFor">When; null: now. An instant in the past means at once.</param>
public sealed record NewPost(string ChannelId, string Content, DateTimeOffset? ScheduledFor = null);

/// <summary>What became of the wish to post.</summary>
public abstract record PostCreation
{
    private PostCreation()
    {
    }

    /// <summary>Stored and paid.</summary>
    public sealed record Created(Post Post) : PostCreation;

    /// <summary>Neither a daily nor a bonus flow is left; nothing was stored.</summary>
    public sealed record NoFlows : PostCreation;

    /// <summary>The named part cannot be; nothing was stored.</summary>
    public sealed record Invalid(string Field, string Message) : PostCreation;
}

/// <summary>A page of posts, newest first, and the id after which the next one begins; null at the end.</summary>
public sealed record PostPage(IReadOnlyList<Post> Posts, string? NextAfter);

/// <summary>Takes in posts: a daily flow pays, a bonus flow once the day's are used up, in the commit that stores the post.</summary>
public sealed class PostSchedule(
    IDbContextFactory<BillingDbContext> contexts, WalletWriter writer, PlanStandings standings, DueAllowances allowances, DailyReset reset, TimeProvider clock)
{
    /// <summary>Most posts on one page.</summary>
    public const int PageLimit = 100;

    private const string Source = "post_creation";
    private const string DayTurned = "DAY_TURNED";
    private static readonly Credits Price = Credits.FromWhole(1);

    /// <summary>Stores a post and takes the flow for it.</summary>
    /// <param name="caller">A key with <c>flows:write</c>, or any member: flows are there to be used by all of them.</param>
    /// <param name="wish">What to post.</param>
    /// <param name="receipt">Stores the answer with the post; null: nobody may ask again.</param>
    /// <param name="cancellationToken">Gives up waiting; the post may still be stored.</param>
    /// <exception cref="AccessDeniedException">A key without <c>flows:write</c>.</exception>
    public async Task<PostCreation> CreateAsync(Caller caller, NewPost wish, Receipt<PostCreation.Created>? receipt, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.FlowsWrite);
        if (Fault(wish) is { } fault)
        {
            return fault;
        }

        var createdAt = clock.Now();
        var post = new Post
        {
            Id = Ids.New("post", createdAt),
            OrganizationId = caller.OrganizationId,
            ChannelId = wish.ChannelId,
            Content = wish.Content,
            ScheduledFor = wish.ScheduledFor ?? createdAt,
            FlowSource = FlowSource.Daily,
            TransactionId = "",
            Actor = caller.Actor,
            CreatedAt = createdAt,
        };
        var created = new PostCreation.Created(post);
        while (true)
        {
            var now = clock.Now();
            var standing = await standings.GetAsync(caller.OrganizationId, cancellationToken);
            var due = allowances.Outstanding(standing, now, CreditTypes.Flows);
            var charge = new Charge
            {
                OrganizationId = caller.OrganizationId,
                Reference = $"post:{post.Id}",
                ResultId = post.Id,
                Source = Source,
                Note = $"Flow consumed for post {post.Id}",
                Actor = caller.Actor,
                CreditType = CreditTypes.Flows,
                Amount = Price,
                Due = due,
                Riders =
                [
                    new EntityRider(async (db, posted, ct) =>
                    {
                        await StoreAsync(db, post, posted, reset.At(now), ct);
                        receipt?.AddTo(db, created);
                    }),
                ],
            };
            switch (await writer.ExecuteAsync(charge, cancellationToken))
            {
                case PostResult.Posted:
                    allowances.Confirm(standing, now, due);
                    return created;
                case PostResult.Refused { Refusal: Refusal.Insufficient } when reset.At(now).Contains(clock.Now()):
                    return new PostCreation.NoFlows();
                case PostResult.Refused { Refusal: Refusal.Insufficient or Refusal.Rule { Code: DayTurned } }:
                    // A day began while it waited in the queue, and with it new flows.
                    continue;
                case var other:
                    throw new UnreachableException($"A post was answered with {other}.");
            }
        }
    }

    /// <summary>The organization's posts, newest first.</summary>
    /// <param name="caller">A key with <c>flows:read</c>, or any member.</param>
    /// <param name="after">The page after this post; null: the newest.</param>
    /// <param name="limit">1 to <see cref="PageLimit"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AccessDeniedException">A key without <c>flows:read</c>.</exception>
    public async Task<PostPage> ListAsync(Caller caller, string? after, int limit, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.FlowsRead);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, PageLimit);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = db.Set<Post>().AsNoTracking().Where(row => row.OrganizationId == caller.OrganizationId);
        if (after is not null)
        {
            rows = rows.Where(row => row.Id.CompareTo(after) < 0);
        }

        var page = await rows.OrderByDescending(row => row.Id).Take(limit + 1).ToListAsync(cancellationToken);
        return page.Count > limit ? new PostPage(page[..limit], page[limit - 1].Id) : new PostPage(page, null);
    }

    /// <summary>A post of the caller's organization; null if it has none of that id.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>flows:read</c>.</exception>
    public async Task<Post?> FindAsync(Caller caller, string postId, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.FlowsRead);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<Post>().AsNoTracking().SingleOrDefaultAsync(row => row.OrganizationId == caller.OrganizationId && row.Id == postId, cancellationToken);
    }

    private static PostCreation.Invalid? Fault(NewPost wish)
    {
        if (string.IsNullOrWhiteSpace(wish.ChannelId) || wish.ChannelId.Length > Post.ChannelIdLength)
        {
            return new("channelId", $"channelId must have 1 to {Post.ChannelIdLength} characters.");
        }

        return string.IsNullOrWhiteSpace(wish.Content) || wish.Content.Length > Post.ContentLength
            ? new("content", $"content must have 1 to {Post.ContentLength.ToString("N0", CultureInfo.InvariantCulture)} characters.")
            : null;
    }

    // The day's flows came along as those of `day`. If another day had begun by the commit, a bonus flow could be taken while a daily one is left.
    private static async Task StoreAsync(BillingDbContext db, Post post, PostResult.Posted posted, DayWindow day, CancellationToken cancellationToken)
    {
        var charge = posted.Transactions.Single();
        if (!day.Contains(charge.Header.RecordedAt))
        {
            throw new RiderVetoException(new Refusal.Rule(DayTurned, "Another day has begun."));
        }

        post.TransactionId = charge.Id;
        post.FlowSource = await WalletReader.MovedAsync(db, charge, BucketKind.Daily, cancellationToken) ? FlowSource.Daily : FlowSource.Bonus;
        db.Add(post);
        db.Add(OutboxEvent.Of(
            post.OrganizationId,
            "post.created",
            new
            {
                post.Id,
                post.ChannelId,
                ScheduledFor = post.ScheduledFor.ToUnixTimeMilliseconds(),
                Status = post.Status.Text(),
                FlowSource = post.FlowSource.Text(),
            },
            charge.Header.RecordedAt));
    }
}

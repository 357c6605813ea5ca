using System.Diagnostics;
using BillingPortal.Posts;
using BillingPortal.Store;

namespace BillingPortal.Api;

/// <summary>Posts, each paid with a flow. Source: contract, "001 · Flows".</summary>
internal static class PostEndpoints
{
    public static IEndpointRouteBuilder MapPosts(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/posts").WithTags("Posts").RequireCaller();
        group.MapPost("", CreateAsync).WithSummary("Schedules a post and takes a flow for it").Accepts<PostRequest>("application/json")
            .Produces<PostAnswer>(StatusCodes.Status201Created);
        group.MapGet("", ListAsync).WithSummary("The organization's posts, newest first").Produces<PostList>();
        group.MapGet("/{id}", FindAsync).WithSummary("One post").Produces<PostAnswer>();
        return routes;
    }

    private static async Task<IResult> CreateAsync(HttpContext http, PostSchedule posts, CancellationToken cancellationToken)
    {
        var request = await http.ReadBodyAsync<PostRequest>(cancellationToken);
        var scheduledFor = request.ScheduledFor is null
            ? (DateTimeOffset?)null
            : RequestQuery.TryParseInstant(request.ScheduledFor, out var instant)
                ? instant
                : throw ApiException.Invalid("scheduledFor", "scheduledFor must be a time in ISO 8601, such as 2026-12-25T10:00:00Z.");
        var receipt = http.Receipt<PostCreation.Created>(created => PostAnswer.Of(created.Post), StatusCodes.Status201Created);
        return await posts.CreateAsync(http.Caller(), new NewPost(request.ChannelId, request.Content, scheduledFor), receipt, cancellationToken) switch
        {
            PostCreation.Created created => receipt.Answer(created),
            PostCreation.NoFlows => throw new ApiException(StatusCodes.Status402PaymentRequired, "NO_FLOWS", "No flows available"),
            PostCreation.Invalid invalid => throw ApiException.Invalid(invalid.Field, invalid.Message),
            _ => throw new UnreachableException(),
        };
    }

    private static async Task<PostList> ListAsync(HttpContext http, PostSchedule posts, CancellationToken cancellationToken)
    {
        var page = await posts.ListAsync(http.Caller(), http.QueryText("after"), http.QueryInt("limit", 50, 1, PostSchedule.PageLimit), cancellationToken);
        return new PostList([.. page.Posts.Select(PostAnswer.Of)], page.Posts.Count, page.NextAfter);
    }

    private static async Task<PostAnswer> FindAsync(HttpContext http, string id, PostSchedule posts, CancellationToken cancellationToken) =>
        await posts.FindAsync(http.Caller(), id, cancellationToken) is { } post ? PostAnswer.Of(post) : throw ApiException.NotFound("Post not found");

    internal sealed record PostRequest(string ChannelId, string Content, string? ScheduledFor = null);

    internal sealed record PostAnswer(
        string Id, string ChannelId, string Content, long ScheduledFor, string Status, string FlowSource, string TransactionId, long CreatedAt)
    {
        public static PostAnswer Of(Post post) => new(
            post.Id, post.ChannelId, post.Content, post.ScheduledFor.ToUnixTimeMilliseconds(), post.Status.Text(), post.FlowSource.Text(), post.TransactionId,
            post.CreatedAt.ToUnixTimeMilliseconds());
    }

    internal sealed record PostList(IReadOnlyList<PostAnswer> Posts, int Count, string? NextAfter);
}

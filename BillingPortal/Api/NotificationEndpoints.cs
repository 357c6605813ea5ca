using BillingPortal.Notifications;

namespace BillingPortal.Api;

/// <summary>What a signed-in person was told: <c>/api/v1/notifications</c>.</summary>
internal static class NotificationEndpoints
{
    public static IEndpointRouteBuilder MapNotifications(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/notifications").WithTags("Notifications").RequireCaller();
        group.MapGet("", ListAsync).WithSummary("Notifications of the signed-in person, newest first").Produces<NotificationList>();
        group.MapPost("/{id}/read", MarkReadAsync).WithSummary("Marks a notification as read").Produces<ReadAnswer>();
        group.MapPost("/read", MarkAllReadAsync).WithSummary("Marks all notifications as read").Produces<ReadAnswer>();
        return routes;
    }

    private static async Task<NotificationList> ListAsync(HttpContext http, NotificationInbox inbox, CancellationToken cancellationToken)
    {
        var page = await inbox.ListAsync(
            http.Caller(), http.QueryText("cursor", 40), http.QueryInt("limit", 50, 1, NotificationInbox.LargestPage), cancellationToken);
        return new NotificationList(page.Notifications, page.Unread, page.NextBefore);
    }

    private static async Task<ReadAnswer> MarkReadAsync(string id, HttpContext http, NotificationInbox inbox, CancellationToken cancellationToken) =>
        await inbox.MarkReadAsync(http.Caller(), id, cancellationToken) ? new ReadAnswer(true) : throw ApiException.NotFound("There is no such notification.");

    private static async Task<ReadAnswer> MarkAllReadAsync(HttpContext http, NotificationInbox inbox, CancellationToken cancellationToken)
    {
        await inbox.MarkAllReadAsync(http.Caller(), cancellationToken);
        return new ReadAnswer(true);
    }

    internal sealed record NotificationList(IReadOnlyList<NotificationView> Data, int Unread, string? NextCursor);

    internal sealed record ReadAnswer(bool Read);
}

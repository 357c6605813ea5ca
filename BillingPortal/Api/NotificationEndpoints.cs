using BillingPortal.Accounts;
using BillingPortal.Notifications;
using Microsoft.AspNetCore.Mvc;

namespace BillingPortal.Api;

/// <summary>What a signed-in person was told: <c>/api/v1/notifications</c>.</summary>
internal static class NotificationEndpoints
{
    private const string Page = "/notifications";

    public static IEndpointRouteBuilder MapNotifications(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/notifications").WithTags("Notifications").RequireCaller();
        group.MapGet("", ListAsync).WithSummary("Notifications of the signed-in person, newest first").Produces<NotificationList>();
        group.MapPost("/{id}/read", MarkReadAsync).WithSummary("Marks a notification as read").Produces<ReadAnswer>();
        group.MapPost("/read", MarkAllReadAsync).WithSummary("Marks all notifications as read").Produces<ReadAnswer>();

        // What the pages post, which need no scripts.
        var forms = routes.MapGroup(Page).RequireCaller().RequireGenuineForm().ExcludeFromDescription();
        forms.MapPost("/{id}/open", OpenAsync);
        forms.MapPost("/{id}/read", MarkReadByFormAsync);
        forms.MapPost("/read", MarkAllReadByFormAsync);
        return routes;
    }

    private static async Task<NotificationList> ListAsync(HttpContext http, NotificationInbox inbox, CancellationToken cancellationToken)
    {
        var page = await inbox.ListAsync(
            http.Caller(), http.QueryText("cursor", 40), http.QueryInt("limit", 50, 1, NotificationInbox.LargestPage), unreadOnly: false, cancellationToken);
        return new NotificationList(page.Notifications, page.Unread, page.NextBefore);
    }

    private static async Task<ReadAnswer> MarkReadAsync(string id, HttpContext http, NotificationInbox inbox, CancellationToken cancellationToken) =>
        await inbox.MarkReadAsync(http.Caller(), id, cancellationToken) is not null ? new ReadAnswer(true) : throw ApiException.NotFound("There is no such notification.");

    private static async Task<ReadAnswer> MarkAllReadAsync(HttpContext http, NotificationInbox inbox, CancellationToken cancellationToken)
    {
        await inbox.MarkAllReadAsync(http.Caller(), cancellationToken);
        return new ReadAnswer(true);
    }

    /// <summary>Marks one as read and goes to where it goes on, in the organization it is about.</summary>
    private static async Task<IResult> OpenAsync(string id, HttpContext http, NotificationInbox inbox, Organizations organizations, CancellationToken cancellationToken)
    {
        var caller = http.Caller();
        if (id.Any(char.IsControl) || await inbox.MarkReadAsync(caller, id, cancellationToken) is not { } told)
        {
            return TypedResults.NotFound();
        }

        if (told.OrganizationId == caller.OrganizationId)
        {
            return TypedResults.LocalRedirect(LocalUrl.OrHome(told.Link));
        }

        return await organizations.ChooseAsync(caller.UserId!, told.OrganizationId, cancellationToken)
            ? await SessionEndpoints.ActForAsync(http, told.OrganizationId, told.Link)
            : TypedResults.LocalRedirect($"{Page}?left=1");
    }

    /// <summary>Marks one as read and stays on the page it was on.</summary>
    private static async Task<IResult> MarkReadByFormAsync(string id, [FromForm] string? back, HttpContext http, NotificationInbox inbox, CancellationToken cancellationToken) =>
        !id.Any(char.IsControl) && await inbox.MarkReadAsync(http.Caller(), id, cancellationToken) is not null
            ? TypedResults.LocalRedirect(back is not null && (back == Page || back.StartsWith($"{Page}?", StringComparison.Ordinal)) ? LocalUrl.OrHome(back) : Page)
            : TypedResults.NotFound();

    private static async Task<IResult> MarkAllReadByFormAsync(HttpContext http, NotificationInbox inbox, CancellationToken cancellationToken)
    {
        await inbox.MarkAllReadAsync(http.Caller(), cancellationToken);
        return TypedResults.LocalRedirect(Page);
    }

    internal sealed record NotificationList(IReadOnlyList<NotificationView> Data, int Unread, string? NextCursor);

    internal sealed record ReadAnswer(bool Read);
}

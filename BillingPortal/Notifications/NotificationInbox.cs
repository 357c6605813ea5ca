using System.Linq.Expressions;
using BillingPortal.Access;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Notifications;

/// <summary>A notification as its person reads it.</summary>
public sealed record NotificationView(string Id, string OrganizationId, string Kind, string Title, string Text, string Link, DateTimeOffset CreatedAt, DateTimeOffset? ReadAt);

/// <summary>A page of notifications, newest first.</summary>
/// <param name="Notifications">The page.</param>
/// <param name="Unread">How many of all are unread, counted up to <see cref="NotificationInbox.MostCounted"/>.</param>
/// <param name="NextBefore">The id after which the next page begins; null at the end.</param>
public sealed record NotificationPage(IReadOnlyList<NotificationView> Notifications, int Unread, string? NextBefore);

/// <summary>What a signed-in person was told, in all their organizations.</summary>
public sealed class NotificationInbox(IDbContextFactory<BillingDbContext> contexts, InboxFeed feed, TimeProvider clock)
{
    public const int LargestPage = 100;

    public const int MostCounted = 100;

    private static readonly Expression<Func<Notification, NotificationView>> View = row =>
        new NotificationView(row.Id, row.OrganizationId, row.Kind, row.Title, row.Text, row.Link, row.CreatedAt, row.ReadAt);

    /// <summary>The caller's notifications, newest first.</summary>
    /// <param name="caller">A signed-in person.</param>
    /// <param name="before">The id after which the page begins; null: the newest.</param>
    /// <param name="limit">1 to <see cref="LargestPage"/>.</param>
    /// <param name="unreadOnly">Whether what was read is left out.</param>
    /// <param name="cancellationToken">Gives up reading.</param>
    /// <exception cref="AccessDeniedException">The caller is a key.</exception>
    public async Task<NotificationPage> ListAsync(Caller caller, string? before, int limit, bool unreadOnly, CancellationToken cancellationToken)
    {
        caller.DemandSession();
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, LargestPage);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var all = db.Set<Notification>().AsNoTracking().Where(row => row.UserId == caller.UserId && row.InApp);
        var unreadRows = all.Where(row => row.ReadAt == null);
        var unread = await unreadRows.Take(MostCounted).CountAsync(cancellationToken);
        var rows = unreadOnly ? unreadRows : all;
        if (before is not null)
        {
            rows = rows.Where(row => row.Id.CompareTo(before) < 0);
        }

        var page = await rows.OrderByDescending(row => row.Id).Take(limit + 1)
            .Select(View).ToListAsync(cancellationToken);
        return page.Count > limit ? new NotificationPage(page[..limit], unread, page[limit - 1].Id) : new NotificationPage(page, unread, null);
    }

    /// <summary>Marks one of the caller's as read; again changes nothing.</summary>
    /// <returns>What it says; null if the caller has none of that id.</returns>
    /// <exception cref="AccessDeniedException">The caller is a key.</exception>
    public async Task<NotificationView?> MarkReadAsync(Caller caller, string notificationId, CancellationToken cancellationToken)
    {
        caller.DemandSession();
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var own = db.Set<Notification>().Where(row => row.UserId == caller.UserId && row.Id == notificationId && row.InApp);
        if (await own.Where(row => row.ReadAt == null).ExecuteUpdateAsync(row => row.SetProperty(n => n.ReadAt, now), cancellationToken) > 0)
        {
            feed.Publish(caller.UserId!);
        }

        return await own.Select(View).SingleOrDefaultAsync(cancellationToken);
    }

    /// <summary>Marks all of the caller's as read, and tells how many were not.</summary>
    /// <exception cref="AccessDeniedException">The caller is a key.</exception>
    public async Task<int> MarkAllReadAsync(Caller caller, CancellationToken cancellationToken)
    {
        caller.DemandSession();
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var marked = await db.Set<Notification>().Where(row => row.UserId == caller.UserId && row.InApp && row.ReadAt == null)
            .ExecuteUpdateAsync(row => row.SetProperty(n => n.ReadAt, now), cancellationToken);
        if (marked > 0)
        {
            feed.Publish(caller.UserId!);
        }

        return marked;
    }
}

using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Notifications;

namespace BillingPortal.Components;

/// <summary>Notifications as they are shown.</summary>
/// <param name="Page">Newest first.</param>
/// <param name="Elsewhere">By id, how the person's other organizations are called.</param>
public sealed record InboxView(NotificationPage Page, IReadOnlyDictionary<string, string> Elsewhere);

/// <summary>Reads a person's notifications for the bell and its page.</summary>
public sealed class InboxOverviews(NotificationInbox inbox, Organizations organizations)
{
    /// <inheritdoc cref="NotificationInbox.ListAsync"/>
    public async Task<InboxView> ReadAsync(Caller caller, string? before, int limit, bool unreadOnly, CancellationToken cancellationToken)
    {
        var page = await inbox.ListAsync(caller, before, limit, unreadOnly, cancellationToken);
        var own = page.Notifications.All(told => told.OrganizationId == caller.OrganizationId)
            ? []
            : await organizations.ListForUserAsync(caller, cancellationToken);
        return new InboxView(
            page, own.Where(organization => organization.Id != caller.OrganizationId).ToDictionary(organization => organization.Id, organization => organization.Name, StringComparer.Ordinal));
    }
}

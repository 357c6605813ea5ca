using BillingPortal.Access;
using BillingPortal.Notifications;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Accounts;

/// <summary>Finds who of an organization is told of what happens to it.</summary>
internal sealed class NotificationAudience(IDbContextFactory<BillingDbContext> contexts) : INotificationAudience
{
    private const int MostPeople = 200;

    public async Task<IReadOnlyList<Addressee>> FindAsync(string organizationId, Audience audience, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var members = db.Set<Membership>().AsNoTracking().Where(row => row.OrganizationId == organizationId);
        if (audience is Audience.Payers)
        {
            members = members.Where(row => row.Role == MemberRole.Billing || row.Role == MemberRole.Owner);
        }

        var people = await members
            .Join(db.Users, member => member.UserId, user => user.Id, (member, user) => new { user.Id, user.Email, user.DisabledAt })
            .Where(user => user.DisabledAt == null && user.Email != null).OrderBy(user => user.Id).Take(MostPeople).ToListAsync(cancellationToken);
        return [.. people.Select(person => new Addressee(person.Id, person.Email!))];
    }
}

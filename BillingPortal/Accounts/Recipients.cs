using BillingPortal.Gifting;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Accounts;

/// <summary>Finds who is to receive a gift or a grant.</summary>
internal sealed class Recipients(IDbContextFactory<BillingDbContext> contexts, Organizations organizations) : IRecipients
{
    public async Task<Recipient?> FindAsync(string email, CancellationToken cancellationToken)
    {
        var key = EmailKey.Of(email);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var found = await (
            from user in db.Users.AsNoTracking()
            where user.NormalizedEmail == key && user.DisabledAt == null
            select new
            {
                User = user,
                OrganizationId = db.Set<Organization>().Where(row => row.PersonalOf == user.Id).Select(row => row.Id).FirstOrDefault(),
            }).SingleOrDefaultAsync(cancellationToken);

        // A sign-up that broke off half-way has no organization yet.
        return found is null
            ? null
            : new Recipient(found.User.Id, found.OrganizationId ?? await organizations.EnsurePersonalAsync(found.User, cancellationToken), found.User.Email!);
    }
}

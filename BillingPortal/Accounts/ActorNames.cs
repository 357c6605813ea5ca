using BillingPortal.Access;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Accounts;

/// <summary>Says who stands behind "user:…" and "key:…", as far as the one who asks may know.</summary>
public sealed class ActorNames(IDbContextFactory<BillingDbContext> contexts)
{
    private const string UserPrefix = "user:";
    private const string KeyPrefix = "key:";

    /// <summary>The e-mail addresses of people and the names of keys; those the caller may not know are left out.</summary>
    /// <param name="caller">A platform administrator, who may know all, or a person, who may know the members and keys of the organization.</param>
    /// <param name="actors">As transactions and the audit log have them.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyDictionary<string, string>> FindAsync(Caller caller, IEnumerable<string> actors, CancellationToken cancellationToken)
    {
        caller.DemandSession();
        var all = actors.Distinct().ToList();
        var userIds = IdsIn(all, UserPrefix);
        var keyIds = IdsIn(all, KeyPrefix);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var users = db.Users.Where(user => userIds.Contains(user.Id));
        var keys = db.Set<ApiKey>().Where(key => keyIds.Contains(key.Id));
        if (!caller.IsPlatformAdministrator)
        {
            users = users.Where(user => db.Set<Membership>().Any(row => row.OrganizationId == caller.OrganizationId && row.UserId == user.Id));
            keys = keys.Where(key => key.OrganizationId == caller.OrganizationId);
        }

        var names = await users.ToDictionaryAsync(user => UserPrefix + user.Id, user => user.Email!, cancellationToken);
        foreach (var key in await keys.Select(key => new { key.Id, key.Name }).ToListAsync(cancellationToken))
        {
            names[KeyPrefix + key.Id] = $"API key {key.Name}";
        }

        return names;
    }

    private static List<string> IdsIn(IEnumerable<string> actors, string prefix) =>
        [.. actors.Where(actor => actor.StartsWith(prefix, StringComparison.Ordinal)).Select(actor => actor[prefix.Length..])];
}

using BillingPortal.Access;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Accounts;

/// <summary>Who a caller is, on behalf of whom it asks, and what it may do.</summary>
/// <param name="Kind">Whether a person or a key asks.</param>
/// <param name="Organization">The organization it acts for.</param>
/// <param name="Standing">The plan of that organization.</param>
/// <param name="Key">The key, if one asks.</param>
/// <param name="Email">The person's address, if a person asks.</param>
/// <param name="Role">The person's role in the organization.</param>
/// <param name="Scopes">What the caller may do: of a key its scopes, of a person what a key of theirs could have.</param>
public sealed record CallerProfile(
    CallerKind Kind, Organization Organization, PlanStanding Standing, ApiKeyView? Key, string? Email, MemberRole? Role, IReadOnlyList<string> Scopes);

/// <summary>Tells callers who they are.</summary>
public sealed class CallerProfiles(Organizations organizations, PlanStandings standings, ApiKeys keys, IDbContextFactory<BillingDbContext> contexts)
{
    /// <summary>The caller's own profile; any key may ask, whatever its scopes.</summary>
    public async Task<CallerProfile> GetAsync(Caller caller, CancellationToken cancellationToken)
    {
        var organization = await organizations.GetAsync(caller, cancellationToken);
        var standing = await standings.GetAsync(caller.OrganizationId, cancellationToken);
        var key = caller.KeyId is { } keyId ? await keys.FindAsync(caller, keyId, cancellationToken) : null;
        return new CallerProfile(
            caller.Kind, organization, standing, key, await EmailAsync(caller, cancellationToken), caller.Role,
            [.. Scopes.All.Where(scope => caller.Kind is CallerKind.ApiKey ? caller.Scopes.Contains(scope) : scope != Scopes.BillingWrite || caller.IsPlatformAdministrator)]);
    }

    private async Task<string?> EmailAsync(Caller caller, CancellationToken cancellationToken)
    {
        if (caller.UserId is not { } userId)
        {
            return null;
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Users.Where(row => row.Id == userId).Select(row => row.Email).SingleOrDefaultAsync(cancellationToken);
    }
}

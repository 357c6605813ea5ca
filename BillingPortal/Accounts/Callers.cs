using System.Security.Claims;
using BillingPortal.Access;
using BillingPortal.Store;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BillingPortal.Accounts;

/// <summary>Turns a sign-in into a caller, by what the database says now and not by what it said at the sign-in.</summary>
public sealed class Callers(IDbContextFactory<BillingDbContext> contexts, IOptions<IdentityOptions> options)
{
    /// <summary>The caller behind a cookie's or an access token's claims; null if that person is disabled, has left the organization, or has changed the password since.</summary>
    public async Task<Caller?> FromAsync(ClaimsPrincipal principal, CancellationToken cancellationToken)
    {
        var names = options.Value.ClaimsIdentity;
        var userId = principal.FindFirstValue(names.UserIdClaimType);
        var stamp = principal.FindFirstValue(names.SecurityStampClaimType);
        var organizationId = principal.FindFirstValue(PortalClaims.Organization);
        if (principal.Identity is not { IsAuthenticated: true } || userId is null || stamp is null || organizationId is null)
        {
            return null;
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var standing = await (
            from membership in db.Set<Membership>()
            join user in db.Users on membership.UserId equals user.Id
            where membership.UserId == userId && membership.OrganizationId == organizationId && user.SecurityStamp == stamp && user.DisabledAt == null
            select new { membership.Role, user.IsPlatformAdministrator }).SingleOrDefaultAsync(cancellationToken);
        return standing is null
            ? null
            : Caller.ForUser(userId, organizationId, standing.Role, standing.IsPlatformAdministrator) with { Address = ClientAddress.Of(principal) };
    }
}

/// <summary>The person behind a page or a circuit, asked anew for every action.</summary>
public sealed class CurrentCaller(AuthenticationStateProvider states, Callers callers, PasswordChecks passwords, TimeProvider clock)
{
    private DateTimeOffset? confirmedAt;

    /// <summary>Null if nobody is signed in, or the person may no longer act.</summary>
    public async Task<Caller?> GetAsync() =>
        await callers.FromAsync((await states.GetAuthenticationStateAsync()).User, CancellationToken.None) is { } caller
            ? caller with { ConfirmedAt = confirmedAt }
            : null;

    /// <summary>Takes the password once more: with the right one the caller counts as confirmed for a while, on this page and those opened from it.</summary>
    public async Task<PasswordCheck> ConfirmAsync(string password, CancellationToken cancellationToken)
    {
        if (await GetAsync() is not { } caller)
        {
            return PasswordCheck.Wrong;
        }

        var check = await passwords.CheckAsync(caller, password, cancellationToken);
        if (check is PasswordCheck.Right)
        {
            confirmedAt = clock.Now();
        }

        return check;
    }
}

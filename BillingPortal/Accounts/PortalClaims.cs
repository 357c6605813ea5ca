using System.Security.Claims;
using BillingPortal.Store;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace BillingPortal.Accounts;

/// <summary>Makes the claims of a sign-in: who, since which change of password or rights, and for which organization.</summary>
internal sealed class PortalClaims(UserManager<User> users, IOptions<IdentityOptions> options, Organizations organizations)
    : UserClaimsPrincipalFactory<User>(users, options)
{
    /// <summary>The claim that names the organization a session acts for.</summary>
    public const string Organization = "org";

    /// <summary>The claim that names the time zone a person chose.</summary>
    public const string Zone = "zone";

    /// <summary>The claim that names the culture whose numbers a person chose.</summary>
    public const string Numbers = "numbers";

    /// <summary>The claim of a platform administrator; pages show the way to the administration by it, and services decide by the database.</summary>
    public const string Administrator = "administrator";

    /// <summary>The policy that demands that claim.</summary>
    public const string AdministratorPolicy = "administrator";

    /// <summary>A copy of <paramref name="principal"/> that acts for another organization.</summary>
    public static ClaimsPrincipal For(ClaimsPrincipal principal, string organizationId)
    {
        var copy = principal.Clone();
        var identity = (ClaimsIdentity)copy.Identity!;
        foreach (var claim in identity.FindAll(Organization).ToList())
        {
            identity.RemoveClaim(claim);
        }

        identity.AddClaim(new Claim(Organization, organizationId));
        return copy;
    }

    protected override async Task<ClaimsIdentity> GenerateClaimsAsync(User user)
    {
        var identity = await base.GenerateClaimsAsync(user);
        identity.AddClaim(new Claim(Organization, await organizations.OpenAsync(user, CancellationToken.None)));
        foreach (var (type, value) in new[] { (Zone, user.TimeZone), (Numbers, user.NumberFormat) })
        {
            if (value is not null)
            {
                identity.AddClaim(new Claim(type, value));
            }
        }

        if (user.IsPlatformAdministrator)
        {
            identity.AddClaim(new Claim(Administrator, "true"));
        }

        return identity;
    }
}

using System.Security.Claims;
using BillingPortal.Store;
using Microsoft.AspNetCore.Identity;

namespace BillingPortal.Accounts;

/// <summary>Checks passwords without telling who has an account.</summary>
public sealed class SignIns(UserManager<User> users, SignInManager<User> signIns, IPasswordHasher<User> hasher)
{
    // Checked when nobody has the address, so that the answer takes as long.
    private static string? nobodysHash;

    /// <summary>
    /// The claims of the person, or null: wrong password, unknown address, disabled, or locked for five minutes after five wrong passwords,
    /// and nothing that tells these apart.
    /// </summary>
    public async Task<ClaimsPrincipal?> CheckAsync(string email, string password)
    {
        if (email.Length > Registration.EmailLength || password.Length > Registration.PasswordLength)
        {
            return null;
        }

        var user = await users.FindByEmailAsync(email.Trim());
        if (user is null || user.DisabledAt is not null || await users.IsLockedOutAsync(user))
        {
            nobodysHash ??= hasher.HashPassword(new User(), Guid.NewGuid().ToString());
            hasher.VerifyHashedPassword(new User(), nobodysHash, password);
            return null;
        }

        var result = await signIns.CheckPasswordSignInAsync(user, password, lockoutOnFailure: true);
        return result.Succeeded ? await signIns.CreateUserPrincipalAsync(user) : null;
    }

    /// <summary>Fresh claims for somebody whose old ones still hold; null if the password or the rights have changed since.</summary>
    public async Task<ClaimsPrincipal?> RenewAsync(ClaimsPrincipal principal)
    {
        var user = await signIns.ValidateSecurityStampAsync(principal);
        if (user is null || user.DisabledAt is not null)
        {
            return null;
        }

        var renewed = await signIns.CreateUserPrincipalAsync(user);
        return principal.FindFirst(PortalClaims.Organization)?.Value is { } organizationId ? PortalClaims.For(renewed, organizationId) : renewed;
    }
}

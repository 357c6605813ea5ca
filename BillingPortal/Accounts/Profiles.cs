using System.Security.Claims;
using BillingPortal.Access;
using BillingPortal.Store;
using Microsoft.AspNetCore.Identity;

namespace BillingPortal.Accounts;

/// <summary>What a person says of themselves.</summary>
/// <param name="Name">How pages and invitations call the person.</param>
/// <param name="TimeZone">An IANA zone; null: the one of the browser.</param>
/// <param name="Numbers">One of <see cref="NumberFormats"/>; null: the first.</param>
public sealed record Profile(string Name, string? TimeZone, string? Numbers);

/// <summary>Keeps what people say of themselves.</summary>
/// <remarks>Zone and numbers travel as claims of the session, so that no page asks the database for them.</remarks>
public sealed class Profiles(UserManager<User> users, SignInManager<User> signIns)
{
    /// <summary>The caller's own, and the e-mail address of the account.</summary>
    /// <exception cref="AccessDeniedException">The caller is a key.</exception>
    public async Task<(Profile Profile, string Email)> GetAsync(Caller caller)
    {
        var user = await FindAsync(caller);
        return (new Profile(user.DisplayName, user.TimeZone, user.NumberFormat), user.Email ?? "");
    }

    /// <summary>Changes the caller's own.</summary>
    /// <returns>The claims with which the session goes on, or why not.</returns>
    /// <exception cref="AccessDeniedException">The caller is a key.</exception>
    public async Task<(ClaimsPrincipal? Session, string? Problem)> SaveAsync(Caller caller, Profile profile)
    {
        var name = profile.Name.Trim();
        if (name.Length is 0 or > Registration.NameLength || name.Any(char.IsControl))
        {
            return (null, $"A name has 1 to {Registration.NameLength} characters, none of them a control character.");
        }

        if (profile.TimeZone is not null && !TimeZoneInfo.TryFindSystemTimeZoneById(profile.TimeZone, out _))
        {
            return (null, "There is no such time zone.");
        }

        if (profile.Numbers is not null && !NumberFormats.Contains(profile.Numbers))
        {
            return (null, "There is no such way to write numbers.");
        }

        var user = await FindAsync(caller);
        (user.DisplayName, user.TimeZone, user.NumberFormat) = (name, profile.TimeZone, profile.Numbers);
        var saved = await users.UpdateAsync(user);
        return saved.Succeeded
            ? (PortalClaims.For(await signIns.CreateUserPrincipalAsync(user), caller.OrganizationId), null)
            : (null, saved.Errors.First().Description);
    }

    private async Task<User> FindAsync(Caller caller)
    {
        caller.DemandSession();
        return await users.FindByIdAsync(caller.UserId!) ?? throw new InvalidOperationException($"The caller {caller.Actor} is nobody.");
    }
}

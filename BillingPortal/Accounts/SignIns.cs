using System.Security.Claims;
using BillingPortal.Store;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace BillingPortal.Accounts;

/// <summary>What became of a sign-in.</summary>
public abstract record SignInOutcome
{
    private SignInOutcome()
    {
    }

    /// <summary>The claims of the person.</summary>
    public sealed record SignedIn(ClaimsPrincipal Principal) : SignInOutcome;

    /// <summary>Wrong password, unknown address, disabled, or locked for five minutes after five wrong passwords; nothing tells these apart.</summary>
    public sealed record Refused : SignInOutcome;

    /// <summary>Too many failures from this network; nothing was checked.</summary>
    public sealed record Throttled(TimeSpan RetryAfter) : SignInOutcome;
}

/// <summary>Checks passwords without telling who has an account.</summary>
public sealed class SignIns(
    UserManager<User> users,
    SignInManager<User> signIns,
    IPasswordHasher<User> hasher,
    IRateCounters counters,
    IOptions<RateLimitOptions> limits,
    TimeProvider clock,
    ILogger<SignIns> logger)
{
    /// <summary>What people are told about <see cref="SignInOutcome.Refused"/>, whatever its cause.</summary>
    public const string RefusedMessage = "That e-mail and password do not match. After five wrong passwords an account rests for five minutes.";

    // Checked when there is no password to check, so that the answer takes as long.
    private static string? nobodysHash;

    /// <param name="email">As typed.</param>
    /// <param name="password">As typed.</param>
    /// <param name="address">Where the attempt comes from: <see cref="ClientAddress"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<SignInOutcome> CheckAsync(string email, string password, string address, CancellationToken cancellationToken)
    {
        var counter = $"sign-in:{address}";
        var limit = RateLimit.PerMinute(limits.Value.SignInFailuresPerMinute);
        if (await counters.PeekAsync(counter, limit, cancellationToken) is { Allowed: false } standing)
        {
            return new SignInOutcome.Throttled(standing.NextAt - clock.GetUtcNow());
        }

        if (await FindAsync(email, password) is { } user)
        {
            return new SignInOutcome.SignedIn(await signIns.CreateUserPrincipalAsync(user));
        }

        await counters.TakeAsync(counter, limit, cancellationToken);
        logger.LogInformation("A sign-in from {Address} was refused.", address);
        return new SignInOutcome.Refused();
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

    private async Task<User?> FindAsync(string email, string password)
    {
        if (email.Length > Registration.EmailLength || email.Any(char.IsControl) || password.Length > Registration.PasswordLength)
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

        return (await signIns.CheckPasswordSignInAsync(user, password, lockoutOnFailure: true)).Succeeded ? user : null;
    }
}

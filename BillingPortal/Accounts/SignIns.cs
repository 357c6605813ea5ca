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

    /// <summary>The password was right, and a code is wanted too: <see cref="SignIns.ConfirmAsync"/>.</summary>
    /// <param name="FirstStep">Proves the first step to the second; it opens nothing by itself.</param>
    public sealed record NeedsCode(ClaimsPrincipal FirstStep) : SignInOutcome;

    /// <summary>Wrong password, unknown address, disabled, or locked for five minutes after five wrong passwords; nothing tells these apart.</summary>
    public sealed record Refused : SignInOutcome;

    /// <summary>Too many failures from this network; nothing was checked.</summary>
    public sealed record Throttled(TimeSpan RetryAfter) : SignInOutcome;
}

/// <summary>Checks passwords, codes and passkeys without telling who has an account.</summary>
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

    /// <summary>The longest code that is looked at, spaces included.</summary>
    public const int CodeLength = 40;

    private const string FirstStepClaim = "first_step";

    // As long as a code is taken, two steps of thirty seconds back and ahead of now: each once.
    private static readonly RateLimit OnceEach = new(1, TimeSpan.FromMinutes(5));

    // Checked when there is no password to check, so that the answer takes as long.
    private static string? nobodysHash;

    /// <param name="email">As typed.</param>
    /// <param name="password">As typed.</param>
    /// <param name="address">Where the attempt comes from: <see cref="ClientAddress"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<SignInOutcome> CheckAsync(string email, string password, string address, CancellationToken cancellationToken) =>
        AttemptAsync(address, () => FindAsync(email, password), user => user.TwoFactorEnabled, cancellationToken);

    /// <summary>Checks the code that is asked for after the password: one of the authenticator app, or one for a lost device. Each is taken once.</summary>
    /// <param name="firstStep">As <see cref="SignInOutcome.NeedsCode"/> gave it.</param>
    /// <param name="code">As typed.</param>
    /// <param name="address">Where the attempt comes from: <see cref="ClientAddress"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<SignInOutcome> ConfirmAsync(ClaimsPrincipal firstStep, string code, string address, CancellationToken cancellationToken) =>
        AttemptAsync(address, () => FindByCodeAsync(firstStep, code, cancellationToken), _ => false, cancellationToken);

    /// <summary>What a device needs to sign somebody in by a passkey, as browsers take it.</summary>
    public Task<string> BeginPasskeyAsync() => signIns.MakePasskeyRequestOptionsAsync(null);

    /// <summary>Signs in whoever's device answered <see cref="BeginPasskeyAsync"/>. A passkey has asked its person already, so no code is wanted.</summary>
    /// <param name="credential">The browser's answer.</param>
    /// <param name="address">Where the attempt comes from: <see cref="ClientAddress"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<SignInOutcome> CheckPasskeyAsync(string credential, string address, CancellationToken cancellationToken) =>
        AttemptAsync(address, () => FindByPasskeyAsync(credential), _ => false, cancellationToken);

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

    /// <summary>The digits of a code as people type it.</summary>
    internal static string DigitsOf(string code) => string.Concat(code.Take(CodeLength).Where(char.IsAsciiDigit));

    private async Task<SignInOutcome> AttemptAsync(string address, Func<Task<User?>> find, Func<User, bool> needsCode, CancellationToken cancellationToken)
    {
        var counter = $"sign-in:{address}";
        var limit = RateLimit.PerMinute(limits.Value.SignInFailuresPerMinute);
        if (await counters.PeekAsync(counter, limit, cancellationToken) is { Allowed: false } standing)
        {
            return new SignInOutcome.Throttled(standing.NextAt - clock.GetUtcNow());
        }

        if (await find() is { } user)
        {
            return needsCode(user) ? new SignInOutcome.NeedsCode(FirstStepOf(user)) : new SignInOutcome.SignedIn(await signIns.CreateUserPrincipalAsync(user));
        }

        await counters.TakeAsync(counter, limit, cancellationToken);
        logger.LogInformation("A sign-in from {Address} was refused.", address);
        return new SignInOutcome.Refused();
    }

    // The stamp ends it with the password that was its proof.
    private static ClaimsPrincipal FirstStepOf(User user) =>
        new(new ClaimsIdentity([new(FirstStepClaim, user.Id), new(ClaimTypes.Hash, user.SecurityStamp ?? "")], IdentityConstants.TwoFactorUserIdScheme));

    private async Task<User?> FindByCodeAsync(ClaimsPrincipal firstStep, string code, CancellationToken cancellationToken)
    {
        if (firstStep.FindFirstValue(FirstStepClaim) is not { } userId || await users.FindByIdAsync(userId) is not { DisabledAt: null, TwoFactorEnabled: true } user
            || user.SecurityStamp != firstStep.FindFirstValue(ClaimTypes.Hash) || await users.IsLockedOutAsync(user))
        {
            return null;
        }

        if (await IsCodeAsync(user, code, cancellationToken))
        {
            await users.ResetAccessFailedCountAsync(user);
            return user;
        }

        await users.AccessFailedAsync(user);
        return null;
    }

    private async Task<bool> IsCodeAsync(User user, string code, CancellationToken cancellationToken)
    {
        var digits = DigitsOf(code);
        if (await users.VerifyTwoFactorTokenAsync(user, users.Options.Tokens.AuthenticatorTokenProvider, digits))
        {
            return (await counters.TakeAsync($"code:{user.Id}:{digits}", OnceEach, cancellationToken)).Allowed;
        }

        return code.Length <= CodeLength && (await users.RedeemTwoFactorRecoveryCodeAsync(user, code.Trim().ToUpperInvariant())).Succeeded;
    }

    private async Task<User?> FindByPasskeyAsync(string credential)
    {
        try
        {
            if (credential.Length > AccountSecurity.CredentialLength || await signIns.PerformPasskeyAssertionAsync(credential) is not { Succeeded: true } shown
                || shown.User.DisabledAt is not null || await users.IsLockedOutAsync(shown.User))
            {
                return null;
            }

            await users.AddOrUpdatePasskeyAsync(shown.User, shown.Passkey);
            return shown.User;
        }
        catch (InvalidOperationException)
        {
            // Nothing was begun, or too long ago.
            return null;
        }
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

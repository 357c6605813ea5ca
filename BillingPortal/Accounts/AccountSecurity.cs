using System.Buffers.Text;
using System.Security.Claims;
using BillingPortal.Access;
using BillingPortal.Audit;
using BillingPortal.Store;
using Microsoft.AspNetCore.Identity;

namespace BillingPortal.Accounts;

/// <summary>A passkey as its person sees it.</summary>
/// <param name="Id">The credential's, in base64url.</param>
/// <param name="Name">As the person called it.</param>
/// <param name="AddedAt">When it was registered.</param>
public sealed record PasskeyView(string Id, string Name, DateTimeOffset AddedAt);

/// <summary>How a person signs in.</summary>
/// <param name="Email">The account's address.</param>
/// <param name="HasAuthenticator">Whether a code is asked for after the password.</param>
/// <param name="RecoveryCodesLeft">How many of the codes for a lost device were not used yet.</param>
/// <param name="Passkeys">Oldest first.</param>
public sealed record SecurityView(string Email, bool HasAuthenticator, int RecoveryCodesLeft, IReadOnlyList<PasskeyView> Passkeys);

/// <summary>What an authenticator app is told.</summary>
/// <param name="Key">In groups of four, to be typed.</param>
/// <param name="Address">To be opened on the device that has the app.</param>
public sealed record AuthenticatorSetup(string Key, string Address);

/// <summary>What became of a change to how a person signs in.</summary>
public abstract record SecurityChange
{
    private SecurityChange()
    {
    }

    /// <summary>It is done.</summary>
    /// <param name="Session">The claims with which this session goes on; where the change ends the others, they end now.</param>
    public sealed record Done(ClaimsPrincipal Session) : SecurityChange
    {
        /// <summary>New codes for a lost device, if any were made; they cannot be read again.</summary>
        public IReadOnlyList<string> RecoveryCodes { get; init; } = [];
    }

    /// <summary>Nothing was changed, for this reason.</summary>
    public sealed record Refused(string Reason) : SecurityChange;
}

/// <summary>Changes how people sign in. What would let somebody else in asks for the password again.</summary>
public sealed class AccountSecurity(UserManager<User> users, SignInManager<User> signIns, BillingDbContext db, TimeProvider clock)
{
    /// <summary>Most passkeys of one person.</summary>
    public const int MostPasskeys = 10;

    /// <summary>Longest name of a passkey, in characters.</summary>
    public const int PasskeyNameLength = 60;

    /// <summary>Longest answer of a device, in characters; real ones have some thousands.</summary>
    public const int CredentialLength = 20_000;

    private const int RecoveryCodes = 10;
    private const string Issuer = "Billing portal";

    private static readonly SecurityChange.Refused WrongPassword =
        new("That is not your current password. Nothing was changed; after five wrong ones your account rests for five minutes.");

    /// <summary>How the caller signs in.</summary>
    /// <exception cref="AccessDeniedException">The caller is a key.</exception>
    public async Task<SecurityView> GetAsync(Caller caller)
    {
        var user = await FindAsync(caller);
        var passkeys = await users.GetPasskeysAsync(user);
        return new SecurityView(
            user.Email ?? "", user.TwoFactorEnabled, user.TwoFactorEnabled ? await users.CountRecoveryCodesAsync(user) : 0,
            [.. passkeys.OrderBy(passkey => passkey.CreatedAt).Select(passkey => new PasskeyView(Base64Url.EncodeToString(passkey.CredentialId), passkey.Name ?? "", passkey.CreatedAt))]);
    }

    /// <summary>Changes the password and ends every other session.</summary>
    /// <exception cref="AccessDeniedException">The caller is a key.</exception>
    public Task<SecurityChange> ChangePasswordAsync(Caller caller, string password, string wanted) => ChangeAsync(caller, password, async user =>
    {
        if (wanted.Length > Registration.PasswordLength)
        {
            return new SecurityChange.Refused($"A password has at most {Registration.PasswordLength} characters.");
        }

        Note(caller, AuditActs.PasswordChanged);
        return await EndAsync(caller, user, await users.ChangePasswordAsync(user, password, wanted));
    });

    /// <summary>Ends every session but this one, and every access token.</summary>
    /// <exception cref="AccessDeniedException">The caller is a key.</exception>
    public async Task<SecurityChange> SignOutElsewhereAsync(Caller caller)
    {
        var user = await FindAsync(caller);
        Note(caller, AuditActs.SignedOutElsewhere);
        return await EndAsync(caller, user, await users.UpdateSecurityStampAsync(user));
    }

    /// <summary>Makes a new key for an authenticator app. Nothing is asked for at sign-in before <see cref="TurnAuthenticatorOnAsync"/>.</summary>
    /// <exception cref="AccessDeniedException">The caller is a key.</exception>
    public Task<SecurityChange> BeginAuthenticatorAsync(Caller caller, string password) => ChangeAsync(caller, password, async user => user.TwoFactorEnabled
        ? new SecurityChange.Refused("An authenticator app is asked for already. Switch it off first to use another.")
        : await EndAsync(caller, user, await users.ResetAuthenticatorKeyAsync(user)));

    /// <summary>What the app is told; null if there is no key to tell, or the app has it already.</summary>
    /// <exception cref="AccessDeniedException">The caller is a key.</exception>
    public async Task<AuthenticatorSetup?> FindAuthenticatorSetupAsync(Caller caller)
    {
        var user = await FindAsync(caller);
        if (user.TwoFactorEnabled || await users.GetAuthenticatorKeyAsync(user) is not { Length: > 0 } key)
        {
            return null;
        }

        // Source: the key URI format that authenticator apps share; the rest of it is what they take unasked: SHA-1, six digits, thirty seconds.
        var address = $"otpauth://totp/{Uri.EscapeDataString(Issuer)}:{Uri.EscapeDataString(user.Email ?? "")}?secret={key}&issuer={Uri.EscapeDataString(Issuer)}";
        return new AuthenticatorSetup(string.Join(' ', key.ToLowerInvariant().Chunk(4).Select(group => new string(group))), address);
    }

    /// <summary>Asks for a code after the password from now on, once the app has proved that it makes the right ones.</summary>
    /// <exception cref="AccessDeniedException">The caller is a key.</exception>
    public async Task<SecurityChange> TurnAuthenticatorOnAsync(Caller caller, string code)
    {
        var user = await FindAsync(caller);
        if (user.TwoFactorEnabled || !await users.VerifyTwoFactorTokenAsync(user, users.Options.Tokens.AuthenticatorTokenProvider, SignIns.DigitsOf(code)))
        {
            return new SecurityChange.Refused("That code is not right. Codes change every thirty seconds; check that your device's clock is.");
        }

        Note(caller, AuditActs.AuthenticatorOn);
        return await EndAsync(caller, user, await users.SetTwoFactorEnabledAsync(user, true)) is SecurityChange.Done done
            ? done with { RecoveryCodes = await NewCodesAsync(user) }
            : throw new InvalidOperationException("The second step could not be switched on.");
    }

    /// <summary>Asks for the password alone from now on.</summary>
    /// <exception cref="AccessDeniedException">The caller is a key.</exception>
    public Task<SecurityChange> TurnAuthenticatorOffAsync(Caller caller, string password) => ChangeAsync(caller, password, async user =>
    {
        Note(caller, AuditActs.AuthenticatorOff);
        return await EndAsync(caller, user, await users.SetTwoFactorEnabledAsync(user, false));
    });

    /// <summary>Makes new codes for a lost device; the old ones are worth nothing.</summary>
    /// <exception cref="AccessDeniedException">The caller is a key.</exception>
    public Task<SecurityChange> RenewRecoveryCodesAsync(Caller caller, string password) => ChangeAsync(caller, password, async user =>
    {
        if (!user.TwoFactorEnabled)
        {
            return new SecurityChange.Refused("Codes for a lost device belong to an authenticator app, and there is none.");
        }

        Note(caller, AuditActs.RecoveryCodesRenewed);
        return new SecurityChange.Done(await SessionOfAsync(caller, user)) { RecoveryCodes = await NewCodesAsync(user) };
    });

    /// <summary>What a device needs to make a passkey, as browsers take it; null, and why, if none can be added.</summary>
    /// <exception cref="AccessDeniedException">The caller is a key.</exception>
    public async Task<(string? Options, string? Problem)> BeginPasskeyAsync(Caller caller, string password)
    {
        var user = await FindAsync(caller);
        if (!await IsPasswordAsync(user, password))
        {
            return (null, WrongPassword.Reason);
        }

        if ((await users.GetPasskeysAsync(user)).Count >= MostPasskeys)
        {
            return (null, $"At most {MostPasskeys} passkeys can be kept. Remove one first.");
        }

        return (await signIns.MakePasskeyCreationOptionsAsync(new PasskeyUserEntity { Id = user.Id, Name = user.Email ?? user.Id, DisplayName = user.DisplayName }), null);
    }

    /// <summary>Keeps the passkey that a device made after <see cref="BeginPasskeyAsync"/>.</summary>
    /// <param name="caller">Whose.</param>
    /// <param name="name">What the person calls it.</param>
    /// <param name="credential">The browser's answer.</param>
    /// <exception cref="AccessDeniedException">The caller is a key.</exception>
    public async Task<SecurityChange> AddPasskeyAsync(Caller caller, string name, string credential)
    {
        var user = await FindAsync(caller);
        if (name.Trim() is not { Length: > 0 and <= PasskeyNameLength } called || called.Any(char.IsControl))
        {
            return new SecurityChange.Refused($"A passkey's name has 1 to {PasskeyNameLength} characters.");
        }

        if (await AttestAsync(credential) is not { Succeeded: true } made || made.UserEntity.Id != user.Id || (await users.GetPasskeysAsync(user)).Count >= MostPasskeys)
        {
            return new SecurityChange.Refused("The passkey could not be kept. Nothing was changed; begin again.");
        }

        made.Passkey.Name = called;
        Note(caller, AuditActs.PasskeyAdded, after: new { Name = called });
        var kept = await users.AddOrUpdatePasskeyAsync(user, made.Passkey);
        return kept.Succeeded ? new SecurityChange.Done(await SessionOfAsync(caller, user)) : Refusal(kept);
    }

    /// <summary>Removes a passkey of the caller's; nobody signs in with it any more.</summary>
    /// <exception cref="AccessDeniedException">The caller is a key.</exception>
    public async Task<SecurityChange> RemovePasskeyAsync(Caller caller, string passkeyId)
    {
        var user = await FindAsync(caller);
        var own = (await users.GetPasskeysAsync(user)).FirstOrDefault(passkey => Base64Url.EncodeToString(passkey.CredentialId) == passkeyId);
        if (own is null)
        {
            return new SecurityChange.Refused("That passkey is not there any more.");
        }

        Note(caller, AuditActs.PasskeyRemoved, before: new { own.Name });
        var removed = await users.RemovePasskeyAsync(user, own.CredentialId);
        return removed.Succeeded ? new SecurityChange.Done(await SessionOfAsync(caller, user)) : Refusal(removed);
    }

    private async Task<SecurityChange> ChangeAsync(Caller caller, string password, Func<User, Task<SecurityChange>> change)
    {
        var user = await FindAsync(caller);
        return await IsPasswordAsync(user, password) ? await change(user) : WrongPassword;
    }

    private async Task<bool> IsPasswordAsync(User user, string password) =>
        password.Length <= Registration.PasswordLength && (await signIns.CheckPasswordSignInAsync(user, password, lockoutOnFailure: true)).Succeeded;

    // The users' own context: it stores the entry with what they save next.
    private void Note(Caller caller, string act, object? before = null, object? after = null) => db.Record(caller, clock.Now(), act, caller.UserId!, before, after);

    private async Task<SecurityChange> EndAsync(Caller caller, User user, IdentityResult result) =>
        result.Succeeded ? new SecurityChange.Done(await SessionOfAsync(caller, user)) : Refusal(result);

    private static SecurityChange.Refused Refusal(IdentityResult result) => new(string.Join(' ', result.Errors.Select(error => error.Description)));

    private async Task<ClaimsPrincipal> SessionOfAsync(Caller caller, User user) => PortalClaims.For(await signIns.CreateUserPrincipalAsync(user), caller.OrganizationId);

    private async Task<IReadOnlyList<string>> NewCodesAsync(User user) => [.. await users.GenerateNewTwoFactorRecoveryCodesAsync(user, RecoveryCodes) ?? []];

    private async Task<PasskeyAttestationResult?> AttestAsync(string credential)
    {
        try
        {
            return credential.Length <= CredentialLength ? await signIns.PerformPasskeyAttestationAsync(credential) : null;
        }
        catch (InvalidOperationException)
        {
            // Nothing was begun, or too long ago.
            return null;
        }
    }

    private async Task<User> FindAsync(Caller caller)
    {
        caller.DemandSession();
        return await users.FindByIdAsync(caller.UserId!) ?? throw new InvalidOperationException($"The caller {caller.Actor} is nobody.");
    }
}

using System.ComponentModel.DataAnnotations;
using BillingPortal.Access;
using BillingPortal.Accounts;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Settings;

/// <summary>Password, authenticator app, passkeys and other sessions.</summary>
public sealed partial class SecurityPage
{
    private const string Address = "/settings/security";

    private SecurityView? view;
    private AuthenticatorSetup? setup;
    private IReadOnlyList<string> codes = [];
    private string? problem;

    [SupplyParameterFromForm(FormName = "password")]
    private PasswordInput? Password { get; set; }

    [SupplyParameterFromForm(FormName = "authenticator")]
    private AuthenticatorInput? Authenticator { get; set; }

    [SupplyParameterFromForm(FormName = "confirm")]
    private ConfirmInput? Confirm { get; set; }

    [SupplyParameterFromForm(FormName = "passkey")]
    private PasskeyInput? Passkey { get; set; }

    [SupplyParameterFromQuery(Name = "done")]
    private string? Done { get; set; }

    [Inject]
    private AccountSecurity Security { get; set; } = null!;

    private string? DoneText => Done switch
    {
        "password" => "Your password is changed, and you are signed out everywhere else.",
        "off" => "The authenticator app is off. Signing in asks for your password alone.",
        "passkey" => "The passkey is kept. You can sign in with it from now on.",
        "removed" => "The passkey is removed. Nobody signs in with it any more.",
        "sessions" => "Every other session of yours has ended.",
        _ => null,
    };

    protected override async Task ReadAsync(Caller caller)
    {
        Password ??= new PasswordInput();
        Authenticator ??= new AuthenticatorInput();
        Passkey ??= new PasskeyInput();
        if (Confirm is not null)
        {
            setup = await Security.FindAuthenticatorSetupAsync(caller);
        }

        Confirm ??= new ConfirmInput();
        view = await Security.GetAsync(caller);
    }

    private async Task ChangePasswordAsync() => await FinishAsync(await Security.ChangePasswordAsync(Caller!, Password!.Current, Password.Wanted), "password");

    private async Task ChangeAuthenticatorAsync()
    {
        switch (Authenticator!.Wish)
        {
            case "begin":
                await FinishAsync(await Security.BeginAuthenticatorAsync(Caller!, Authenticator.Password), null);
                setup = problem is null ? await Security.FindAuthenticatorSetupAsync(Caller!) : null;
                break;
            case "codes":
                await FinishAsync(await Security.RenewRecoveryCodesAsync(Caller!, Authenticator.Password), null);
                break;
            default:
                await FinishAsync(await Security.TurnAuthenticatorOffAsync(Caller!, Authenticator.Password), "off");
                break;
        }
    }

    private async Task ConfirmAsync()
    {
        await FinishAsync(await Security.TurnAuthenticatorOnAsync(Caller!, Confirm!.Code), null);
        setup = problem is null ? null : setup;
    }

    private async Task AddPasskeyAsync() => await FinishAsync(await Security.AddPasskeyAsync(Caller!, Passkey!.Name, Passkey.Credential ?? ""), "passkey");

    private async Task RemoveAsync(PasskeyView passkey) => await FinishAsync(await Security.RemovePasskeyAsync(Caller!, passkey.Id), "removed");

    private async Task SignOutElsewhereAsync() => await FinishAsync(await Security.SignOutElsewhereAsync(Caller!), "sessions");

    /// <summary>Goes on with the session that the change left.</summary>
    /// <param name="change">What became of it.</param>
    /// <param name="word">Of what the page tells when it is loaded anew; null where this answer has to show something that is shown once.</param>
    private async Task FinishAsync(SecurityChange change, string? word)
    {
        switch (change)
        {
            case SecurityChange.Done done:
                await ContinueAsAsync(done.Session);
                if (word is not null)
                {
                    Navigation.NavigateTo($"{Address}?done={word}");
                }

                codes = done.RecoveryCodes;
                view = await Security.GetAsync(Caller!);
                break;
            case SecurityChange.Refused refused:
                problem = refused.Reason;
                break;
        }
    }

    /// <summary>The fields for a new password.</summary>
    public sealed class PasswordInput
    {
        [Required(ErrorMessage = "Enter your current password.")]
        [StringLength(Registration.PasswordLength, ErrorMessage = "A password has at most {1} characters.")]
        public string Current { get; set; } = "";

        [Required(ErrorMessage = "Choose a password.")]
        [StringLength(Registration.PasswordLength, ErrorMessage = "A password has at most {1} characters.")]
        public string Wanted { get; set; } = "";
    }

    /// <summary>What is to be done about the authenticator app.</summary>
    public sealed class AuthenticatorInput
    {
        [Required(ErrorMessage = "Enter your current password.")]
        [StringLength(Registration.PasswordLength, ErrorMessage = "A password has at most {1} characters.")]
        public string Password { get; set; } = "";

        /// <summary>"begin", "codes" or "off".</summary>
        public string? Wish { get; set; }
    }

    /// <summary>The code that proves the app.</summary>
    public sealed class ConfirmInput
    {
        [Required(ErrorMessage = "Enter the code.")]
        [StringLength(SignIns.CodeLength, ErrorMessage = "A code has six digits.")]
        public string Code { get; set; } = "";
    }

    /// <summary>A new passkey.</summary>
    public sealed class PasskeyInput
    {
        [Required(ErrorMessage = "Name the device.")]
        [StringLength(AccountSecurity.PasskeyNameLength, ErrorMessage = "A name has at most {1} characters.")]
        public string Name { get; set; } = "";

        [Required(ErrorMessage = "Enter your current password.")]
        [StringLength(Registration.PasswordLength, ErrorMessage = "A password has at most {1} characters.")]
        public string Password { get; set; } = "";

        [StringLength(AccountSecurity.CredentialLength, ErrorMessage = "That is no passkey.")]
        public string? Credential { get; set; }
    }
}

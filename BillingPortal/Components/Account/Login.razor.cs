using System.ComponentModel.DataAnnotations;
using BillingPortal.Accounts;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Identity;

namespace BillingPortal.Components.Account;

/// <summary>Signs a person in by e-mail and password. Static: it sets a cookie, and works without scripts.</summary>
public sealed partial class Login
{
    private string? refusal;
    private bool needsAdministrator;

    [SupplyParameterFromForm(FormName = "login")]
    private LoginInput? Input { get; set; }

    [SupplyParameterFromForm(FormName = "passkey")]
    private PasskeyInput? Passkey { get; set; }

    [SupplyParameterFromQuery(Name = "returnUrl")]
    private string? ReturnUrl { get; set; }

    [SupplyParameterFromQuery(Name = "registered")]
    private bool Registered { get; set; }

    [CascadingParameter]
    private HttpContext Http { get; set; } = default!;

    protected override async Task OnInitializedAsync()
    {
        Input ??= new LoginInput();
        Passkey ??= new PasskeyInput();
        needsAdministrator = await FirstAdministrator.IsNeededAsync(Http.RequestAborted);
    }

    private async Task SignInAsync() =>
        await GoOnAsync(await SignIns.CheckAsync(Input!.Email, Input.Password, ClientAddress.Of(Http), Http.RequestAborted), SignIns.RefusedMessage);

    private async Task SignInByPasskeyAsync() => await GoOnAsync(
        await SignIns.CheckPasskeyAsync(Passkey!.Credential ?? "", ClientAddress.Of(Http), Http.RequestAborted),
        "That passkey does not open an account here. Sign in by password.");

    private async Task GoOnAsync(SignInOutcome outcome, string refused)
    {
        switch (outcome)
        {
            case SignInOutcome.SignedIn signedIn:
                await Http.SignInAsync(IdentityConstants.ApplicationScheme, signedIn.Principal, new AuthenticationProperties { IsPersistent = true });
                Navigation.NavigateTo(LocalUrl.OrHome(ReturnUrl));
                break;
            case SignInOutcome.NeedsCode needsCode:
                await Http.SignInAsync(IdentityConstants.TwoFactorUserIdScheme, needsCode.FirstStep);
                Navigation.NavigateTo($"/Account/SecondStep?returnUrl={Uri.EscapeDataString(LocalUrl.OrHome(ReturnUrl))}");
                break;
            case SignInOutcome.Throttled throttled:
                refusal = $"Too many failed sign-ins from your network. Try again in {Math.Ceiling(throttled.RetryAfter.TotalSeconds)} seconds.";
                break;
            default:
                refusal = refused;
                break;
        }
    }

    /// <summary>What a device answered.</summary>
    public sealed class PasskeyInput
    {
        [StringLength(AccountSecurity.CredentialLength, ErrorMessage = "That is no passkey.")]
        public string? Credential { get; set; }
    }

    /// <summary>The form's fields.</summary>
    public sealed class LoginInput
    {
        [Required(ErrorMessage = "Enter your e-mail address.")]
        [StringLength(Registration.EmailLength, ErrorMessage = "An e-mail address has at most {1} characters.")]
        public string Email { get; set; } = "";

        [Required(ErrorMessage = "Enter your password.")]
        [StringLength(Registration.PasswordLength, ErrorMessage = "A password has at most {1} characters.")]
        public string Password { get; set; } = "";
    }
}

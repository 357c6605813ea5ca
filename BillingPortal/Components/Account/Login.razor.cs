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

    [SupplyParameterFromQuery(Name = "returnUrl")]
    private string? ReturnUrl { get; set; }

    [SupplyParameterFromQuery(Name = "registered")]
    private bool Registered { get; set; }

    [CascadingParameter]
    private HttpContext Http { get; set; } = default!;

    protected override async Task OnInitializedAsync()
    {
        Input ??= new LoginInput();
        needsAdministrator = await FirstAdministrator.IsNeededAsync(Http.RequestAborted);
    }

    private async Task SignInAsync()
    {
        switch (await SignIns.CheckAsync(Input!.Email, Input.Password, ClientAddress.Of(Http), Http.RequestAborted))
        {
            case SignInOutcome.SignedIn signedIn:
                await Http.SignInAsync(IdentityConstants.ApplicationScheme, signedIn.Principal, new AuthenticationProperties { IsPersistent = true });
                Navigation.NavigateTo(LocalUrl.OrHome(ReturnUrl));
                break;
            case SignInOutcome.Throttled throttled:
                refusal = $"Too many failed sign-ins from your network. Try again in {Math.Ceiling(throttled.RetryAfter.TotalSeconds)} seconds.";
                break;
            default:
                refusal = SignIns.RefusedMessage;
                break;
        }
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

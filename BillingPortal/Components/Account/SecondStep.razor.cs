using System.Security.Claims;
using BillingPortal.Accounts;
using BillingPortal.Components.Settings;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Identity;

namespace BillingPortal.Components.Account;

/// <summary>Asks for the code after the password, of those who have an authenticator app. Static, as the first step.</summary>
public sealed partial class SecondStep
{
    private ClaimsPrincipal? firstStep;
    private string? refusal;

    [SupplyParameterFromForm(FormName = "second-step")]
    private SecurityPage.ConfirmInput? Input { get; set; }

    [SupplyParameterFromQuery(Name = "returnUrl")]
    private string? ReturnUrl { get; set; }

    [CascadingParameter]
    private HttpContext Http { get; set; } = default!;

    protected override async Task OnInitializedAsync()
    {
        Input ??= new SecurityPage.ConfirmInput();
        firstStep = (await Http.AuthenticateAsync(IdentityConstants.TwoFactorUserIdScheme)).Principal;
        if (firstStep is null)
        {
            // None was taken, or too long ago.
            Navigation.NavigateTo($"/Account/Login?returnUrl={Uri.EscapeDataString(LocalUrl.OrHome(ReturnUrl))}");
        }
    }

    private async Task ConfirmAsync()
    {
        switch (await SignIns.ConfirmAsync(firstStep!, Input!.Code, ClientAddress.Of(Http), Http.RequestAborted))
        {
            case SignInOutcome.SignedIn signedIn:
                await Http.SignOutAsync(IdentityConstants.TwoFactorUserIdScheme);
                await Http.SignInAsync(IdentityConstants.ApplicationScheme, signedIn.Principal, new AuthenticationProperties { IsPersistent = true });
                Navigation.NavigateTo(LocalUrl.OrHome(ReturnUrl));
                break;
            case SignInOutcome.Throttled throttled:
                refusal = $"Too many failed sign-ins from your network. Try again in {Math.Ceiling(throttled.RetryAfter.TotalSeconds)} seconds.";
                break;
            default:
                refusal = "That code is not right, or was used before. After five wrong ones an account rests for five minutes.";
                break;
        }
    }
}

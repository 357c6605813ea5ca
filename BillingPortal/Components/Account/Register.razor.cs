using System.ComponentModel.DataAnnotations;
using BillingPortal.Accounts;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Account;

/// <summary>Signs a person up. Whether the address was free or taken, the visitor sees the same: the sign-in page.</summary>
public sealed partial class Register
{
    private IReadOnlyList<string> refusals = [];

    [SupplyParameterFromForm(FormName = "register")]
    private RegisterInput? Input { get; set; }

    [CascadingParameter]
    private HttpContext Http { get; set; } = default!;

    protected override void OnInitialized() => Input ??= new RegisterInput();

    private async Task RegisterAsync()
    {
        switch (await Registrations.SignUpAsync(Input!.Email, Input.Password, Input.Name, ClientAddress.Of(Http), Http.RequestAborted))
        {
            case RegistrationResult.Refused refused:
                refusals = refused.Reasons;
                break;
            case RegistrationResult.Throttled throttled:
                refusals = [$"Too many accounts were made from your network. Try again in {Math.Ceiling(throttled.RetryAfter.TotalMinutes)} minutes."];
                break;
            default:
                Navigation.NavigateTo("/Account/Login?registered=true");
                break;
        }
    }

    /// <summary>The form's fields.</summary>
    public sealed class RegisterInput
    {
        [StringLength(Registration.NameLength, ErrorMessage = "A name has at most {1} characters.")]
        public string? Name { get; set; }

        [Required(ErrorMessage = "Enter your e-mail address.")]
        [StringLength(Registration.EmailLength, ErrorMessage = "An e-mail address has at most {1} characters.")]
        public string Email { get; set; } = "";

        [Required(ErrorMessage = "Choose a password.")]
        [StringLength(Registration.PasswordLength, ErrorMessage = "A password has at most {1} characters.")]
        public string Password { get; set; } = "";
    }
}

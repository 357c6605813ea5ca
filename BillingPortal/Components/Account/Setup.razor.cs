using BillingPortal.Accounts;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Account;

/// <summary>Makes the first platform administrator, for whoever holds the link from the log.</summary>
public sealed partial class Setup
{
    private IReadOnlyList<string> refusals = [];
    private bool accepted;

    [SupplyParameterFromForm(FormName = "setup")]
    private Register.RegisterInput? Input { get; set; }

    [SupplyParameterFromQuery(Name = "code")]
    private string? Code { get; set; }

    [CascadingParameter]
    private HttpContext Http { get; set; } = default!;

    protected override async Task OnInitializedAsync()
    {
        Input ??= new Register.RegisterInput();
        accepted = await FirstAdministrator.AcceptsAsync(Code, Http.RequestAborted);
    }

    private async Task MakeAsync()
    {
        switch (await FirstAdministrator.MakeAsync(Code, Input!.Email, Input.Password, Input.Name, Http.RequestAborted))
        {
            case RegistrationResult.Registered:
                Navigation.NavigateTo("/Account/Login?registered=true");
                break;
            case RegistrationResult.Refused refused:
                refusals = refused.Reasons;
                break;
            case RegistrationResult.Taken:
                refusals = ["Somebody has an account with that address already. Take another."];
                break;
            default:
                accepted = false;
                break;
        }
    }
}

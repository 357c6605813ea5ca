using System.Globalization;
using System.Security.Claims;
using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Ledger;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Identity;

namespace BillingPortal.Components.Settings;

/// <summary>A page of the settings. Static: some of them set cookies, and all work without scripts.</summary>
public abstract class SettingsPage : ComponentBase
{
    /// <summary>Who is looking; null while on the way to the sign-in page.</summary>
    protected Caller? Caller { get; private set; }

    [CascadingParameter]
    protected HttpContext Http { get; set; } = default!;

    [Inject]
    protected NavigationManager Navigation { get; set; } = null!;

    [Inject]
    private CurrentCaller CurrentCaller { get; set; } = null!;

    /// <summary>Said after the page was loaded anew because something was saved.</summary>
    [SupplyParameterFromQuery(Name = "saved")]
    protected bool Saved { get; set; }

    /// <summary>Whether the viewer may change what costs money.</summary>
    protected bool MayPay => Caller is { Role: >= MemberRole.Billing };

    /// <summary>A whole number from 0 to <paramref name="highest"/>; null: the text is none.</summary>
    protected static long? TryReadWhole(string text, long highest) =>
        long.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= highest ? number : null;

    /// <summary>Whole credits as a number field takes them.</summary>
    protected static string TextOf(Credits credits) => (credits.Micros / Credits.MicrosPerCredit).ToString(CultureInfo.InvariantCulture);

    protected sealed override async Task OnInitializedAsync()
    {
        Caller = await CurrentCaller.GetAsync();
        if (Caller is null)
        {
            Navigation.NavigateTo($"/Account/Login?returnUrl={Uri.EscapeDataString(Http.Request.Path)}");
            return;
        }

        await ReadAsync(Caller);
    }

    /// <summary>Reads what is shown; a form that was sent is handled after it.</summary>
    protected abstract Task ReadAsync(Caller caller);

    /// <summary>Goes on with other claims.</summary>
    protected Task ContinueAsAsync(ClaimsPrincipal session) =>
        Http.SignInAsync(IdentityConstants.ApplicationScheme, session, new AuthenticationProperties { IsPersistent = true });
}

using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using BillingPortal.Access;
using BillingPortal.Accounts;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Settings;

/// <summary>Name, time zone and the way numbers are written.</summary>
public sealed partial class ProfilePage
{
    // Of the names that a zone has, those by a place; the others are abbreviations and old ones.
    private static readonly ImmutableArray<string> Zones =
    [
        "UTC",
        .. TimeZoneInfo.GetSystemTimeZones().Select(zone => zone.Id)
            .Where(id => id.Split('/')[0] is "Africa" or "America" or "Antarctica" or "Asia" or "Atlantic" or "Australia" or "Europe" or "Indian" or "Pacific" && id.Contains('/', StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    private string email = "";
    private string? problem;

    [SupplyParameterFromForm(FormName = "profile")]
    private ProfileInput? Input { get; set; }

    [Inject]
    private Profiles Profiles { get; set; } = null!;

    protected override async Task ReadAsync(Caller caller)
    {
        (var profile, email) = await Profiles.GetAsync(caller);
        Input ??= new ProfileInput { Name = profile.Name, TimeZone = profile.TimeZone, Numbers = profile.Numbers ?? NumberFormats.Default };
    }

    private async Task SaveAsync()
    {
        var wanted = new Profile(Input!.Name, string.IsNullOrEmpty(Input.TimeZone) ? null : Input.TimeZone, Input.Numbers == NumberFormats.Default ? null : Input.Numbers);
        (var session, problem) = await Profiles.SaveAsync(Caller!, wanted);
        if (session is not null)
        {
            await ContinueAsAsync(session);
            Navigation.NavigateTo("/settings?saved=true");
        }
    }

    /// <summary>The form's fields.</summary>
    public sealed class ProfileInput
    {
        [Required(ErrorMessage = "Enter your name.")]
        [StringLength(Registration.NameLength, ErrorMessage = "A name has at most {1} characters.")]
        public string Name { get; set; } = "";

        [StringLength(64, ErrorMessage = "There is no such time zone.")]
        public string? TimeZone { get; set; }

        [StringLength(16, ErrorMessage = "There is no such way to write numbers.")]
        public string? Numbers { get; set; }
    }
}

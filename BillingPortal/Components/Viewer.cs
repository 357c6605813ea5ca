using System.Globalization;
using System.Security.Claims;
using BillingPortal.Accounts;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components;

/// <summary>How one viewer reads the portal: the theme and the browser's time zone, kept in cookies, signed in or not; a zone chosen in the settings goes before it.</summary>
public sealed class Viewer(TimeProvider clock)
{
    public const string ThemeCookie = "theme";
    public const string ZoneCookie = "zone";
    public const string SystemTheme = "system";
    public const string ContrastTheme = "contrast";

    private static readonly CultureInfo English = CultureInfo.GetCultureInfo("en-GB");

    /// <summary>Raised when the time zone became known, so that times already on the page are written again.</summary>
    public event Action? Changed;

    /// <summary>"light", "dark", "contrast" for high contrast, or "system", which follows the device.</summary>
    public string Theme => ChosenTheme ?? SystemTheme;

    /// <summary>UTC until the browser has said where it is.</summary>
    public TimeZoneInfo Zone => ZoneId is { } id && TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) ? zone : TimeZoneInfo.Utc;

    public bool KnowsZone => ZoneId is not null;

    [PersistentState]
    public string? ChosenTheme { get; set; }

    [PersistentState]
    public string? ZoneId { get; set; }

    public static bool IsTheme(string? theme) => theme is "light" or "dark" or ContrastTheme or SystemTheme;

    internal void Read(HttpContext http)
    {
        var cookies = http.Request.Cookies;
        ChosenTheme = IsTheme(cookies[ThemeCookie]) ? cookies[ThemeCookie] : null;
        var zone = http.User.FindFirstValue(PortalClaims.Zone) ?? cookies[ZoneCookie];
        ZoneId = zone is not null && TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _) ? zone : null;
    }

    internal void SetZone(string id)
    {
        if (ZoneId != id && TimeZoneInfo.TryFindSystemTimeZoneById(id, out _))
        {
            ZoneId = id;
            Changed?.Invoke();
        }
    }

    /// <summary>Today, where the viewer is.</summary>
    public DateOnly Today => DateOf(clock.GetUtcNow());

    /// <summary>The day an instant falls on, where the viewer is.</summary>
    public DateOnly DateOf(DateTimeOffset instant) => DateOnly.FromDateTime(Local(instant).DateTime);

    /// <summary>The first instant of a day, where the viewer is.</summary>
    public DateTimeOffset StartOf(DateOnly day)
    {
        var midnight = day.ToDateTime(TimeOnly.MinValue);
        // Where clocks go forward at midnight the day begins an hour later.
        while (Zone.IsInvalidTime(midnight))
        {
            midnight = midnight.AddMinutes(30);
        }

        return new DateTimeOffset(midnight, Zone.GetUtcOffset(midnight));
    }

    /// <summary>"Today 14:02", "Yesterday 09:30", "3 Mar, 09:30", "3 Mar 2025".</summary>
    public string Moment(DateTimeOffset instant)
    {
        var local = Local(instant);
        var days = Today.DayNumber - DateOf(instant).DayNumber;
        return days switch
        {
            0 => $"Today {local.ToString("HH:mm", English)}",
            1 => $"Yesterday {local.ToString("HH:mm", English)}",
            -1 => $"Tomorrow {local.ToString("HH:mm", English)}",
            _ when local.Year == Today.Year => local.ToString("d MMM, HH:mm", English),
            _ => local.ToString("d MMM yyyy", English),
        };
    }

    /// <summary>"3 Mar", with the year when it is another than this one.</summary>
    public string Day(DateTimeOffset instant) => Day(DateOf(instant));

    /// <inheritdoc cref="Day(DateTimeOffset)"/>
    public string Day(DateOnly day) => day.ToString(day.Year == Today.Year ? "d MMM" : "d MMM yyyy", English);

    /// <summary>"14:02:11".</summary>
    public string Clock(DateTimeOffset instant) => Local(instant).ToString("HH:mm:ss", English);

    /// <summary>"Tuesday 3 March 2026, 09:30:12 (Europe/Berlin)".</summary>
    public string Exact(DateTimeOffset instant) =>
        $"{Local(instant).ToString("dddd d MMMM yyyy, HH:mm:ss", English)} ({(Zone == TimeZoneInfo.Utc ? "UTC" : ZoneId)})";

    private DateTimeOffset Local(DateTimeOffset instant) => TimeZoneInfo.ConvertTime(instant, Zone);
}

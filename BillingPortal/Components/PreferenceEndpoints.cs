using BillingPortal.Demo;

namespace BillingPortal.Components;

/// <summary>Keeps what a viewer chose. A circuit cannot set cookies, so the pages post here.</summary>
internal static class PreferenceEndpoints
{
    private static readonly TimeSpan Kept = TimeSpan.FromDays(365);

    // Without an antiforgery token on purpose: it works for anyone, from any page, and another site could change nothing but the colours.
    public static void MapPreferences(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/preferences/theme", SetThemeAsync).DisableAntiforgery().ExcludeFromDescription();
        routes.MapPost("/demo/traffic", SwitchTrafficAsync).DisableAntiforgery().ExcludeFromDescription();
    }

    // Demo mode only, and all that another site could do with it is start or stop a simulation.
    private static async Task<IResult> SwitchTrafficAsync(HttpContext http, DemoTraffic traffic, CancellationToken cancellationToken)
    {
        var form = http.Request.HasFormContentType ? await http.Request.ReadFormAsync(cancellationToken) : FormCollection.Empty;
        if (!traffic.IsAvailable)
        {
            return Results.NotFound();
        }

        traffic.Switch(form["on"] == "true");
        return Back(http);
    }

    private static async Task<IResult> SetThemeAsync(HttpContext http, CancellationToken cancellationToken)
    {
        var form = http.Request.HasFormContentType ? await http.Request.ReadFormAsync(cancellationToken) : FormCollection.Empty;
        var theme = form["theme"].ToString();
        if (!Viewer.IsTheme(theme))
        {
            return Results.BadRequest();
        }

        http.Response.Cookies.Append(Viewer.ThemeCookie, theme, new CookieOptions
        {
            MaxAge = Kept,
            HttpOnly = true,
            SameSite = SameSiteMode.Lax,
            Secure = http.Request.IsHttps,
            IsEssential = true,
        });
        return Back(http);
    }

    private static IResult Back(HttpContext http)
    {
        var back = http.Request.Headers.Referer.ToString();
        return Results.LocalRedirect(Uri.TryCreate(back, UriKind.Absolute, out var page) && page.Host == http.Request.Host.Host ? page.PathAndQuery : "/");
    }
}

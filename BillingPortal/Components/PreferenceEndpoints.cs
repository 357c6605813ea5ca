namespace BillingPortal.Components;

/// <summary>Keeps what a viewer chose. A circuit cannot set cookies, so the pages post here.</summary>
internal static class PreferenceEndpoints
{
    private static readonly TimeSpan Kept = TimeSpan.FromDays(365);

    // Without an antiforgery token on purpose: it works for anyone, from any page, and another site could change nothing but the colours.
    public static void MapPreferences(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/preferences/theme", SetThemeAsync).DisableAntiforgery().ExcludeFromDescription();

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
        var back = http.Request.Headers.Referer.ToString();
        return Results.LocalRedirect(Uri.TryCreate(back, UriKind.Absolute, out var page) && page.Host == http.Request.Host.Host ? page.PathAndQuery : "/");
    }
}

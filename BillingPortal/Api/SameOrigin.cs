using Microsoft.AspNetCore.Antiforgery;

namespace BillingPortal.Api;

/// <summary>Tells calls that the portal's own pages make from those that a foreign page makes with its visitor's cookie.</summary>
internal static class SameOrigin
{
    /// <summary>Whether a call may use the session cookie to change something: it comes from this origin, or carries the antiforgery token.</summary>
    public static async Task<bool> AllowsAsync(HttpContext http)
    {
        if (IsSafe(http))
        {
            return true;
        }

        // Browsers write this header, and no page can: it decides where it is present.
        if (http.Request.Headers["Sec-Fetch-Site"] is [{ } site])
        {
            return site is "same-origin";
        }

        return http.Request.Headers.Origin is [{ } origin]
            ? IsOwn(http, origin)
            : await http.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(http);
    }

    /// <summary>Whether a browser says that a foreign page makes this call, to change something.</summary>
    public static bool IsForeign(HttpContext http)
    {
        if (IsSafe(http))
        {
            return false;
        }

        return http.Request.Headers["Sec-Fetch-Site"] is [{ } site]
            ? site is not ("same-origin" or "none")
            : http.Request.Headers.Origin is [{ } origin] && !IsOwn(http, origin);
    }

    /// <summary>Whether an Origin header names the address this request was sent to, or the one the portal is known by.</summary>
    /// <remarks>Scheme aside: behind a proxy that ends TLS the two differ, and browsers keep cookies of the two apart.</remarks>
    public static bool IsOwn(HttpContext http, string origin)
    {
        if (!Uri.TryCreate(origin, UriKind.Absolute, out var from))
        {
            return false;
        }

        var known = http.RequestServices.GetRequiredService<IConfiguration>()["Portal:PublicUrl"];
        return string.Equals(from.Authority, http.Request.Host.Value, StringComparison.OrdinalIgnoreCase)
            || (Uri.TryCreate(known, UriKind.Absolute, out var own) && string.Equals(from.Authority, own.Authority, StringComparison.OrdinalIgnoreCase));
    }

    private static bool IsSafe(HttpContext http) =>
        HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method) || HttpMethods.IsOptions(http.Request.Method);
}

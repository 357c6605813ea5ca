using System.Security.Cryptography;

namespace BillingPortal.Components;

/// <summary>Tells browsers what a page of the portal may do: run its own scripts, show its own things, and be in nobody's frame.</summary>
public static class SecurityHeaders
{
    private const int NonceBytes = 16;

    public static IApplicationBuilder UseSecurityHeaders(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        // At the last moment, so that what a page or an error handler sets on its way does not stand beside it.
        http.Response.OnStarting(() =>
        {
            var headers = http.Response.Headers;
            headers.XContentTypeOptions = "nosniff";
            headers.XFrameOptions = "DENY";
            headers["Referrer-Policy"] = "strict-origin-when-cross-origin";
            headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers.ContentSecurityPolicy = Policy(http.ScriptNonce());
            return Task.CompletedTask;
        });
        return next(http);
    });

    /// <summary>What an inline script of this answer must carry to run; new for every answer.</summary>
    public static string ScriptNonce(this HttpContext http)
    {
        if (http.Features.Get<Nonce>() is not { } nonce)
        {
            nonce = new Nonce(Convert.ToBase64String(RandomNumberGenerator.GetBytes(NonceBytes)));
            http.Features.Set(nonce);
        }

        return nonce.Value;
    }

    // Charts are drawn with style attributes. A form that buys is sent on to the payment provider's own page.
    private static string Policy(string nonce) =>
        $"default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; " +
        "base-uri 'self'; form-action 'self' https://checkout.stripe.com; frame-ancestors 'none'";

    private sealed record Nonce(string Value);
}

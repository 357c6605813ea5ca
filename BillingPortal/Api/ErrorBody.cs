using System.Diagnostics;
using System.Globalization;

namespace BillingPortal.Api;

/// <summary>Writes errors in the shape of each surface. Source: contract, "Errors" of each surface.</summary>
internal static class ErrorBody
{
    public static async Task WriteAsync(HttpContext http, Surface surface, ApiException error)
    {
        http.Response.StatusCode = error.Status;
        http.Response.Headers.CacheControl = "no-store";
        if (error.RetryAfterSeconds is { } seconds)
        {
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        await http.Response.WriteAsJsonAsync(Of(surface, error, TraceId(http)), http.RequestAborted);
    }

    /// <summary>What a caller may quote to support, and what the log lines of the request carry.</summary>
    public static string TraceId(HttpContext http) => Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier;

    /// <summary>The fields of an error, in the order in which they are written.</summary>
    public static Dictionary<string, object?> Of(Surface surface, ApiException error, string traceId)
    {
        var body = new Dictionary<string, object?>(StringComparer.Ordinal);
        switch (surface)
        {
            case Surface.Portal:
                body["error"] = error.Message;
                break;
            case Surface.Flows:
                // Clients of this surface compare these two texts.
                var fixedText = error.Status switch
                {
                    StatusCodes.Status401Unauthorized => "Unauthorized",
                    StatusCodes.Status403Forbidden => "Forbidden",
                    _ => null,
                };
                body["error"] = fixedText ?? error.Message;
                if (fixedText is not null)
                {
                    body["message"] = error.Message;
                }

                break;
            case Surface.Billing:
                body["success"] = false;
                body["message"] = error.Message;
                body["errors"] = error.Field is null ? Array.Empty<object>() : new object[] { new { field = error.Field, message = error.Message } };
                break;
            case Surface.Credits:
                body["success"] = false;
                body["error_code"] = error.Code;
                body["message"] = error.Message;
                break;
            case Surface.ApiCredits:
                body["error"] = Title(error.Status);
                body["message"] = error.Message;
                break;
            default:
                throw new UnreachableException();
        }

        body["code"] = error.Code;
        if (error.Field is not null)
        {
            body["field"] = error.Field;
        }

        if (error.Upgrade)
        {
            body["upgrade"] = true;
        }

        foreach (var (name, value) in error.Extra ?? new Dictionary<string, object?>())
        {
            body[name] = value;
        }

        body["traceId"] = traceId;
        return body;
    }

    private static string Title(int status) => status switch
    {
        400 => "Bad request",
        401 => "Unauthorized",
        402 => "Payment required",
        403 => "Forbidden",
        404 => "Not found",
        405 => "Method not allowed",
        409 => "Conflict",
        413 => "Too large",
        415 => "Unsupported media type",
        422 => "Unprocessable",
        429 => "Rate limit exceeded",
        503 => "Unavailable",
        _ => "Error",
    };
}

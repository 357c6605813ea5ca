using System.Globalization;

namespace BillingPortal.Api;

/// <summary>Reads query values as strictly as bodies: a value that is not what it must be is a 400 that names it.</summary>
internal static class RequestQuery
{
    /// <summary>A whole number from <paramref name="min"/> to <paramref name="max"/>; <paramref name="missing"/> if it is not given.</summary>
    /// <exception cref="ApiException">400 naming the value.</exception>
    public static int QueryInt(this HttpContext http, string name, int missing, int min, int max)
    {
        if (http.QueryText(name) is not { } text)
        {
            return missing;
        }

        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
            ? value
            : throw ApiException.Invalid(name, $"{name} must be a whole number from {min} to {max}.");
    }

    /// <summary>One text of at most <paramref name="maxLength"/> characters; null if it is not given or empty.</summary>
    /// <exception cref="ApiException">400 naming the value.</exception>
    public static string? QueryText(this HttpContext http, string name, int maxLength = 200)
    {
        var values = http.Request.Query[name];
        if (values.Count == 0 || string.IsNullOrEmpty(values[0]))
        {
            return null;
        }

        var text = values[0]!;
        return values.Count == 1 && text.Length <= maxLength && !text.Contains('\0', StringComparison.Ordinal)
            ? text
            : throw ApiException.Invalid(name, $"{name} must be given once, with at most {maxLength} characters.");
    }

    /// <summary>One of <paramref name="choices"/>; the first of them if it is not given.</summary>
    /// <exception cref="ApiException">400 naming the value.</exception>
    public static string QueryChoice(this HttpContext http, string name, params ReadOnlySpan<string> choices)
    {
        if (http.QueryText(name) is not { } text)
        {
            return choices[0];
        }

        return choices.Contains(text) ? text : throw ApiException.Invalid(name, $"{name} must be one of {string.Join(", ", choices.ToArray())}.");
    }

    /// <summary>An instant in ISO 8601 (without an offset: UTC), or a day, which means its start in UTC; null if it is not given.</summary>
    /// <exception cref="ApiException">400 naming the value.</exception>
    public static DateTimeOffset? QueryInstant(this HttpContext http, string name)
    {
        if (http.QueryText(name) is not { } text)
        {
            return null;
        }

        return TryParseInstant(text, out var instant)
            ? instant
            : throw ApiException.Invalid(name, $"{name} must be a day or a time in ISO 8601, such as 2026-04-10 or 2026-04-10T09:30:00Z.");
    }

    /// <summary>The end of a span of time: an instant, which does not include itself, or a day, which includes that day; null if it is not given.</summary>
    /// <exception cref="ApiException">400 naming the value.</exception>
    public static DateTimeOffset? QueryEnd(this HttpContext http, string name)
    {
        var end = http.QueryInstant(name);
        return http.QueryText(name) is { Length: 10 } && end < DateTimeOffset.MaxValue.AddDays(-1) ? end.Value.AddDays(1) : end;
    }

    /// <summary>Reads an instant in ISO 8601 (without an offset: UTC), or a day, which means its start in UTC.</summary>
    public static bool TryParseInstant(string text, out DateTimeOffset instant) => DateTimeOffset.TryParseExact(
        text, InstantFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out instant);

    /// <summary>A day such as 2026-04-10, or the day in UTC of an instant; null if it is not given.</summary>
    /// <exception cref="ApiException">400 naming the value.</exception>
    public static DateOnly? QueryDay(this HttpContext http, string name) =>
        http.QueryInstant(name) is { } instant ? DateOnly.FromDateTime(instant.UtcDateTime) : null;

    private static readonly string[] InstantFormats =
    [
        "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
    ];
}

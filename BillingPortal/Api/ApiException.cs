namespace BillingPortal.Api;

/// <summary>An answer other than success, thrown by an endpoint and written in the shape of its surface.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="code">Stable and machine-readable, such as <c>PACK_LIMIT_REACHED</c>.</param>
/// <param name="message">A sentence for people.</param>
/// <param name="field">The field of the request that is at fault.</param>
/// <param name="upgrade">Whether a higher plan would help.</param>
/// <param name="extra">Further fields of the body; they win over fields of the same name.</param>
public sealed class ApiException(
    int status, string code, string message, string? field = null, bool upgrade = false, IReadOnlyDictionary<string, object?>? extra = null)
    : Exception(message)
{
    /// <summary>The code of a request that is malformed, or whose parts are out of range.</summary>
    public const string InvalidRequest = "INVALID_REQUEST";

    public int Status => status;

    public string Code => code;

    public string? Field { get; } = field;

    public bool Upgrade => upgrade;

    public IReadOnlyDictionary<string, object?>? Extra => extra;

    /// <summary>After how many seconds trying again makes sense; null: it does not help.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>400: a field of the request is missing or wrong.</summary>
    public static ApiException Invalid(string? field, string message) =>
        new(StatusCodes.Status400BadRequest, InvalidRequest, message, field);

    /// <summary>429, with the same three fields on every surface.</summary>
    public static ApiException TooMany(string message, TimeSpan retryAfter)
    {
        var seconds = Math.Max(1, (int)Math.Ceiling(retryAfter.TotalSeconds));
        return new ApiException(StatusCodes.Status429TooManyRequests, "RATE_LIMITED", message, extra: new Dictionary<string, object?>
        {
            ["error"] = "Rate limit exceeded",
            ["message"] = message,
            ["retry_after"] = seconds,
        })
        { RetryAfterSeconds = seconds };
    }

    /// <summary>404, whether there is no such thing or it belongs to somebody else.</summary>
    public static ApiException NotFound(string message) => new(StatusCodes.Status404NotFound, "NOT_FOUND", message);
}

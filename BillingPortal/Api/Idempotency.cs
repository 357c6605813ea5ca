using System.Security.Cryptography;
using System.Text;
using BillingPortal.Access;
using BillingPortal.Store;
using Microsoft.AspNetCore.Http.Features;

namespace BillingPortal.Api;

/// <summary>
/// Answers every request with an <c>Idempotency-Key</c> at most once and repeats that answer: it stands between the gate and each POST that requires a caller,
/// so that no endpoint can forget it. Source: contract, "Authentication, on every surface"; docs/decisions/0060.
/// </summary>
internal sealed class Idempotency(IdempotencyKeys keys)
{
    /// <summary>The header that carries the key.</summary>
    public const string KeyHeader = "Idempotency-Key";

    /// <summary>The header of an answer that was given before.</summary>
    public const string ReplayedHeader = "Idempotent-Replayed";

    /// <summary>Serves a request, or repeats the answer of the first one with its key.</summary>
    /// <param name="http">An admitted request.</param>
    /// <param name="serveAsync">Writes the answer, whatever goes wrong, and gives back the error it wrote, if it was one.</param>
    /// <exception cref="ApiException">400: the key is malformed. 409: the first request is still at work. 422: the key stands for another request.</exception>
    public async Task ServeAsync(HttpContext http, Func<Task<ApiException?>> serveAsync)
    {
        if (KeyOf(http) is not { } key)
        {
            await serveAsync();
            return;
        }

        var caller = http.Caller();
        switch (await keys.ClaimAsync(caller.OrganizationId, key, await FingerprintAsync(http, caller), http.RequestAborted))
        {
            case ClaimResult.Claimed { Claim: var claim }:
                await ServeOnceAsync(http, claim, serveAsync);
                break;
            case ClaimResult.Answered { Answer: var answer }:
                http.Response.Headers[ReplayedHeader] = "true";
                await WriteAsync(http, answer);
                break;
            case ClaimResult.Running { RetryAfter: var patience }:
                throw InUse(patience);
            default:
                throw new ApiException(
                    StatusCodes.Status422UnprocessableEntity, "IDEMPOTENCY_KEY_REUSED",
                    "This idempotency key stands for another request, or for one of a caller with other rights. Nothing was done.", KeyHeader);
        }
    }

    private async Task ServeOnceAsync(HttpContext http, IdempotencyClaim claim, Func<Task<ApiException?>> serveAsync)
    {
        http.Features.Set(claim);
        var (answer, error) = await CaptureAsync(http, serveAsync);

        // Whether or not the client is still there: what became of its key must be written down.
        if (!IsFinal(answer, error))
        {
            await keys.ReleaseAsync(claim, CancellationToken.None);
        }
        else if (!claim.IsAnswered)
        {
            answer = await keys.AnswerAsync(claim, answer, CancellationToken.None) ?? throw InUse(TimeSpan.Zero);
        }

        await WriteAsync(http, answer);
    }

    /// <summary>Lets the answer be written into memory first: it goes out only once it is stored.</summary>
    private static async Task<(StoredAnswer Answer, ApiException? Error)> CaptureAsync(HttpContext http, Func<Task<ApiException?>> serveAsync)
    {
        var body = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        using var memory = new MemoryStream();
        http.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(memory, body));
        try
        {
            var error = await serveAsync();
            await http.Response.BodyWriter.FlushAsync();
            return (new StoredAnswer(http.Response.StatusCode, http.Response.ContentType, memory.ToArray()), error);
        }
        finally
        {
            http.Features.Set(body);
        }
    }

    /// <summary>Whether the answer is the same for ever. What the caller, or time, can mend frees the key: the same request may come again and be served.</summary>
    private static bool IsFinal(StoredAnswer answer, ApiException? error) => error?.Code != ApiException.InvalidRequest && (error?.Status ?? answer.Status)
        is not (StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden or StatusCodes.Status409Conflict
            or StatusCodes.Status413PayloadTooLarge or StatusCodes.Status415UnsupportedMediaType or StatusCodes.Status429TooManyRequests
            or StatusCodes.Status499ClientClosedRequest or >= StatusCodes.Status500InternalServerError);

    private static async Task WriteAsync(HttpContext http, StoredAnswer answer)
    {
        http.Response.StatusCode = answer.Status;
        http.Response.ContentType = answer.ContentType;
        // It may hold what is shown only once.
        http.Response.Headers.CacheControl = "no-store";
        if (answer.Body.Length > 0)
        {
            http.Response.ContentLength = answer.Body.Length;
            await http.Response.Body.WriteAsync(answer.Body, http.RequestAborted);
        }
    }

    private static string? KeyOf(HttpContext http)
    {
        if (!HttpMethods.IsPost(http.Request.Method)
            || http.GetEndpoint()?.Metadata.GetMetadata<RequiresCaller>() is null
            || http.Request.Headers[KeyHeader] is not { Count: > 0 } values)
        {
            return null;
        }

        return values is [{ Length: > 0 and <= IdempotencyKeys.MaxLength } key] && key.All(character => character is > ' ' and <= '~')
            ? key
            : throw ApiException.Invalid(KeyHeader, $"{KeyHeader} must be given once, with 1 to {IdempotencyKeys.MaxLength} visible ASCII characters.");
    }

    /// <summary>Of everything that makes a request what it is, its caller's rights included: a replay must not show more than the caller could get itself.</summary>
    private static async Task<string> FingerprintAsync(HttpContext http, Caller caller)
    {
        var request = http.Request;
        var body = new MemoryStream();
        await request.Body.CopyToAsync(body, http.RequestAborted);
        body.Position = 0;
        request.Body = body;
        http.Response.RegisterForDispose(body);

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(
            $"{caller.Kind} {caller.Role} {caller.IsPlatformAdministrator} {string.Join(' ', caller.Scopes.Order(StringComparer.Ordinal))}\n{request.Path}{request.QueryString}\n"));
        hash.AppendData(body.GetBuffer().AsSpan(0, (int)body.Length));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>409: another request is at work under this key.</summary>
    public static ApiException InUse(TimeSpan patience)
    {
        var seconds = Math.Max(1, (int)Math.Ceiling(patience.TotalSeconds));
        return new ApiException(
            StatusCodes.Status409Conflict, "IDEMPOTENCY_KEY_IN_USE", "The first request with this idempotency key is still being worked on. Ask again for its answer.", KeyHeader)
        { RetryAfterSeconds = seconds };
    }
}

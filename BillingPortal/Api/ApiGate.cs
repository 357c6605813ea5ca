using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Wallets;
using Microsoft.AspNetCore.Authentication;

namespace BillingPortal.Api;

/// <summary>Stands before every endpoint: knows the caller, refuses forged calls, and gives every error the shape of its surface.</summary>
internal sealed class ApiGate(
    RequestDelegate next, RequestLimits limits, Idempotency idempotency, PlanStandings standings, IStoreSessions sessions, ILogger<ApiGate> logger)
{
    private const string LivePages = "/_blazor";

    public async Task InvokeAsync(HttpContext http)
    {
        var requiresCaller = http.GetEndpoint()?.Metadata.GetMetadata<RequiresCaller>() is not null;
        if (http.Request.Path.StartsWithSegments(LivePages) && http.Request.Headers.Origin is [{ } origin] && !SameOrigin.IsOwn(http, origin))
        {
            // A foreign page that opens a live connection would act with its visitor's cookie.
            http.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        if (Surfaces.Of(http.Request.Path) is not { } surface)
        {
            await ServePageAsync(http, requiresCaller);
            return;
        }

        await AnswerAsync(http, surface, async () =>
        {
            await limits.CountAsync(http);
            await AdmitAsync(http, requiresCaller);
            await idempotency.ServeAsync(http, () => AnswerAsync(http, surface, () => next(http)));
        });
    }

    /// <summary>Writes what goes wrong in the surface's shape, and gives it back.</summary>
    private async Task<ApiException?> AnswerAsync(HttpContext http, Surface surface, Func<Task> serveAsync)
    {
        ApiException? error = null;
        try
        {
            await serveAsync();
            if (!http.Response.HasStarted && http.Response.StatusCode >= 400 && http.Response is { ContentLength: null, ContentType: null })
            {
                error = Bare(http.Response.StatusCode);
                await ErrorBody.WriteAsync(http, surface, error);
            }
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to answer.
            error = Bare(StatusCodes.Status499ClientClosedRequest);
        }
        catch (Exception exception) when (!http.Response.HasStarted)
        {
            error = Translate(exception, surface);
            if (error.Status >= 500)
            {
                logger.LogError(exception, "{Method} {Path} failed with {Code}.", http.Request.Method, http.Request.Path, error.Code);
            }

            http.Response.Clear();
            await ErrorBody.WriteAsync(http, surface, error);
        }

        return error;
    }

    /// <summary>Addresses of people's pages: whoever is not signed in is sent to do so, and errors are plain sentences.</summary>
    private async Task ServePageAsync(HttpContext http, bool requiresCaller)
    {
        if (SameOrigin.IsForeign(http))
        {
            // Besides the token of most forms: some change so little that they have none.
            http.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        if (!requiresCaller)
        {
            await next(http);
            return;
        }

        if (await http.GetCallerAsync(http.RequestAborted) is null)
        {
            await http.ChallengeAsync();
            return;
        }

        try
        {
            await next(http);
        }
        catch (Exception exception) when (!http.Response.HasStarted && exception is ApiException or AccessDeniedException)
        {
            var error = Translate(exception, Surface.Portal);
            http.Response.Clear();
            http.Response.StatusCode = error.Status;
            await http.Response.WriteAsync(error.Message, http.RequestAborted);
        }
    }

    private async Task AdmitAsync(HttpContext http, bool requiresCaller)
    {
        foreach (var (_, values) in http.Request.Query)
        {
            if (values.Any(value => value is not null && ApiKeys.IsKey(value)))
            {
                throw new ApiException(
                    StatusCodes.Status401Unauthorized, "KEY_IN_QUERY", "Keys are accepted in the Authorization header only. Revoke this one: addresses end up in logs.");
            }
        }

        var caller = await http.GetCallerAsync(http.RequestAborted);
        if (!requiresCaller)
        {
            return;
        }

        if (caller is null)
        {
            throw new ApiException(StatusCodes.Status401Unauthorized, "UNAUTHORIZED", "Valid credentials are needed.");
        }

        if (caller is { Kind: CallerKind.ApiKey, IsPlatformAdministrator: false } && !(await standings.GetAsync(caller.OrganizationId, http.RequestAborted)).Plan.ApiAccess)
        {
            throw new AccessDeniedException(AccessDenial.PlanWithoutApi, "This organization's plan does not include the API.");
        }

        if (http.UsesCookie() && !await SameOrigin.AllowsAsync(http))
        {
            throw new ApiException(StatusCodes.Status403Forbidden, "CROSS_SITE_REQUEST", "A call that uses the session cookie must come from the portal's own pages.");
        }
    }

    private ApiException Translate(Exception exception, Surface surface) => exception switch
    {
        ApiException error => error,
        AccessDeniedException denied => Denied(denied, surface),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => Bare(StatusCodes.Status413PayloadTooLarge),
        BadHttpRequestException bad => new ApiException(bad.StatusCode, ApiException.InvalidRequest, "The request could not be understood."),
        LedgerUnavailableException unavailable => new ApiException(StatusCodes.Status503ServiceUnavailable, "UNAVAILABLE", unavailable.Message),
        _ when IdempotencyKeys.IsTakenOver(exception) => Idempotency.InUse(TimeSpan.Zero),
        _ when sessions.IsTransient(exception) => Bare(StatusCodes.Status503ServiceUnavailable),
        _ => Bare(StatusCodes.Status500InternalServerError),
    };

    private static ApiException Denied(AccessDeniedException denied, Surface surface)
    {
        var code = denied.Denial switch
        {
            AccessDenial.MissingScope => "MISSING_SCOPE",
            AccessDenial.SessionRequired => "DASHBOARD_SESSION_REQUIRED",
            AccessDenial.RoleTooLow when surface is Surface.Credits => "NO_BILLING_PERMISSION",
            AccessDenial.RoleTooLow => "ROLE_TOO_LOW",
            AccessDenial.PlanWithoutApi => "UPGRADE_REQUIRED",
            _ => "FORBIDDEN",
        };
        return new ApiException(StatusCodes.Status403Forbidden, code, denied.Message, upgrade: denied.Denial is AccessDenial.PlanWithoutApi);
    }

    /// <summary>The error of a status that came without words.</summary>
    private static ApiException Bare(int status) => status switch
    {
        401 => new ApiException(status, "UNAUTHORIZED", "Valid credentials are needed."),
        403 => new ApiException(status, "FORBIDDEN", "This is not allowed."),
        404 => new ApiException(status, "NOT_FOUND", "There is nothing here."),
        405 => new ApiException(status, "METHOD_NOT_ALLOWED", "This address does not answer that method."),
        413 => new ApiException(status, "TOO_LARGE", "The body is too large."),
        415 => new ApiException(status, "UNSUPPORTED_MEDIA_TYPE", "This content type is not understood here."),
        503 => new ApiException(status, "UNAVAILABLE", "The portal cannot reach its database just now; try again.") { RetryAfterSeconds = 5 },
        >= 500 => new ApiException(status, "INTERNAL_ERROR", "Something went wrong on our side."),
        _ => new ApiException(status, ApiException.InvalidRequest, "The request could not be understood."),
    };
}

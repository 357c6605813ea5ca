using BillingPortal.Access;
using BillingPortal.Accounts;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Identity;

namespace BillingPortal.Api;

/// <summary>Marks an endpoint that answers authenticated callers only.</summary>
internal sealed record RequiresCaller
{
    public static RequiresCaller Marker { get; } = new();
}

/// <summary>Who is behind a request: an API key, an access token, or the session cookie. A header that fails is not made good by a cookie.</summary>
internal static class RequestCaller
{
    private const string BearerPrefix = "Bearer ";

    /// <summary>Lets authenticated callers in only: others get 401 in the surface's shape; on a page's address, the sign-in page.</summary>
    public static TBuilder RequireCaller<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(RequiresCaller.Marker);

    /// <summary>The caller of an endpoint that has <see cref="RequireCaller{TBuilder}"/>.</summary>
    public static Caller Caller(this HttpContext http) =>
        http.Features.Get<Resolved>()?.Caller ?? throw new InvalidOperationException($"{http.Request.Path} answers without having required a caller.");

    /// <summary>The caller of a request, if it has valid credentials; looked up once.</summary>
    public static async Task<Caller?> GetCallerAsync(this HttpContext http, CancellationToken cancellationToken)
    {
        if (http.Features.Get<Resolved>() is not { } resolved)
        {
            resolved = await ResolveAsync(http, cancellationToken);
            resolved = resolved with { Caller = resolved.Caller is { } caller ? caller with { Address = ClientAddress.Of(http) } : null };
            http.Features.Set(resolved);
        }

        return resolved.Caller;
    }

    /// <summary>Whether the request stands on the session cookie, which a browser sends unasked.</summary>
    public static bool UsesCookie(this HttpContext http) => http.Features.Get<Resolved>() is { FromCookie: true };

    private static async Task<Resolved> ResolveAsync(HttpContext http, CancellationToken cancellationToken)
    {
        var callers = http.RequestServices.GetRequiredService<Callers>();
        var authorization = http.Request.Headers.Authorization;
        if (authorization.Count == 0)
        {
            return new Resolved(await callers.FromAsync(http.User, cancellationToken), FromCookie: true);
        }

        if (authorization is not [{ } header] || !header.StartsWith(BearerPrefix, StringComparison.OrdinalIgnoreCase))
        {
            return new Resolved(null, FromCookie: false);
        }

        var token = header[BearerPrefix.Length..].Trim();
        if (ApiKeys.IsKey(token))
        {
            return new Resolved(await http.RequestServices.GetRequiredService<ApiKeys>().AuthenticateAsync(token, cancellationToken), FromCookie: false);
        }

        var ticket = await http.AuthenticateAsync(IdentityConstants.BearerScheme);
        return new Resolved(ticket.Principal is null ? null : await callers.FromAsync(ticket.Principal, cancellationToken), FromCookie: false);
    }

    private sealed record Resolved(Caller? Caller, bool FromCookie);
}

using BillingPortal.Accounts;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;

namespace BillingPortal.Api;

/// <summary>What the pages post to change a session's cookie: forms, with the antiforgery token.</summary>
internal static class SessionEndpoints
{
    public static IEndpointRouteBuilder MapSessions(this IEndpointRouteBuilder routes)
    {
        // Before the page of the same address, which answers GET.
        routes.MapPost("/Account/Logout", SignOutAsync).WithOrder(-1).ExcludeFromDescription();
        routes.MapPost("/Account/Organization", ChooseAsync).RequireCaller().ExcludeFromDescription();
        routes.MapPost("/Account/Join", JoinAsync).RequireCaller().ExcludeFromDescription();
        return routes;
    }

    private static async Task<IResult> SignOutAsync(HttpContext http, [FromForm] string? returnUrl)
    {
        await http.SignOutAsync(IdentityConstants.ApplicationScheme);
        return TypedResults.LocalRedirect(LocalUrl.OrHome(returnUrl));
    }

    private static async Task<IResult> ChooseAsync(
        HttpContext http, [FromForm] string organizationId, [FromForm] string? returnUrl, Organizations organizations, CancellationToken cancellationToken)
    {
        if (organizationId.Any(char.IsControl) || http.Caller().UserId is not { } userId || !await organizations.ChooseAsync(userId, organizationId, cancellationToken))
        {
            return TypedResults.NotFound();
        }

        return await ActForAsync(http, organizationId, returnUrl);
    }

    /// <summary>Accepts an invitation and goes on in the organization it was from.</summary>
    private static async Task<IResult> JoinAsync(HttpContext http, [FromForm] string secret, Members members, Organizations organizations, CancellationToken cancellationToken)
    {
        if (await members.AcceptAsync(http.Caller(), secret, cancellationToken) is not JoinResult.Joined joined)
        {
            // The page says what an invitation that is over means.
            return TypedResults.LocalRedirect(Members.PathOf(Uri.EscapeDataString(secret)));
        }

        await organizations.ChooseAsync(http.Caller().UserId!, joined.OrganizationId, cancellationToken);
        return await ActForAsync(http, joined.OrganizationId, "/wallet");
    }

    /// <summary>Goes on in another of the person's organizations; who belongs to it is the caller's to have checked.</summary>
    internal static async Task<IResult> ActForAsync(HttpContext http, string organizationId, string? returnUrl)
    {
        var session = await http.AuthenticateAsync(IdentityConstants.ApplicationScheme);
        if (session is not { Principal: { } principal })
        {
            return TypedResults.Unauthorized();
        }

        await http.SignInAsync(IdentityConstants.ApplicationScheme, PortalClaims.For(principal, organizationId), session.Properties);
        return TypedResults.LocalRedirect(LocalUrl.OrHome(returnUrl));
    }
}

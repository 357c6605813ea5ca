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

        var session = await http.AuthenticateAsync(IdentityConstants.ApplicationScheme);
        if (session is not { Principal: { } principal })
        {
            return TypedResults.Unauthorized();
        }

        await http.SignInAsync(IdentityConstants.ApplicationScheme, PortalClaims.For(principal, organizationId), session.Properties);
        return TypedResults.LocalRedirect(LocalUrl.OrHome(returnUrl));
    }
}

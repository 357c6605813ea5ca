using BillingPortal.Accounts;
using BillingPortal.Demo;
using BillingPortal.Store;

namespace BillingPortal.Api;

/// <summary>What the bar of the demo posts: forms of signed-in viewers, in demo mode only.</summary>
internal static class DemoEndpoints
{
    public static IEndpointRouteBuilder MapDemo(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/demo/time", JumpAsync).RequireCaller().DisableAntiforgery().ExcludeFromDescription();
        return routes;
    }

    // Without a token, as the other switches of the demo: a foreign page is refused by where it comes from.
    private static async Task<IResult> JumpAsync(HttpContext http, TimeMachine machine, CancellationToken cancellationToken)
    {
        var form = http.Request.HasFormContentType ? await http.Request.ReadFormAsync(cancellationToken) : FormCollection.Empty;
        if (!machine.IsAvailable || !SnakeCase.TryParse<TimeJump>(form["jump"], out var jump))
        {
            return TypedResults.NotFound();
        }

        await machine.JumpAsync(http.Caller(), jump, cancellationToken);
        return TypedResults.LocalRedirect(LocalUrl.OrHome(form["returnUrl"]));
    }
}

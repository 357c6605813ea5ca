using System.Net.Mime;
using BillingPortal.Accounts;

namespace BillingPortal.Api;

/// <summary>What a browser asks before it asks a device for a passkey; its answer goes to the pages.</summary>
internal static class PasskeyEndpoints
{
    public static IEndpointRouteBuilder MapPasskeys(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/Account/PasskeyOptions", BeginSignInAsync).RequireGenuineForm().ExcludeFromDescription();
        routes.MapPost("/settings/security/passkeys/options", BeginAddAsync).RequireCaller().RequireGenuineForm().ExcludeFromDescription();
        return routes;
    }

    private static async Task<IResult> BeginSignInAsync(SignIns signIns) =>
        TypedResults.Text(await signIns.BeginPasskeyAsync(), MediaTypeNames.Application.Json);

    private static async Task<IResult> BeginAddAsync(HttpContext http, AccountSecurity security, CancellationToken cancellationToken)
    {
        var form = await http.Request.ReadFormAsync(cancellationToken);
        var (options, problem) = await security.BeginPasskeyAsync(http.Caller(), form["Passkey.Password"].ToString());
        return options is null
            ? TypedResults.Text(problem, statusCode: StatusCodes.Status400BadRequest)
            : TypedResults.Text(options, MediaTypeNames.Application.Json);
    }
}

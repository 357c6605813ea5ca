using System.ComponentModel.DataAnnotations;
using BillingPortal.Accounts;
using Microsoft.AspNetCore.Authentication.BearerToken;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace BillingPortal.Api;

/// <summary>Access tokens of signed-in users: <c>/api/auth</c>. Source: contract, "Authentication, on every surface".</summary>
internal static class AuthEndpoints
{
    public static IEndpointRouteBuilder MapAuth(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/auth").WithTags("Authentication").AllowAnonymous();
        group.MapPost("/login", LoginAsync).WithSummary("Signs a person in").Accepts<LoginRequest>("application/json").Produces<AccessTokenResponse>();
        group.MapPost("/refresh", RefreshAsync).WithSummary("Exchanges a refresh token for new tokens").Accepts<RefreshTokenRequest>("application/json").Produces<AccessTokenResponse>();
        return routes;
    }

    private static async Task<IResult> LoginAsync(HttpContext http, SignIns signIns, CancellationToken cancellationToken)
    {
        var request = await http.ReadBodyAsync<LoginRequest>(cancellationToken);
        var outcome = await signIns.CheckAsync(request.Email, request.Password, ClientAddress.Of(http), cancellationToken);
        if (outcome is SignInOutcome.NeedsCode needsCode && request.Code is { } code)
        {
            outcome = await signIns.ConfirmAsync(needsCode.FirstStep, code, ClientAddress.Of(http), cancellationToken);
        }

        return outcome switch
        {
            SignInOutcome.NeedsCode => throw new ApiException(StatusCodes.Status401Unauthorized, "CODE_REQUIRED", "Send the code of the authenticator app too.", "code"),
            SignInOutcome.SignedIn signedIn => TypedResults.SignIn(signedIn.Principal, authenticationScheme: IdentityConstants.BearerScheme),
            SignInOutcome.Throttled throttled => throw ApiException.TooMany("Too many failed sign-ins from this network.", throttled.RetryAfter),
            _ => throw new ApiException(StatusCodes.Status401Unauthorized, "INVALID_CREDENTIALS", SignIns.RefusedMessage),
        };
    }

    private static async Task<IResult> RefreshAsync(
        HttpContext http, SignIns signIns, IOptionsMonitor<BearerTokenOptions> options, TimeProvider clock, CancellationToken cancellationToken)
    {
        var request = await http.ReadBodyAsync<RefreshTokenRequest>(cancellationToken);
        var ticket = options.Get(IdentityConstants.BearerScheme).RefreshTokenProtector.Unprotect(request.RefreshToken);
        var principal = ticket?.Properties.ExpiresUtc is { } expires && clock.GetUtcNow() < expires ? await signIns.RenewAsync(ticket.Principal) : null;
        return principal is null
            ? throw new ApiException(StatusCodes.Status401Unauthorized, "INVALID_REFRESH_TOKEN", "Sign in again.")
            : TypedResults.SignIn(principal, authenticationScheme: IdentityConstants.BearerScheme);
    }

    internal sealed record LoginRequest(
        [property: StringLength(Registration.EmailLength)] string Email,
        [property: StringLength(Registration.PasswordLength)] string Password,
        [property: StringLength(SignIns.CodeLength)] string? Code = null);

    internal sealed record RefreshTokenRequest([property: StringLength(8000)] string RefreshToken);
}

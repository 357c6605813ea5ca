using BillingPortal.Payments;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BillingPortal.Api;

/// <summary>The door for the payment gateway's events: <c>POST /webhooks/stripe</c>. Source: contract, last line.</summary>
internal static class GatewayWebhookEndpoints
{
    /// <summary>Far above any event of a gateway.</summary>
    private const int MaxBodyBytes = 256 * 1024;

    public static IEndpointRouteBuilder MapGatewayWebhooks(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/webhooks/stripe", ReceiveAsync)
            .WithTags("Webhooks").WithSummary("Takes in an event of the payment gateway")
            .AllowAnonymous().DisableAntiforgery();
        return routes;
    }

    // 2xx only once the event is stored; anything else makes the gateway come again.
    private static async Task<IResult> ReceiveAsync(HttpContext http, GatewayInbox inbox, CancellationToken cancellationToken)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = MaxBodyBytes;
        }

        using var body = new MemoryStream();
        try
        {
            await http.Request.Body.CopyToAsync(body, cancellationToken);
        }
        catch (BadHttpRequestException exception)
        {
            return Refused(exception.StatusCode, "INVALID_BODY", "The body could not be read.");
        }

        return await inbox.ReceiveAsync(body.ToArray(), http.Request.Headers["Stripe-Signature"], cancellationToken)
            ? TypedResults.Ok(new { received = true })
            : Refused(StatusCodes.Status400BadRequest, "INVALID_SIGNATURE", "The signature is not valid for this body, or too old.");
    }

    private static JsonHttpResult<Refusal> Refused(int status, string code, string error) =>
        TypedResults.Json(new Refusal(error, code), statusCode: status);

    private sealed record Refusal(string Error, string Code);
}

using Microsoft.AspNetCore.Antiforgery;

namespace BillingPortal.Api;

/// <summary>Lets an endpoint answer the portal's own forms only.</summary>
internal static class GenuineForm
{
    /// <summary>A form with a valid antiforgery token goes on; anything else gets 400.</summary>
    public static TBuilder RequireGenuineForm<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.AddEndpointFilter<TBuilder>(DemandAsync).WithMetadata(new Required());

    private static async ValueTask<object?> DemandAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        return http.Request.HasFormContentType && await http.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(http)
            ? await next(context)
            : TypedResults.BadRequest();
    }

    /// <summary>Stands at every endpoint that answers genuine forms only.</summary>
    internal sealed class Required;
}

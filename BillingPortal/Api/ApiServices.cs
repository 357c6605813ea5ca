namespace BillingPortal.Api;

/// <summary>Puts the HTTP surfaces together.</summary>
public static class ApiServices
{
    public static IServiceCollection AddApi(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(options => ApiJson.Configure(options.SerializerOptions));
        // A value that does not bind is answered by the gate, in the shape of its surface.
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        return services;
    }

    /// <summary>The gate; after authentication, before everything that answers.</summary>
    public static IApplicationBuilder UseApi(this IApplicationBuilder app) => app.UseMiddleware<ApiGate>();

    /// <summary>Every endpoint of every surface.</summary>
    public static IEndpointRouteBuilder MapApi(this IEndpointRouteBuilder routes) => routes
        .MapAuth()
        .MapUsage()
        .MapBilling()
        .MapFlows()
        .MapCredits()
        .MapApiCredits();
}

using BillingPortal.Api.Operations;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BillingPortal.Api;

/// <summary>Puts the HTTP surfaces together.</summary>
public static class ApiServices
{
    // A thousand usage events with every property come to well under half of it.
    private const long MaxBodyBytes = 4_000_000;

    public static IServiceCollection AddApi(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<RequestLimits>();
        services.AddSingleton<Idempotency>();
        services.Configure<KestrelServerOptions>(options => options.Limits.MaxRequestBodySize = MaxBodyBytes);
        services.ConfigureHttpJsonOptions(options => ApiJson.Configure(options.SerializerOptions));
        // A value that does not bind is answered by the gate, in the shape of its surface.
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        return services.AddHealth().AddTelemetry(configuration).AddApiDescription();
    }

    /// <summary>The gate; after authentication, before everything that answers.</summary>
    public static IApplicationBuilder UseApi(this IApplicationBuilder app) => app.UseMiddleware<ApiGate>();

    /// <summary>Every endpoint of every surface, and what operators ask.</summary>
    public static WebApplication MapApi(this WebApplication app)
    {
        app.MapAuth()
            .MapSessions()
            .MapPasskeys()
            .MapMe()
            .MapKeys()
            .MapUsage()
            .MapHolds()
            .MapNumbers()
            .MapEstimate()
            .MapBilling()
            .MapBillingAccount()
            .MapSubscription()
            .MapWallet()
            .MapRefunds()
            .MapFlows()
            .MapPosts()
            .MapWebhooks()
            .MapCredits()
            .MapApiCredits()
            .MapPurchases()
            .MapCardForms()
            .MapDemo()
            .MapInvoices()
            .MapNotifications()
            .MapGatewayWebhooks()
            .MapHealth()
            .MapMetrics();
        return app.MapApiDescription();
    }
}

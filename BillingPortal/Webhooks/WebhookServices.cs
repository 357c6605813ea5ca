using System.Net;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace BillingPortal.Webhooks;

/// <summary>Puts outgoing webhooks together.</summary>
public static class WebhookServices
{
    public static IServiceCollection AddWebhooks(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<WebhookOptions>().Bind(configuration.GetSection(WebhookOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<HostResolver>(Dns.GetHostAddressesAsync);
        services.AddSingleton<WebhookAddresses>();
        services.AddSingleton<WebhookSecrets>();
        services.AddSingleton<WebhookSender>();
        services.AddSingleton<WebhookMetrics>();
        services.AddSingleton<WebhookSubscriptions>();
        services.AddSingleton<WebhookLog>();
        services.AddSingleton<OutboxDispatch>();
        services.AddSingleton<WebhookTurn>();
        services.AddSingleton<WebhookWorker>();
        services.AddHostedService(provider => provider.GetRequiredService<WebhookWorker>());
        return services;
    }
}

namespace BillingPortal.Demo;

/// <summary>Puts demo data and the traffic simulator together.</summary>
public static class DemoServices
{
    public static IServiceCollection AddDemo(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<DemoOptions>().Bind(configuration.GetSection(DemoOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<DemoData>();
        services.AddSingleton<DemoTraffic>();
        services.AddHostedService(provider => provider.GetRequiredService<DemoTraffic>());
        return services;
    }

    /// <summary>Plays the demo year if it is wanted and was not played yet.</summary>
    public static Task EnsureDemoDataAsync(this WebApplication app, CancellationToken cancellationToken) =>
        app.Services.GetRequiredService<DemoData>().EnsureAsync(cancellationToken);
}

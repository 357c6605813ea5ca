using Microsoft.AspNetCore.Authentication.BearerToken;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Identity;

namespace BillingPortal.Demo;

/// <summary>Puts demo data, the traffic simulator and the time machine together.</summary>
public static class DemoServices
{
    public static IServiceCollection AddDemo(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<DemoOptions>().Bind(configuration.GetSection(DemoOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<DemoData>();
        services.AddSingleton<DemoTraffic>();
        services.AddHostedService(provider => provider.GetRequiredService<DemoTraffic>());
        services.AddSingleton<MovableClock>();
        services.AddSingleton<TimeMachine>();
        services.AddHostedService(provider => provider.GetRequiredService<TimeMachine>());

        // Where real money moves, nobody moves the time.
        var isLive = string.Equals(configuration["Payments:Provider"], "Stripe", StringComparison.OrdinalIgnoreCase);
        return configuration.GetValue<bool>($"{DemoOptions.Section}:{nameof(DemoOptions.Enabled)}") && !isLive ? services.AddMovableTime() : services;
    }

    /// <summary>Plays the demo year if it is wanted and was not played yet, and goes on at the time that the demo has reached.</summary>
    public static async Task EnsureDemoDataAsync(this WebApplication app, CancellationToken cancellationToken)
    {
        await app.Services.GetRequiredService<TimeMachine>().CatchUpAsync(cancellationToken);
        await app.Services.GetRequiredService<DemoData>().EnsureAsync(cancellationToken);
    }

    // A session lives by the machine's time: whoever moves the demo's a month on stays signed in.
    private static IServiceCollection AddMovableTime(this IServiceCollection services) => services
        .AddSingleton<TimeProvider>(provider => provider.GetRequiredService<MovableClock>())
        .PostConfigureAll<CookieAuthenticationOptions>(options => options.TimeProvider = TimeProvider.System)
        .PostConfigureAll<BearerTokenOptions>(options => options.TimeProvider = TimeProvider.System)
        .PostConfigureAll<SecurityStampValidatorOptions>(options => options.TimeProvider = TimeProvider.System);
}

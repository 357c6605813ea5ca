namespace BillingPortal.Gifting;

/// <summary>Puts gifts and grants together.</summary>
public static class GiftingServices
{
    public static IServiceCollection AddGifting(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<GiftOptions>().Bind(configuration.GetSection(GiftOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<Gifts>();
        services.AddSingleton<BonusGrants>();
        services.AddHostedService<GiftUpkeep>();
        return services;
    }
}

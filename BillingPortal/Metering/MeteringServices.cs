namespace BillingPortal.Metering;

/// <summary>Puts metering together.</summary>
public static class MeteringServices
{
    public static IServiceCollection AddMetering(this IServiceCollection services)
    {
        services.AddSingleton<UsageIngestion>();
        services.AddSingleton<UsageReports>();
        services.AddSingleton<UsageItems>();
        services.AddSingleton<ApiCreditStatements>();
        return services;
    }
}

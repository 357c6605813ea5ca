namespace BillingPortal.Metering;

/// <summary>Puts metering together.</summary>
public static class MeteringServices
{
    public static IServiceCollection AddMetering(this IServiceCollection services)
    {
        services.AddSingleton<UsageIngestion>();
        services.AddSingleton<UsageHolds>();
        services.AddSingleton<NumberRentals>();
        services.AddHostedService<NumberRentalSweep>();
        services.AddSingleton<Estimator>();
        services.AddSingleton<UsageReports>();
        services.AddSingleton<UsageItems>();
        services.AddSingleton<CreditStatements>();
        services.AddSingleton<ApiCreditStatements>();
        return services;
    }
}

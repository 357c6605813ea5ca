namespace BillingPortal.Metering;

/// <summary>Puts metering together.</summary>
public static class MeteringServices
{
    public static IServiceCollection AddMetering(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<UsageIngestion>();
        services.AddSingleton<UsageHolds>();
        services.AddSingleton<NumberRentals>();
        services.AddHostedService<NumberRentalSweep>();
        services.AddSingleton<Estimator>();
        services.AddSingleton<UsageReports>();
        services.AddSingleton<UsageHabits>();
        services.AddSingleton<UsageItems>();
        services.AddSingleton<CreditStatements>();
        services.AddSingleton<ApiCreditStatements>();
        services.AddOptions<BalanceAlertOptions>().Bind(configuration.GetSection(BalanceAlertOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<BalanceAlerts>();
        services.AddSingleton<BalanceWatch>();
        services.AddSingleton<SpendLimitSettings>();
        services.AddSingleton<SpendLimitNotices>();
        services.AddHostedService(provider => provider.GetRequiredService<BalanceWatch>());
        return services;
    }
}

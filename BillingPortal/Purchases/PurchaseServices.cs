using BillingPortal.Invoices;
using BillingPortal.Payments;

namespace BillingPortal.Purchases;

/// <summary>Puts the purchases together.</summary>
public static class PurchaseServices
{
    public static IServiceCollection AddPurchases(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<AutoReloadOptions>().Bind(configuration.GetSection(AutoReloadOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IPaymentFulfilment, PackFulfilment>();
        services.AddSingleton<PackFulfilment>();
        services.AddSingleton<IInvoiceDrafts>(provider => provider.GetRequiredService<PackFulfilment>());
        services.AddSingleton<PackPurchases>();
        services.AddSingleton<TopUps>();
        services.AddSingleton<ApiCreditPurchases>();
        services.AddSingleton<IPaymentFulfilment, AutoReloadFulfilment>();
        services.AddSingleton<Reversals>();
        services.AddSingleton<IPaymentReversals>(provider => provider.GetRequiredService<Reversals>());
        services.AddSingleton<Refunds>();
        services.AddHostedService<RefundUpkeep>();
        services.AddSingleton<AutoReloads>();
        services.AddSingleton<AutoReloadRehearsal>();
        services.AddSingleton<AutoReloadEngine>();
        services.AddSingleton<AutoReloadWorker>();
        return services.AddHostedService(provider => provider.GetRequiredService<AutoReloadWorker>());
    }
}

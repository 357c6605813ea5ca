using BillingPortal.Payments;

namespace BillingPortal.Purchases;

/// <summary>Puts the purchases together.</summary>
public static class PurchaseServices
{
    public static IServiceCollection AddPurchases(this IServiceCollection services) => services
        .AddSingleton<IPaymentFulfilment, PackFulfilment>()
        .AddSingleton<PackPurchases>()
        .AddSingleton<TopUps>()
        .AddSingleton<ApiCreditPurchases>();
}

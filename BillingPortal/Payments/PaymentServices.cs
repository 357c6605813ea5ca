using BillingPortal.Payments.Sandbox;
using BillingPortal.Payments.Stripe;

namespace BillingPortal.Payments;

/// <summary>Puts payments together, with the configured gateway.</summary>
public static class PaymentServices
{
    public static IServiceCollection AddPayments(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<PortalOptions>().Bind(configuration.GetSection(PortalOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<PaymentOptions>().Bind(configuration.GetSection(PaymentOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<PortalAddress>();
        services.AddSingleton<PaymentMetrics>();
        services.AddSingleton<Settlement>();
        services.AddSingleton<SavedCards>();
        services.AddSingleton<CardCharges>();
        services.AddSingleton<PaymentInquiry>();
        services.AddSingleton<PaymentOrders>();
        services.AddSingleton<PaymentTracker>();
        services.AddSingleton<GatewayInbox>();
        services.AddHostedService<PaymentUpkeep>();
        return configuration.GetValue($"{PaymentOptions.Section}:{nameof(PaymentOptions.Provider)}", PaymentProvider.Sandbox) is PaymentProvider.Stripe
            ? services.AddSandbox(isGateway: false).AddStripe(configuration)
            : services.AddSandbox(isGateway: true);
    }
}

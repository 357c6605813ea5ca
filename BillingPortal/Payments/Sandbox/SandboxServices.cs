namespace BillingPortal.Payments.Sandbox;

/// <summary>Puts the sandbox gateway together.</summary>
internal static class SandboxServices
{
    private static readonly TimeSpan DeliveryTimeout = TimeSpan.FromSeconds(10);

    public static IServiceCollection AddSandbox(this IServiceCollection services)
    {
        services.AddSingleton<IPaymentGateway, SandboxGateway>();
        services.AddSingleton<SandboxSecrets>();
        services.AddSingleton<SandboxSignal>();
        services.AddSingleton<SandboxCheckout>();
        services.AddSingleton<SandboxCharges>();
        services.AddSingleton<SandboxDelivery>();
        services.AddHostedService(provider => provider.GetRequiredService<SandboxDelivery>());
        // Four lines for each event would say nothing that the door does not.
        services.AddHttpClient(SandboxDelivery.ClientName, client => client.Timeout = DeliveryTimeout).RemoveAllLoggers();
        return services;
    }
}

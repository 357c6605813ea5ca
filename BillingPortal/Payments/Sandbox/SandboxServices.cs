namespace BillingPortal.Payments.Sandbox;

/// <summary>Puts the sandbox gateway together.</summary>
internal static class SandboxServices
{
    private static readonly TimeSpan DeliveryTimeout = TimeSpan.FromSeconds(10);

    /// <param name="services">The portal's.</param>
    /// <param name="isGateway">Whether it takes the payments. If not, what was left open in it can still be looked at, and nobody is told of it.</param>
    public static IServiceCollection AddSandbox(this IServiceCollection services, bool isGateway)
    {
        if (isGateway)
        {
            services.AddSingleton<IPaymentGateway, SandboxGateway>();
            services.AddHostedService(provider => provider.GetRequiredService<SandboxDelivery>());
        }

        services.AddSingleton<SandboxSecrets>();
        services.AddSingleton<SandboxSignal>();
        services.AddSingleton<SandboxCheckout>();
        services.AddSingleton<SandboxCharges>();
        services.AddSingleton<SandboxDelivery>();
        // Four lines for each event would say nothing that the door does not.
        services.AddHttpClient(SandboxDelivery.ClientName, client => client.Timeout = DeliveryTimeout).RemoveAllLoggers();
        return services;
    }
}

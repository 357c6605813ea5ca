namespace BillingPortal.Payments.Stripe;

/// <summary>The secrets that sign Stripe's events: one, or several while one is rolled.</summary>
internal sealed class StripeWebhookSecrets(IConfiguration configuration)
{
    public IReadOnlyList<string> All { get; } = WebhookSignature.ConfiguredSecrets(configuration);
}

/// <summary>Puts the Stripe gateway together.</summary>
internal static class StripeServices
{
    public static IServiceCollection AddStripe(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<StripeOptions>().Bind(configuration.GetSection(StripeOptions.Section)).ValidateDataAnnotations()
            .Validate(
                _ => WebhookSignature.ConfiguredSecrets(configuration) is { Count: > 0 } secrets && secrets.All(secret => secret.StartsWith("whsec_", StringComparison.Ordinal)),
                "Stripe:WebhookSecret: the signing secret (whsec_…) of the webhook endpoint, one or several.")
            .Validate(_ => !configuration.GetValue("Demo:Enabled", false), "Demo:Enabled: the demo pays in the sandbox and does not go together with Payments:Provider=Stripe.")
            .ValidateOnStart();
        services.AddSingleton<IPaymentGateway, StripeGateway>();
        services.AddSingleton<StripeClient>();
        services.AddSingleton<StripeBreaker>();
        services.AddSingleton<StripeWebhookSecrets>();

        // Its own loggers would write addresses and headers; the client says what is worth knowing.
        services.AddHttpClient(StripeClient.ClientName, client =>
        {
            client.Timeout = Timeout.InfiniteTimeSpan;
            client.MaxResponseContentBufferSize = StripeClient.LargestAnswer;
        }).ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        }).RemoveAllLoggers();
        return services;
    }
}

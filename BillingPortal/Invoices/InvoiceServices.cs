namespace BillingPortal.Invoices;

/// <summary>Puts the invoices together.</summary>
public static class InvoiceServices
{
    public static IServiceCollection AddInvoices(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<InvoiceOptions>().Bind(configuration.GetSection(InvoiceOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        return services
            .AddSingleton<InvoiceBook>()
            .AddSingleton<CreditNotes>()
            .AddSingleton<BillingDetailsBook>()
            .AddSingleton<Statements>()
            .AddSingleton<Documents>();
    }
}

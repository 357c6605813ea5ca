namespace BillingPortal.Invoices;

/// <summary>Puts the invoices together.</summary>
public static class InvoiceServices
{
    public static IServiceCollection AddInvoices(this IServiceCollection services) => services.AddSingleton<InvoiceBook>();
}

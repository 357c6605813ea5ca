namespace BillingPortal.Reconciliation;

/// <summary>Puts the reconciliation together.</summary>
public static class ReconciliationServices
{
    public static IServiceCollection AddReconciliation(this IServiceCollection services)
    {
        services.AddSingleton<PaymentBooksReader>();
        services.AddSingleton<Reconciliations>();
        services.AddSingleton<Healing>();
        services.AddSingleton<PaymentDesk>();
        return services.AddHostedService<ReconciliationJob>();
    }
}

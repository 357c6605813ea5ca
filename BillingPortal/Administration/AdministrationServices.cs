namespace BillingPortal.Administration;

/// <summary>Puts together what platform administrators do for others.</summary>
public static class AdministrationServices
{
    public static IServiceCollection AddAdministration(this IServiceCollection services)
    {
        services.AddSingleton<Customers>();
        services.AddSingleton<CreditAdjustments>();
        services.AddSingleton<BulkGrants>();
        services.AddHostedService<BulkGrantJob>();
        return services;
    }
}

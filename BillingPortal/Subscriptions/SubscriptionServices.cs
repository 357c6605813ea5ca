using BillingPortal.Catalog;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Payments;

namespace BillingPortal.Subscriptions;

/// <summary>Puts the subscriptions together.</summary>
public static class SubscriptionServices
{
    private const string DailyResetTimeZone = "Portal:DailyResetTimeZone";

    /// <exception cref="CatalogException">The time zone of the daily reset is none that this machine knows.</exception>
    public static IServiceCollection AddSubscriptions(this IServiceCollection services, IConfiguration configuration)
    {
        var zone = configuration[DailyResetTimeZone] ?? "UTC";
        if (!DailyReset.TryFor(zone, out var reset))
        {
            throw new CatalogException([new(DailyResetTimeZone, $"'{zone}' must be an IANA time zone, such as UTC or Europe/Paris")]);
        }

        services.AddSingleton(reset);
        services.AddSingleton<DueAllowances>();
        services.AddSingleton<PlanStandings>();
        services.AddSingleton<AllowancePoster>();
        services.AddSingleton<PlanSubscriptions>();
        services.AddSingleton<PlanList>();
        services.AddSingleton<CurrentWallets>();
        services.AddSingleton<PlanChanges>();
        services.AddSingleton<PlanBilling>();
        services.AddSingleton<IPaymentFulfilment, PlanFulfilment>();
        services.AddSingleton<IInvoiceDrafts, PlanFulfilment>();
        services.AddSingleton<Renewals>();
        services.AddHostedService<AllowanceSweep>();
        services.AddHostedService<RenewalJob>();
        return services;
    }
}

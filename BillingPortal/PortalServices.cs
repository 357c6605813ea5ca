using BillingPortal.Accounts;
using BillingPortal.Administration;
using BillingPortal.Audit;
using BillingPortal.Catalog;
using BillingPortal.Demo;
using BillingPortal.Gifting;
using BillingPortal.Invoices;
using BillingPortal.Metering;
using BillingPortal.Notifications;
using BillingPortal.Payments;
using BillingPortal.Posts;
using BillingPortal.Purchases;
using BillingPortal.Reconciliation;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Wallets;
using BillingPortal.Webhooks;

namespace BillingPortal;

/// <summary>Everything that the portal's pages and endpoints stand on, and nothing of the web.</summary>
public static class PortalServices
{
    /// <exception cref="CatalogException">The catalog is broken; its message lists every fault.</exception>
    public static IServiceCollection AddPortal(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddCatalog(configuration);
        services.AddStore(configuration);
        services.AddSingleton<AuditLog>();
        services.AddWallets();
        services.AddSubscriptions(configuration);
        services.AddMetering(configuration);
        services.AddPayments(configuration);
        services.AddInvoices(configuration);
        services.AddWebhooks(configuration);
        services.AddNotifications(configuration);
        services.AddGifting(configuration);
        services.AddPosts();
        services.AddPurchases(configuration);
        services.AddReconciliation();
        services.AddAccounts(configuration);
        services.AddAdministration();
        return services.AddDemo(configuration);
    }
}

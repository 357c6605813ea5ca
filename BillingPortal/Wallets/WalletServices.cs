namespace BillingPortal.Wallets;

/// <summary>Puts the wallets together.</summary>
public static class WalletServices
{
    public static IServiceCollection AddWallets(this IServiceCollection services)
    {
        services.AddSingleton<BalanceFeed>();
        services.AddSingleton<WalletMetrics>();
        services.AddSingleton<WalletReader>();
        services.AddSingleton<TransactionHistory>();
        services.AddSingleton<LedgerReferences>();
        services.AddSingleton<WalletDays>();
        services.AddSingleton<BonusHistory>();
        services.AddSingleton<WalletMonths>();
        services.AddSingleton<TransactionPages>();
        services.AddSingleton<LedgerVerification>();
        services.AddSingleton<LedgerSeal>();
        services.AddSingleton<LedgerWatch>();
        services.AddSingleton<LedgerInspection>();
        services.AddSingleton<CreditFlows>();
        services.AddHostedService(provider => provider.GetRequiredService<LedgerWatch>());
        services.AddHealthChecks().AddCheck<LedgerHealth>("ledger", tags: ["ready"]);
        services.AddSingleton<WalletWriter>();
        services.AddHostedService(provider => provider.GetRequiredService<WalletWriter>());
        services.AddSingleton<ExpirySweep>();
        services.AddHostedService(provider => provider.GetRequiredService<ExpirySweep>());
        return services;
    }
}

using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Subscriptions;
using BillingPortal.Wallets;

namespace BillingPortal.Metering;

/// <summary>API credits over the life of an organization.</summary>
/// <param name="Balance">What there is.</param>
/// <param name="Purchased">All that was ever bought, refunded or not.</param>
/// <param name="Consumed">All that model calls ever took.</param>
public sealed record ApiCreditStatement(Credits Balance, Credits Purchased, Credits Consumed);

/// <summary>Sums up API credits for people; keys are refused. Source: contract, surface 004.</summary>
public sealed class ApiCreditStatements(CurrentWallets wallets, WalletReader reader, UsageReports reports)
{
    /// <exception cref="AccessDeniedException">The caller is an API key.</exception>
    public async Task<ApiCreditStatement> GetAsync(Caller caller, CancellationToken cancellationToken)
    {
        caller.DemandSession();
        var balance = await wallets.GetBalanceAsync(caller, CreditTypes.ApiCredits, cancellationToken);
        var purchased = await reader.GetIssuedAsync(caller, CreditTypes.ApiCredits, BucketKind.Purchased, cancellationToken);
        return new ApiCreditStatement(balance.Balance, purchased, await reports.GetTotalConsumedAsync(caller, CreditTypes.ApiCredits, cancellationToken));
    }
}

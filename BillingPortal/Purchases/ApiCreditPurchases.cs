using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Wallets;

namespace BillingPortal.Purchases;

/// <summary>API credits that were bought.</summary>
/// <param name="TransactionId">tx_…</param>
/// <param name="Amount">What was credited.</param>
/// <param name="BalanceAfter">The balance with it.</param>
/// <param name="GatewayPaymentId">The gateway's own id of the payment; null if it named none.</param>
/// <param name="CreatedAt">When it was credited.</param>
public sealed record ApiCreditPurchase(string TransactionId, Credits Amount, Credits BalanceAfter, string? GatewayPaymentId, DateTimeOffset CreatedAt);

/// <summary>A page of purchases, newest first, and where the next one begins; null at the end.</summary>
public sealed record ApiCreditPurchasePage(IReadOnlyList<ApiCreditPurchase> Purchases, long? NextBefore);

/// <summary>Lists what was bought of API credits, for people; keys are refused. Source: contract, surface 004.</summary>
public sealed class ApiCreditPurchases(TransactionHistory history, PaymentTracker payments)
{
    /// <summary>Most purchases on one page.</summary>
    public const int LargestPage = 100;

    /// <param name="caller">A signed-in person.</param>
    /// <param name="before">The page after this one's; null: the newest.</param>
    /// <param name="limit">1 to <see cref="LargestPage"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AccessDeniedException">The caller is an API key.</exception>
    public async Task<ApiCreditPurchasePage> ListAsync(Caller caller, long? before, int limit, CancellationToken cancellationToken)
    {
        caller.DemandSession();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, LargestPage);
        var page = await history.ListAsync(
            caller, new TransactionQuery(CreditTypes.ApiCredits, [TransactionType.Purchase], BeforeSequence: before, Limit: limit), cancellationToken);
        var gatewayIds = await payments.GatewayIdsAsync(
            caller, [.. page.Transactions.Select(transaction => PackFulfilment.PaymentOf(transaction.Reference)).OfType<string>()], cancellationToken);
        return new ApiCreditPurchasePage(
            [
                .. page.Transactions.Select(transaction => new ApiCreditPurchase(
                    transaction.Id, transaction.Amount, transaction.BalanceAfter,
                    PackFulfilment.PaymentOf(transaction.Reference) is { } paymentId ? gatewayIds.GetValueOrDefault(paymentId) : null,
                    transaction.RecordedAt)),
            ],
            page.NextBeforeSequence);
    }
}

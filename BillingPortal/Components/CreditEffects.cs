using BillingPortal.Access;
using BillingPortal.Administration;
using BillingPortal.Metering;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Wallets;

namespace BillingPortal.Components;

/// <summary>What moving credit by hand would do beyond the balance.</summary>
/// <param name="LastsNow">How long the customer's credit lasts; null if that cannot be said.</param>
/// <param name="LastsThen">The same after it.</param>
/// <param name="OwedNow">What is owed to all customers in unspent credit of the kind.</param>
/// <param name="OwedThen">The same after it.</param>
public sealed record CreditEffect(Runway? LastsNow, Runway? LastsThen, decimal OwedNow, decimal OwedThen);

/// <summary>Works out what moving credit by hand would do, for the page that asks whether it is right.</summary>
public sealed class CreditEffects(CurrentWallets wallets, UsageReports usage, CreditFlows flows, TimeProvider clock)
{
    /// <param name="caller">A platform administrator.</param>
    /// <param name="wish">What would be done.</param>
    /// <param name="possible">What it would do to the balance.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AccessDeniedException">The caller is no platform administrator.</exception>
    public async Task<CreditEffect> ReadAsync(Caller caller, AdjustmentWish wish, AdjustmentResult.Possible possible, CancellationToken cancellationToken)
    {
        var visitor = caller.Visiting(wish.OrganizationId);
        var change = possible.After - possible.Before;
        var available = (await wallets.GetWalletAsync(visitor, wish.CreditType, cancellationToken)).AvailableAt(clock.Now());
        var burn = await usage.BurnAsync(visitor, wish.CreditType, Runway.Basis, cancellationToken);
        var owed = await flows.GetOutstandingAsync(caller, wish.CreditType, cancellationToken);
        return new CreditEffect(Runway.Estimate(available, burn), Runway.Estimate(available + change, burn), owed, owed + change.ToDecimal());
    }
}

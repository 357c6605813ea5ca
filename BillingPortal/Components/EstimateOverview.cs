using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Purchases;
using BillingPortal.Store;
using BillingPortal.Subscriptions;

namespace BillingPortal.Components;

/// <summary>What the estimator knows of an organization.</summary>
/// <param name="PlanName">The plan held.</param>
/// <param name="Means">What is there before anything is bought.</param>
/// <param name="MayBuy">Whether the viewer may spend money.</param>
/// <param name="LastDays">What was used lately, as texts of the fields.</param>
public sealed record EstimateOverview(string PlanName, EstimateMeans Means, bool MayBuy, IReadOnlyDictionary<string, string> LastDays);

/// <summary>Puts that together from the services that know its parts.</summary>
public sealed class EstimateOverviews(PackPurchases purchases, PlanStandings standings, CurrentWallets wallets, UsageHabits habits, TimeProvider clock)
{
    /// <param name="caller">Who looks.</param>
    /// <param name="previous">What was shown before: what was used lately is read once for a page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<EstimateOverview> ReadAsync(Caller caller, EstimateOverview? previous, CancellationToken cancellationToken)
    {
        var standing = await standings.GetAsync(caller.OrganizationId, cancellationToken);
        var offers = await purchases.GetOffersAsync(caller, cancellationToken);
        var credits = await wallets.GetWalletAsync(caller, CreditTypes.Credits, cancellationToken);
        var apiCredits = await wallets.GetWalletAsync(caller, CreditTypes.ApiCredits, cancellationToken);
        var minutes = await wallets.GetWalletAsync(caller, CreditTypes.IncludedMinutes, cancellationToken);
        var now = clock.Now();
        var month = standing.Plan.MonthOf(standing.Interval, standing.Seats);

        // What a monthly grant left ends when the next comes, and counts with it; what a yearly one left is there to be used.
        var renews = standing.Allowance.Every is BillingInterval.Monthly;
        var ending = renews
            ? Credits.Sum(credits.Buckets.Where(bucket => bucket is { Kind: BucketKind.Plan, ExpiresAt: not null } && bucket.IsLiveAt(now)).Select(bucket => bucket.Remaining))
            : Credits.Zero;
        return new EstimateOverview(
            standing.Plan.Name,
            new EstimateMeans(
                standing.Plan.Id,
                standing.Interval,
                standing.Seats,
                standing.IsBilled ? month.Price : Money.Zero,
                renews ? month.Credits : Credits.Zero,
                renews ? month.Minutes : Credits.Max(Credits.Zero, minutes.AvailableAt(now)),
                // What is reserved is taken from the plan's credits first.
                credits.AvailableAt(now) - Credits.Max(Credits.Zero, ending - credits.HeldAt(now)),
                apiCredits.AvailableAt(now),
                offers.ToDictionary(offer => offer.Pack.Id, offer => offer.PlacesLeft, StringComparer.Ordinal)),
            caller.Role >= MemberRole.Billing,
            previous?.LastDays ?? EstimateForm.TextsOf(await habits.LastDaysAsync(caller, cancellationToken)));
    }
}

using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Subscriptions;

namespace BillingPortal.Api;

/// <summary>Flows. Source: contract, "001 · Flows".</summary>
internal static class FlowEndpoints
{
    public static IEndpointRouteBuilder MapFlows(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/flows").WithTags("Flows").RequireCaller();
        group.MapGet("/balance", GetBalanceAsync).WithSummary("Today's flows and bonus flows").Produces<FlowBalance>();
        return routes;
    }

    private static async Task<FlowBalance> GetBalanceAsync(
        HttpContext http, CurrentWallets wallets, PlanStandings standings, TimeProvider clock, CancellationToken cancellationToken)
    {
        var caller = http.Caller();
        var wallet = await wallets.GetWalletAsync(caller, CreditTypes.Flows, cancellationToken);
        var standing = await standings.GetAsync(caller.OrganizationId, cancellationToken);
        var now = clock.Now();
        var live = wallet.Buckets.Where(bucket => bucket.IsLiveAt(now)).ToLookup(bucket => bucket.Kind is BucketKind.Daily, bucket => bucket.Remaining);
        var (daily, bonus) = (Credits.Sum(live[true]), Credits.Sum(live[false]));

        // A plan that changed during the day leaves that day's allowance as it was granted.
        var limit = Credits.Max(Credits.FromWhole(standing.Plan.DailyFlows), daily);
        return new FlowBalance(new DailyFlows(limit - daily, limit, daily), new FlowsAvailable(bonus), new FlowsAvailable(wallet.AvailableAt(now)));
    }

    internal sealed record FlowBalance(DailyFlows Daily, FlowsAvailable Bonus, FlowsAvailable Total);

    internal sealed record DailyFlows(Credits Used, Credits Limit, Credits Remaining);

    internal sealed record FlowsAvailable(Credits Available);
}

using System.Collections.Immutable;
using BillingPortal.Access;
using BillingPortal.Catalog;

namespace BillingPortal.Subscriptions;

/// <summary>Lists the plans that are sold.</summary>
public sealed class PlanList(PriceCatalog catalog)
{
    /// <summary>Every plan, the least first.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>billing:read</c>.</exception>
    public ImmutableArray<Plan> Get(Caller caller)
    {
        caller.DemandScope(Scopes.BillingRead);
        return catalog.Plans;
    }
}

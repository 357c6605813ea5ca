using BillingPortal.Ledger;

namespace BillingPortal.Components;

/// <summary>The lowest plan that opens what the viewer's plan does not.</summary>
public sealed record PlanNeeded(string Id, string Name, Money MonthlyPrice)
{
    /// <summary>Where one looks at it before changing to it.</summary>
    public string Address => $"/plan?plan={Id}&interval=monthly#review";
}

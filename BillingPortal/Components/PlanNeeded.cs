using BillingPortal.Ledger;

namespace BillingPortal.Components;

/// <summary>The lowest plan that opens what the viewer's plan does not.</summary>
public sealed record PlanNeeded(string Name, Money MonthlyPrice);

using BillingPortal.Catalog;
using BillingPortal.Ledger;

namespace BillingPortal.Subscriptions;

/// <summary>Which plan an organization is on at an instant, and in which cycle.</summary>
public sealed record PlanStanding
{
    public required string OrganizationId { get; init; }

    /// <summary>sub_…; null for an organization that never chose a plan, which stands as one on the free plan.</summary>
    public string? SubscriptionId { get; init; }

    public required Plan Plan { get; init; }

    public SubscriptionStatus Status { get; init; } = SubscriptionStatus.Active;

    public BillingInterval Interval { get; init; } = BillingInterval.Monthly;

    public int Seats { get; init; } = 1;

    /// <summary>The instant all cycles are counted from.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The billing cycle: what is paid for.</summary>
    public required Cycle Cycle { get; init; }

    /// <summary>The cycle of the allowance: a month within a yearly cycle, where the plan grants monthly.</summary>
    public required Cycle AllowanceCycle { get; init; }

    public DateTimeOffset CycleStart => Cycle.Start;

    public DateTimeOffset CycleEnd => Cycle.End;

    public bool CancelAtPeriodEnd { get; init; }

    /// <summary>The plan that follows at the end of the cycle; null if none was chosen.</summary>
    public string? PendingPlanId { get; init; }

    /// <summary>What each <see cref="AllowanceCycle"/> grants.</summary>
    public PlanAllowance Allowance => Plan.AllowanceOf(Interval, Seats);
}

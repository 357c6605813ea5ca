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

    /// <summary>What follows at the end of the cycle; null if nothing else was chosen.</summary>
    public PlanWish? Pending { get; init; }

    /// <summary>The end of the last cycle that was paid; null where the portal collects nothing: on the free plan, or a plan that was given.</summary>
    public DateTimeOffset? PaidUntil { get; init; }

    /// <summary>What a whole cycle costs as it was paid; zero where nothing is collected.</summary>
    public Money CyclePrice { get; init; }

    /// <summary>Money left over from a change of plan, from which the next prices are paid first.</summary>
    public Money CarriedOver { get; init; }

    /// <summary>When the renewal is due, or tried again; null: never.</summary>
    public DateTimeOffset? RenewsAt { get; init; }

    /// <summary>When the first try of an unpaid renewal failed.</summary>
    public DateTimeOffset? PastDueSince { get; init; }

    /// <summary>How many tries of the running renewal have failed.</summary>
    public int FailedAttempts { get; init; }

    /// <summary>Why the last try failed, machine-readable.</summary>
    public string? FailureCode { get; init; }

    /// <summary>Counts what was paid for.</summary>
    public long Revision { get; init; }

    /// <summary>Whether the portal collects money for it.</summary>
    public bool IsBilled => PaidUntil is not null;

    /// <summary>Whether the plan grants anything: it does until the end of what was paid, and always where nothing is collected.</summary>
    public bool IsServedAt(DateTimeOffset now) => Status is SubscriptionStatus.Active && (PaidUntil is not { } end || now < end);

    /// <summary>The part of what was paid that is still to come.</summary>
    public Money UnusedAt(DateTimeOffset now) =>
        PaidUntil is { } end && now < end ? Proration.Unused(CyclePrice, Cycle, now) : Money.Zero;

    /// <summary>What each <see cref="AllowanceCycle"/> grants.</summary>
    public PlanAllowance Allowance => Plan.AllowanceOf(Interval, Seats);
}

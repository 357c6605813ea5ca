using BillingPortal.Ledger;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Subscriptions;

/// <summary>How a subscription stands with its payments.</summary>
public enum SubscriptionStatus
{
    Active,

    /// <summary>A renewal was tried and is not paid. What was bought works on; the plan grants nothing until it is paid. docs/decisions/0091.</summary>
    PastDue,

    Canceled,
}

/// <summary>The plan an organization holds; at most one. Its cycles follow from <see cref="StartedAt"/> and are not stored, only how far they are paid.</summary>
internal sealed class Subscription
{
    public string OrganizationId { get; set; } = "";

    /// <summary>sub_…; another one each time a plan is started, so that each start has allowances of its own.</summary>
    public string Id { get; set; } = "";

    public string PlanId { get; set; } = "";

    public BillingInterval Interval { get; set; }

    public int Seats { get; set; }

    public SubscriptionStatus Status { get; set; }

    /// <summary>The anchor of every cycle.</summary>
    public DateTimeOffset StartedAt { get; set; }

    public bool CancelAtPeriodEnd { get; set; }

    /// <summary>The plan it changes to at the end of the cycle, if one was chosen; the same plan if only interval or seats change.</summary>
    public string? PendingPlanId { get; set; }

    public BillingInterval? PendingInterval { get; set; }

    public int? PendingSeats { get; set; }

    /// <summary>The end of the last cycle that was paid; null where the portal collects nothing: on the free plan, or a plan that was given.</summary>
    public DateTimeOffset? PaidUntil { get; set; }

    /// <summary>What a whole cycle costs as it was paid, seats included; what is unused of it is credited when the plan changes.</summary>
    public Money CyclePriceCents { get; set; }

    /// <summary>Money left over from a change of plan; the next prices are paid from it first. Never negative.</summary>
    public Money CarriedOverCents { get; set; }

    /// <summary>When the renewal job looks next: at the end of the cycle, at the next try, or soon; null: never.</summary>
    public DateTimeOffset? RenewsAt { get; set; }

    /// <summary>When the first try of an unpaid renewal failed.</summary>
    public DateTimeOffset? PastDueSince { get; set; }

    /// <summary>How many tries of the running renewal have failed.</summary>
    public long FailedAttempts { get; set; }

    /// <summary>Why the last try failed, machine-readable.</summary>
    public string? FailureCode { get; set; }

    /// <summary>Counts what was paid for. An order that was made for another count is looked at anew before it is honoured.</summary>
    public long Revision { get; set; }

    /// <summary>Counts every change of the row, so that two at once cannot overwrite each other.</summary>
    public long Version { get; set; }

    /// <summary>When the sweep next posts allowances; null if the plan renews none.</summary>
    public DateTimeOffset? NextAllowanceAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<Subscription>
    {
        public void Configure(EntityTypeBuilder<Subscription> builder)
        {
            builder.ToTable("subscriptions", table =>
            {
                table.HasCheckConstraint("ck_subscriptions_seats", "seats >= 1");
                table.HasCheckConstraint("ck_subscriptions_money", "carried_over_cents >= 0 AND cycle_price_cents >= 0");
            });
            // Two starts at once must not give an organization two plans, nor two allowances.
            builder.HasKey(row => row.OrganizationId);
            builder.HasIndex(row => row.Id).IsUnique();
            // The sweep asks for what is due.
            builder.HasIndex(row => row.NextAllowanceAt);
            // So does the renewal job.
            builder.HasIndex(row => row.RenewsAt).HasFilter("renews_at IS NOT NULL");
            builder.Property(row => row.Version).IsConcurrencyToken();
        }
    }
}

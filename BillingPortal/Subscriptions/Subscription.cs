using BillingPortal.Ledger;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Subscriptions;

/// <summary>How a subscription stands with its payments.</summary>
public enum SubscriptionStatus
{
    Active,

    /// <summary>A renewal is not paid; no new allowance is granted until it is.</summary>
    PastDue,

    Canceled,
}

/// <summary>The plan an organization holds; at most one. Its cycles follow from <see cref="StartedAt"/> and are not stored.</summary>
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

    /// <summary>The plan it changes to at the end of the cycle, if one was chosen.</summary>
    public string? PendingPlanId { get; set; }

    /// <summary>When the sweep next posts allowances; null if the plan renews none.</summary>
    public DateTimeOffset? NextAllowanceAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<Subscription>
    {
        public void Configure(EntityTypeBuilder<Subscription> builder)
        {
            builder.ToTable("subscriptions", table => table.HasCheckConstraint("ck_subscriptions_seats", "seats >= 1"));
            // Two starts at once must not give an organization two plans, nor two allowances.
            builder.HasKey(row => row.OrganizationId);
            builder.HasIndex(row => row.Id).IsUnique();
            // The sweep asks for what is due.
            builder.HasIndex(row => row.NextAllowanceAt);
        }
    }
}

using System.Collections.Immutable;
using BillingPortal.Ledger;

namespace BillingPortal.Subscriptions;

/// <summary>What is to be done about a subscription whose cycle may have ended.</summary>
public abstract record RenewalStep
{
    private RenewalStep()
    {
    }

    /// <summary>Nothing is due.</summary>
    public sealed record Nothing : RenewalStep;

    /// <summary>The plan ends: it was canceled.</summary>
    public sealed record End : RenewalStep;

    /// <summary>The running cycle is to be paid.</summary>
    /// <param name="Quote">For what, and how much.</param>
    /// <param name="Key">The order's idempotency key: one for each try of each cycle, whoever makes it.</param>
    public sealed record Collect(PlanQuote Quote, string Key) : RenewalStep;
}

/// <summary>Decides when plans renew, what a failed renewal leads to, and when it is tried again. Pure.</summary>
/// <remarks>Source: design §6, "Renewal on the anniversary … Failed renewal: past due, retried on days 1, 3, 5, 7, then Free".</remarks>
public static class RenewalRules
{
    /// <summary>Days after the first failure on which the renewal is tried again. When the last of them fails too, the plan ends.</summary>
    public static ImmutableArray<int> RetryDays { get; } = [1, 3, 5, 7];

    /// <summary>What is due at an instant.</summary>
    public static RenewalStep Next(PlanStanding standing, DateTimeOffset now)
    {
        if (standing.RenewsAt is not { } dueAt || now < dueAt || standing.Plan.IsFree)
        {
            return new RenewalStep.Nothing();
        }

        if (standing.CancelAtPeriodEnd)
        {
            return new RenewalStep.End();
        }

        var wish = standing.Pending ?? new PlanWish(standing.Plan, standing.Interval, standing.Seats);
        var cycle = CycleDates.At(standing.StartedAt, wish.Interval, now);
        return new RenewalStep.Collect(PlanQuotes.Renewal(standing, wish, now), KeyOf(standing, cycle));
    }

    /// <summary>When a renewal whose try failed just now is tried again; null: that was the last try.</summary>
    public static DateTimeOffset? RetryAfter(PlanStanding standing, DateTimeOffset now)
    {
        var since = standing.PastDueSince ?? now;
        return RetryDays.Select(days => since.AddDays(days)).Where(at => at > now).Cast<DateTimeOffset?>().FirstOrDefault();
    }

    // The tries that failed are part of it: each try is an order of its own, and the one that is open is found again.
    private static string KeyOf(PlanStanding standing, Cycle cycle)
    {
        var key = $"renewal:{standing.SubscriptionId}:{cycle.Start.ToUnixTimeMilliseconds()}";
        return standing.FailedAttempts == 0 ? key : $"{key}:{standing.FailedAttempts}";
    }
}

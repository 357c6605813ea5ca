using System.Collections.Concurrent;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Subscriptions;

/// <summary>Tells which plan an organization is on. Remembers what it read for <see cref="Freshness"/>, so that a charge needs no read.</summary>
/// <remarks>A change made through this instance is seen at once; one made by another as soon as it tells, and within <see cref="Freshness"/> at the latest.</remarks>
public sealed class PlanStandings
{
    /// <summary>How long a standing is believed without asking again.</summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromSeconds(5);

    private const int Capacity = 20_000;
    private const string Topic = "plan";

    private readonly Func<BillingDbContext, string, CancellationToken, Task<Subscription?>> find =
        EF.CompileAsyncQuery((BillingDbContext db, string organizationId, CancellationToken _) =>
            db.Set<Subscription>().AsNoTracking().FirstOrDefault(row => row.OrganizationId == organizationId));

    private readonly ConcurrentDictionary<string, Remembered> remembered = new(StringComparer.Ordinal);
    private readonly IDbContextFactory<BillingDbContext> contexts;
    private readonly PriceCatalog catalog;
    private readonly ChangeRelay relay;
    private readonly TimeProvider clock;

    // Counts what was forgotten, so that a reading which began before is not remembered after it.
    private long forgotten;

    public PlanStandings(IDbContextFactory<BillingDbContext> contexts, PriceCatalog catalog, ChangeRelay relay, TimeProvider clock)
    {
        (this.contexts, this.catalog, this.relay, this.clock) = (contexts, catalog, relay, clock);
        relay.Subscribe(Topic, ForgetHere, ForgetAll);
    }

    /// <summary>How the organization stands now. Asks nobody's permission: callers show it only to the organization itself.</summary>
    public async ValueTask<PlanStanding> GetAsync(string organizationId, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        if (remembered.TryGetValue(organizationId, out var known) && clock.GetElapsedTime(known.ReadAt) < Freshness)
        {
            return At(known.Standing, now);
        }

        var (readAt, forgottenBefore) = (clock.GetTimestamp(), Volatile.Read(ref forgotten));
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var standing = StandingOf(organizationId, await find(db, organizationId, cancellationToken), now);
        if (remembered.Count >= Capacity)
        {
            remembered.Clear();
        }

        if (Volatile.Read(ref forgotten) == forgottenBefore)
        {
            remembered[organizationId] = new Remembered(standing, readAt);
        }

        return standing;
    }

    /// <summary>Makes the next question read again, after a change; here, and on every other instance.</summary>
    internal void Forget(string organizationId)
    {
        ForgetHere(organizationId);
        relay.Announce(Topic, organizationId);
    }

    internal PlanStanding StandingOf(string organizationId, Subscription? subscription, DateTimeOffset now)
    {
        if (subscription is null)
        {
            return At(Unsubscribed(organizationId), now);
        }

        var plan = catalog.FindPlan(subscription.PlanId)
            ?? throw new InvalidOperationException($"Organization {organizationId} is on the plan '{subscription.PlanId}', which the catalog no longer has.");
        return At(
            new PlanStanding
            {
                OrganizationId = organizationId,
                SubscriptionId = subscription.Id,
                Plan = plan,
                Status = subscription.Status,
                Interval = subscription.Interval,
                Seats = subscription.Seats,
                StartedAt = subscription.StartedAt,
                Cycle = default,
                AllowanceCycle = default,
                CancelAtPeriodEnd = subscription.CancelAtPeriodEnd,
                Pending = PendingOf(subscription),
                PaidUntil = subscription.PaidUntil,
                CyclePrice = subscription.CyclePriceCents,
                CarriedOver = subscription.CarriedOverCents,
                RenewsAt = subscription.RenewsAt,
                PastDueSince = subscription.PastDueSince,
                FailedAttempts = (int)subscription.FailedAttempts,
                FailureCode = subscription.FailureCode,
                Revision = subscription.Revision,
            },
            now);
    }

    private PlanWish? PendingOf(Subscription subscription) => subscription.PendingPlanId is { } planId
        ? new PlanWish(
            catalog.FindPlan(planId) ?? throw new InvalidOperationException($"The plan '{planId}' that {subscription.OrganizationId} is to change to is no longer in the catalog."),
            subscription.PendingInterval ?? subscription.Interval,
            subscription.PendingSeats ?? 1)
        : null;

    // Months since the epoch: any anchor serves, as the free plan renews no credit.
    private PlanStanding Unsubscribed(string organizationId) => new()
    {
        OrganizationId = organizationId,
        Plan = catalog.FreePlan,
        StartedAt = DateTimeOffset.UnixEpoch,
        Cycle = default,
        AllowanceCycle = default,
    };

    private static PlanStanding At(PlanStanding standing, DateTimeOffset now)
    {
        if (standing.Cycle.Contains(now) && standing.AllowanceCycle.Contains(now))
        {
            return standing;
        }

        // A clock of another instance may be ahead of ours by a moment when a plan starts.
        var instant = now < standing.StartedAt ? standing.StartedAt : now;
        return standing with
        {
            Cycle = CycleDates.At(standing.StartedAt, standing.Interval, instant),
            AllowanceCycle = CycleDates.At(standing.StartedAt, standing.Allowance.Every, instant),
        };
    }

    private void ForgetHere(string organizationId)
    {
        Interlocked.Increment(ref forgotten);
        remembered.TryRemove(organizationId, out _);
    }

    private void ForgetAll()
    {
        Interlocked.Increment(ref forgotten);
        remembered.Clear();
    }

    private sealed record Remembered(PlanStanding Standing, long ReadAt);
}

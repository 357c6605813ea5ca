using System.Collections.Concurrent;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Subscriptions;

/// <summary>Tells which plan an organization is on. Remembers what it read for <see cref="Freshness"/>, so that a charge needs no read.</summary>
/// <remarks>A change made through this instance is seen at once; one made by another instance within <see cref="Freshness"/>.</remarks>
public sealed class PlanStandings(IDbContextFactory<BillingDbContext> contexts, PriceCatalog catalog, TimeProvider clock)
{
    /// <summary>How long a standing is believed without asking again.</summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromSeconds(5);

    private const int Capacity = 20_000;

    private readonly Func<BillingDbContext, string, CancellationToken, Task<Subscription?>> find =
        EF.CompileAsyncQuery((BillingDbContext db, string organizationId, CancellationToken _) =>
            db.Set<Subscription>().AsNoTracking().FirstOrDefault(row => row.OrganizationId == organizationId));

    private readonly ConcurrentDictionary<string, Remembered> remembered = new(StringComparer.Ordinal);

    /// <summary>How the organization stands now. Asks nobody's permission: callers show it only to the organization itself.</summary>
    public async ValueTask<PlanStanding> GetAsync(string organizationId, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        if (remembered.TryGetValue(organizationId, out var known) && clock.GetElapsedTime(known.ReadAt) < Freshness)
        {
            return At(known.Standing, now);
        }

        var readAt = clock.GetTimestamp();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var standing = StandingOf(organizationId, await find(db, organizationId, cancellationToken), now);
        if (remembered.Count >= Capacity)
        {
            remembered.Clear();
        }

        remembered[organizationId] = new Remembered(standing, readAt);
        return standing;
    }

    /// <summary>Makes the next question read again, after a change.</summary>
    internal void Forget(string organizationId) => remembered.TryRemove(organizationId, out _);

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
                PendingPlanId = subscription.PendingPlanId,
            },
            now);
    }

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

    private sealed record Remembered(PlanStanding Standing, long ReadAt);
}

using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Subscriptions;

/// <summary>Puts organizations on plans without asking anyone to pay: the free plan of a newcomer, or a plan that is given. What people choose and pay: <see cref="PlanBilling"/>.</summary>
public sealed class PlanSubscriptions(
    IDbContextFactory<BillingDbContext> contexts,
    IStoreSessions sessions,
    PriceCatalog catalog,
    PlanStandings standings,
    AllowancePoster allowances,
    TimeProvider clock)
{
    /// <summary>Starts a plan and grants its allowances. Safe to repeat: an organization that is on a plan stays on it, unless that is the free one and the new is not.</summary>
    /// <param name="organizationId">Whose plan.</param>
    /// <param name="planId">A plan of the catalog.</param>
    /// <param name="interval">How often it renews.</param>
    /// <param name="seats">At least 1; counts only where the plan is sold by the seat.</param>
    /// <param name="startedAt">The anchor of its cycles; not in the future. Of the cycles already past nothing is granted.</param>
    /// <param name="actor">Who did it, as <c>Caller.Actor</c> has it.</param>
    /// <param name="cancellationToken">Gives up; repeat it to be sure.</param>
    /// <returns>How the organization stands after it.</returns>
    /// <exception cref="ArgumentException">No such plan, no seat, or a start in the future.</exception>
    public async Task<PlanStanding> StartAsync(
        string organizationId, string planId, BillingInterval interval, int seats, DateTimeOffset startedAt, string actor, CancellationToken cancellationToken)
    {
        var plan = catalog.FindPlan(planId) ?? throw new ArgumentException($"The catalog has no plan '{planId}'.", nameof(planId));
        ArgumentOutOfRangeException.ThrowIfLessThan(seats, 1);
        var now = clock.Now();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(startedAt, now);
        var fresh = new Subscription
        {
            OrganizationId = organizationId,
            Id = Ids.New("sub", now),
            PlanId = plan.Id,
            Interval = interval,
            Seats = seats,
            Status = SubscriptionStatus.Active,
            StartedAt = DateTimeOffset.FromUnixTimeMilliseconds(startedAt.ToUnixTimeMilliseconds()),
            NextAllowanceAt = now,
        };
        if (!await InsertAsync(fresh, cancellationToken) && !plan.IsFree)
        {
            await ReplaceFreeAsync(fresh, cancellationToken);
        }

        standings.Forget(organizationId);
        var standing = await standings.GetAsync(organizationId, cancellationToken);
        await allowances.PostAsync(standing, actor, cancellationToken);
        return standing;
    }

    private async Task<bool> InsertAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.Set<Subscription>().AnyAsync(row => row.OrganizationId == subscription.OrganizationId, cancellationToken))
        {
            return false;
        }

        try
        {
            db.Add(subscription);
            await db.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateException exception) when (sessions.IsUniqueViolation(exception))
        {
            return false;
        }
    }

    private async Task ReplaceFreeAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        var free = catalog.FreePlan.Id;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Set<Subscription>()
            .Where(row => row.OrganizationId == subscription.OrganizationId && row.PlanId == free)
            .ExecuteUpdateAsync(
                row => row
                    .SetProperty(to => to.Id, subscription.Id)
                    .SetProperty(to => to.PlanId, subscription.PlanId)
                    .SetProperty(to => to.Interval, subscription.Interval)
                    .SetProperty(to => to.Seats, subscription.Seats)
                    .SetProperty(to => to.Status, subscription.Status)
                    .SetProperty(to => to.StartedAt, subscription.StartedAt)
                    .SetProperty(to => to.CancelAtPeriodEnd, false)
                    .SetProperty(to => to.PendingPlanId, (string?)null)
                    .SetProperty(to => to.PendingInterval, (BillingInterval?)null)
                    .SetProperty(to => to.PendingSeats, (int?)null)
                    .SetProperty(to => to.Revision, to => to.Revision + 1)
                    .SetProperty(to => to.Version, to => to.Version + 1)
                    .SetProperty(to => to.NextAllowanceAt, subscription.NextAllowanceAt),
                cancellationToken);
    }
}

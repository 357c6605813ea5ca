using BillingPortal.Catalog;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Subscriptions;

/// <summary>Posts the allowances of a cycle, so that history shows them although nobody charged anything.</summary>
/// <remarks>Charges and reads do not wait for it. Daily allowances are left to the first charge of the day: most days of most organizations have none.</remarks>
public sealed class AllowancePoster(
    IDbContextFactory<BillingDbContext> contexts,
    WalletWriter writer,
    PlanStandings standings,
    DueAllowances due,
    TimeProvider clock,
    ILogger<AllowancePoster> logger)
{
    private const int Page = 200;

    /// <summary>Posts what <paramref name="standing"/> is owed and notes when the next allowance falls due.</summary>
    internal async Task PostAsync(PlanStanding standing, string actor, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        var grants = due.Outstanding(standing, now, CreditTypes.Credits, CreditTypes.IncludedMinutes);
        foreach (var grant in grants)
        {
            if (await writer.ExecuteAsync(grant with { Actor = actor }, cancellationToken) is PostResult.Refused { Refusal: var refusal })
            {
                throw new InvalidOperationException($"The allowance {grant.Reference} of {grant.OrganizationId} was refused: {refusal}.");
            }
        }

        due.Confirm(standing, now, grants);
        await NoteNextAsync(standing, cancellationToken);
    }

    /// <summary>Posts the allowances of every subscription that is due now, and tells how many there were.</summary>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        var swept = 0;
        var after = "";
        while (true)
        {
            var now = clock.Now();
            var page = await ReadDueAsync(now, after, cancellationToken);
            foreach (var subscription in page)
            {
                await TryPostAsync(subscription, now, cancellationToken);
                after = subscription.OrganizationId;
            }

            swept += page.Count;
            if (page.Count < Page)
            {
                return swept;
            }
        }
    }

    // One organization whose allowance cannot be posted must not keep it from the others.
    private async Task TryPostAsync(Subscription subscription, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            await PostAsync(standings.StandingOf(subscription.OrganizationId, subscription, now), "system:allowance", cancellationToken);
        }
        catch (InvalidOperationException exception)
        {
            logger.LogError(exception, "The allowance of {OrganizationId} could not be posted.", subscription.OrganizationId);
        }
    }

    private async Task<List<Subscription>> ReadDueAsync(DateTimeOffset now, string after, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<Subscription>().AsNoTracking()
            .Where(row => row.NextAllowanceAt != null && row.NextAllowanceAt <= now && row.Status == SubscriptionStatus.Active)
            // What is not paid yet is granted by the payment.
            .Where(row => row.PaidUntil == null || row.PaidUntil > now)
            .Where(row => row.OrganizationId.CompareTo(after) > 0)
            .OrderBy(row => row.OrganizationId)
            .Take(Page)
            .ToListAsync(cancellationToken);
    }

    private async Task NoteNextAsync(PlanStanding standing, CancellationToken cancellationToken)
    {
        var allowance = standing.Allowance;
        var renews = allowance.Credits.IsPositive || allowance.IncludedMinutes.IsPositive;
        var next = renews ? standing.AllowanceCycle.End : (DateTimeOffset?)null;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);

        // By what was read: if another plan was started or a cycle paid meanwhile, its own note stands.
        await db.Set<Subscription>()
            .Where(row => row.OrganizationId == standing.OrganizationId && row.Id == standing.SubscriptionId && row.Revision == standing.Revision)
            .ExecuteUpdateAsync(row => row.SetProperty(to => to.NextAllowanceAt, next), cancellationToken);
    }
}

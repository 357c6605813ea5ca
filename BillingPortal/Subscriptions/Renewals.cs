using BillingPortal.Access;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Subscriptions;

/// <summary>Brings subscriptions whose cycle has ended into the next one: charges the saved card, or ends the plan.</summary>
/// <remarks>
/// Safe on any number of instances and to repeat: the order's key is the subscription, the cycle and the try, so each try is charged at most once, whoever
/// makes it; what came of it commits with the payment. docs/decisions/0090 and 0093.
/// </remarks>
public sealed class Renewals(
    IDbContextFactory<BillingDbContext> contexts,
    PlanStandings standings,
    PlanChanges changes,
    CardCharges charges,
    IBuyerNames buyers,
    WalletWriter writer,
    BalanceFeed feed,
    TimeProvider clock,
    ILogger<Renewals> logger)
{
    /// <summary>Why a renewal failed for which there is no card.</summary>
    public const string NoCard = "no_card";

    private const int Page = 100;
    private const int Parallelism = 4;

    /// <summary>How soon a renewal whose outcome is not known is looked at again.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(1);

    /// <summary>Renews whatever is due, and tells how many subscriptions were looked at.</summary>
    public async Task<int> RunDueAsync(CancellationToken cancellationToken)
    {
        var looked = 0;
        var after = "";
        while (true)
        {
            var page = await ReadDueAsync(clock.Now(), after, cancellationToken);
            await Parallel.ForEachAsync(
                page, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
                async (subscription, ct) => await TryRenewAsync(subscription, ct));
            looked += page.Count;
            if (page.Count < Page)
            {
                return looked;
            }

            after = page[^1].OrganizationId;
        }
    }

    /// <summary>The first instant between two at which a renewal is due or tried again; null if there is none.</summary>
    public async Task<DateTimeOffset?> FindNextAsync(DateTimeOffset after, DateTimeOffset before, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<Subscription>().Where(row => row.RenewsAt > after && row.RenewsAt < before).MinAsync(row => row.RenewsAt, cancellationToken);
    }

    // One subscription that cannot be renewed must not keep the others from it.
    private async Task TryRenewAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        try
        {
            await RenewAsync(subscription, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            logger.LogError(exception, "The plan of {OrganizationId} could not be renewed; it is tried again.", subscription.OrganizationId);
        }
    }

    private async Task RenewAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        var standing = standings.StandingOf(subscription.OrganizationId, subscription, now);
        switch (RenewalRules.Next(standing, now))
        {
            case RenewalStep.End:
                await ChangeAsync(subscription, row => changes.End(row, now), cancellationToken);
                break;
            case RenewalStep.Collect { Quote: var quote, Key: var key }:
                await CollectAsync(subscription, standing, quote, key, cancellationToken);
                break;
            default:
                return;
        }

        standings.Forget(subscription.OrganizationId);
        feed.Publish([subscription.OrganizationId]);
    }

    private async Task CollectAsync(Subscription subscription, PlanStanding standing, PlanQuote quote, string key, CancellationToken cancellationToken)
    {
        var caller = Caller.ForSystem("renewal", standing.OrganizationId);
        var now = clock.Now();
        if (quote.DueNow == Money.Zero)
        {
            var terms = PlanTerms.Of(standing, quote);
            await writer.ExecuteAsync(changes.Command(standing.OrganizationId, terms, Money.Zero, key, subscription.Id, caller.Actor), cancellationToken);
            return;
        }

        if (await IsBeingPaidAsync(standing.OrganizationId, cancellationToken))
        {
            await ChangeAsync(subscription, row => LookAgain(row, now), cancellationToken);
            return;
        }

        var buyer = await buyers.NameOfAsync(standing.OrganizationId, cancellationToken);
        var order = PlanOrder.Of(caller, buyer, standing, quote, key, now, charges.NextExpiry);
        switch (await charges.ChargeAsync(order, cancellationToken))
        {
            case ChargeResult.NoCard:
                await ChangeAsync(subscription, row => changes.Fail(row, NoCard, now), cancellationToken);
                break;
            case ChargeResult.Unknown:
                await ChangeAsync(subscription, row => LookAgain(row, now), cancellationToken);
                break;
            case ChargeResult.Declined declined:
                logger.LogInformation("The renewal of {OrganizationId} was declined: {Code}.", standing.OrganizationId, declined.Code);
                break;
            default:
                logger.LogInformation("The plan of {OrganizationId} is renewed.", standing.OrganizationId);
                break;
        }
    }

    private static void LookAgain(Subscription row, DateTimeOffset now)
    {
        row.RenewsAt = now + Soon;
        row.Version++;
    }

    /// <summary>Whether somebody has just paid for the plan by hand, and the money is on its way or may be.</summary>
    private async Task<bool> IsBeingPaidAsync(string organizationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<Payment>().AnyAsync(
            row => row.OrganizationId == organizationId && row.State == PaymentState.Pending
                && ((row.CardId == null && row.AcceptedAt != null) || (row.CardId != null && row.UserId != null))
                && (row.Kind == PaymentKind.Plan || row.Kind == PaymentKind.Renewal),
            cancellationToken);
    }

    /// <summary>Changes the row unless somebody else has meanwhile; then the next run looks anew.</summary>
    private async Task ChangeAsync(Subscription subscription, Action<Subscription> change, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var row = await db.Set<Subscription>().SingleAsync(row => row.OrganizationId == subscription.OrganizationId, cancellationToken);
        if (row.Version != subscription.Version)
        {
            return;
        }

        var before = (row.PlanId, row.Status, row.FailedAttempts);
        change(row);
        if (before != (row.PlanId, row.Status, row.FailedAttempts))
        {
            db.Add(changes.LapseOf(row, clock.Now()));
        }

        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            // Somebody else was quicker.
        }
    }

    private async Task<List<Subscription>> ReadDueAsync(DateTimeOffset now, string after, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<Subscription>().AsNoTracking()
            .Where(row => row.RenewsAt != null && row.RenewsAt <= now && row.OrganizationId.CompareTo(after) > 0)
            .OrderBy(row => row.OrganizationId)
            .Take(Page)
            .ToListAsync(cancellationToken);
    }
}

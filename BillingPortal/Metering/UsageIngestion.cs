using System.Diagnostics;
using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Metering;

/// <summary>Takes in usage: each event is checked, priced, debited and recorded in one commit, once for its id.</summary>
public sealed class UsageIngestion(
    PriceCatalog catalog,
    PlanStandings standings,
    DueAllowances allowances,
    WalletWriter writer,
    WalletReader reader,
    SpendLimitNotices notices,
    IDbContextFactory<BillingDbContext> contexts,
    TimeProvider clock)
{
    private readonly UsagePricing pricing = new(catalog);
    private readonly TierCounts tiers = new(contexts);
    private readonly UsagePoster poster = new(standings, allowances, writer, clock);

    /// <summary>Charges events in their order; each stands for itself, and one that is rejected leaves the others alone.</summary>
    /// <param name="caller">A key with <see cref="Scopes.UsageWrite"/>, or a person who may spend the organization's money.</param>
    /// <param name="events">1 to <see cref="UsageLimits.BatchSize"/>; ids may repeat.</param>
    /// <param name="cancellationToken">Gives up waiting; what was queued may still be charged, and sending it again tells.</param>
    /// <returns>An answer to each event, in their order.</returns>
    /// <exception cref="AccessDeniedException">The caller may not report usage.</exception>
    /// <exception cref="Exception">The database stayed away: what became of the events is not known; send them all again under the same ids.</exception>
    public async Task<IReadOnlyList<UsageResult>> IngestAsync(Caller caller, IReadOnlyList<UsageEvent> events, CancellationToken cancellationToken)
    {
        UsageAccess.DemandReport(caller);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(events.Count, UsageLimits.BatchSize);
        var standing = await standings.GetAsync(caller.OrganizationId, cancellationToken);
        var pending = new Task<Ingested>[events.Count];
        for (var i = 0; i < pending.Length; i++)
        {
            // Queued in order before any is awaited: the writer commits them together.
            pending[i] = IngestAsync(caller, standing, events[i], cancellationToken);
        }

        var ingested = await Task.WhenAll(pending);
        var first = await FirstResultsAsync(caller.OrganizationId, ingested, cancellationToken);
        return [.. ingested.Select(one => one.Result ?? first[one.DuplicateOf!])];
    }

    private Task<Ingested> IngestAsync(Caller caller, PlanStanding standing, UsageEvent reported, CancellationToken cancellationToken) => tiers.PriceAsync(
        caller.OrganizationId, pricing.TieredPrice(reported, standing.Plan), standing.CycleStart,
        position => ChargeAsync(caller, standing, reported, position, cancellationToken), cancellationToken);

    /// <summary>Null if another instance used the tier's units meanwhile: then the price must be made anew.</summary>
    private async Task<Ingested?> ChargeAsync(
        Caller caller, PlanStanding standing, UsageEvent reported, TierPosition? position, CancellationToken cancellationToken)
    {
        if (pricing.Price(reported, standing.Plan, position?.Used ?? Quantity.Zero, clock.Now(), out var rejection) is not { } priced)
        {
            // An event that was recorded stays so, even when it comes again too late or as nonsense.
            return await FindFirstAsync(caller.OrganizationId, reported, rejection!, cancellationToken) is { } first
                ? new(null, first)
                : new(UsageResult.Rejected(reported.Id, rejection!), null);
        }

        var result = await poster.PostAsync(
            standing, priced,
            (due, now) => UsagePoster.Charge(caller, priced, Ids.New("itm", priced.OccurredAt), ReferenceOf(reported), position, due, now), cancellationToken);
        switch (result)
        {
            case PostResult.Posted posted:
                var debit = UsageDebit.Of(posted, caller.OrganizationId, priced.Rate.CreditType);
                var status = debit.IsFree ? UsageStatus.Free : UsageStatus.Charged;
                return new(new UsageResult(reported.Id, status, priced.Rate.CreditType, debit.Credits, debit.BalanceAfter, debit.TransactionId, null), null);
            case PostResult.Replayed replayed:
                return new(null, replayed.ResultId ?? throw new UnreachableException($"The event {reported.Id} was posted without an item."));
            case PostResult.Refused { Refusal: Refusal.Insufficient shortage }:
                return new(UsageResult.Rejected(reported.Id, UsageRejection.Short(shortage), priced.Rate.CreditType), null);
            case PostResult.Refused { Refusal: Refusal.OverLimit over }:
                await notices.TellAsync(caller.OrganizationId, over);
                return new(UsageResult.Rejected(reported.Id, UsageRejection.Over(over), priced.Rate.CreditType), null);
            case PostResult.Refused { Refusal: Refusal.Rule { Code: TierRider.Outdated } }:
                return null;
            default:
                throw new UnreachableException($"A charge was answered with {result}.");
        }
    }

    private async Task<string?> FindFirstAsync(string organizationId, UsageEvent reported, UsageRejection rejection, CancellationToken cancellationToken)
    {
        if (rejection.Field is "id" or "origin")
        {
            return null;
        }

        var reference = ReferenceOf(reported);
        return (await reader.FindPostedAsync(organizationId, [reference], cancellationToken)).GetValueOrDefault(reference);
    }

    // The length keeps one origin and id from reading like another.
    private static string ReferenceOf(UsageEvent reported) =>
        reported.Origin is { } origin ? $"cloudevent:{origin.Length}:{origin}:{reported.Id}" : $"event:{reported.Id}";

    /// <summary>What the first of each duplicate was answered, by its item.</summary>
    private async Task<Dictionary<string, UsageResult>> FirstResultsAsync(string organizationId, Ingested[] ingested, CancellationToken cancellationToken)
    {
        var ids = ingested.Select(one => one.DuplicateOf).OfType<string>().Distinct().ToList();
        if (ids.Count == 0)
        {
            return [];
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<UsageItem>().AsNoTracking()
            .Where(row => row.OrganizationId == organizationId && ids.Contains(row.Id))
            .ToDictionaryAsync(
                row => row.Id,
                row => new UsageResult(
                    row.EventId, UsageStatus.Duplicate, row.CreditType, row.CreditsMicros, row.BalanceAfterMicros, row.TransactionId, null),
                cancellationToken);
    }

    /// <summary>An answer, or the item of which the event is a duplicate.</summary>
    private sealed record Ingested(UsageResult? Result, string? DuplicateOf);
}

using System.Collections.Immutable;
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
    IDbContextFactory<BillingDbContext> contexts,
    TimeProvider clock)
{
    private readonly UsagePricing pricing = new(catalog);
    private readonly TierCounts tiers = new(contexts);

    /// <summary>Charges events in their order; each stands for itself, and one that is rejected leaves the others alone.</summary>
    /// <param name="caller">A key with <see cref="Scopes.UsageWrite"/>, or a person who may spend the organization's money.</param>
    /// <param name="events">1 to <see cref="UsageLimits.BatchSize"/>; ids may repeat.</param>
    /// <param name="cancellationToken">Gives up waiting; what was queued may still be charged, and sending it again tells.</param>
    /// <returns>An answer to each event, in their order.</returns>
    /// <exception cref="AccessDeniedException">The caller may not report usage.</exception>
    /// <exception cref="Exception">The database stayed away: what became of the events is not known; send them all again under the same ids.</exception>
    public async Task<IReadOnlyList<UsageResult>> IngestAsync(Caller caller, IReadOnlyList<UsageEvent> events, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.UsageWrite);
        if (caller.Kind is CallerKind.User)
        {
            caller.DemandRole(MemberRole.Billing);
        }

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

    private async Task<Ingested> IngestAsync(Caller caller, PlanStanding standing, UsageEvent reported, CancellationToken cancellationToken)
    {
        if (pricing.TieredPrice(reported, standing.Plan) is not { } priceId)
        {
            return await ChargeAsync(caller, standing, reported, null, cancellationToken)
                ?? throw new UnreachableException("Only a tiered price can be outdated.");
        }

        using var turn = await tiers.TakeTurnAsync(caller.OrganizationId, priceId, cancellationToken);
        while (true)
        {
            var position = await tiers.ReadAsync(caller.OrganizationId, priceId, standing.CycleStart, cancellationToken);
            if (await ChargeAsync(caller, standing, reported, position, cancellationToken) is { } ingested)
            {
                return ingested;
            }
        }
    }

    /// <summary>Null if another instance used the tier's units meanwhile: then the price must be made anew.</summary>
    private async Task<Ingested?> ChargeAsync(
        Caller caller, PlanStanding standing, UsageEvent reported, TierPosition? position, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        if (pricing.Price(reported, standing.Plan, position?.Used ?? Quantity.Zero, now, out var rejection) is not { } priced)
        {
            // An event that was recorded stays so, even when it comes again too late or as nonsense.
            return await FindFirstAsync(caller.OrganizationId, reported, rejection!, cancellationToken) is { } first
                ? new(null, first)
                : new(UsageResult.Rejected(reported.Id, rejection!), null);
        }

        var due = DueFor(priced, standing, now);
        var result = await writer.ExecuteAsync(Command(caller, priced, position, due, now), cancellationToken);
        if (result is PostResult.Refused { Refusal: Refusal.Insufficient })
        {
            // A cycle or a day may have begun while it waited in the queue: then there is new credit to charge.
            standing = await standings.GetAsync(caller.OrganizationId, cancellationToken);
            now = clock.Now();
            var dueNow = DueFor(priced, standing, now);
            if (!dueNow.Select(grant => grant.Reference).SequenceEqual(due.Select(grant => grant.Reference)))
            {
                due = dueNow;
                result = await writer.ExecuteAsync(Command(caller, priced, position, due, now), cancellationToken);
            }
        }

        switch (result)
        {
            case PostResult.Posted posted:
                allowances.Confirm(standing, now, due);
                var debit = UsageDebit.Of(posted, caller.OrganizationId, priced.Rate.CreditType);
                var status = debit.IsFree ? UsageStatus.Free : UsageStatus.Charged;
                return new(new UsageResult(reported.Id, status, priced.Rate.CreditType, debit.Credits, debit.BalanceAfter, debit.TransactionId, null), null);
            case PostResult.Replayed replayed:
                return new(null, replayed.ResultId ?? throw new UnreachableException($"The event {reported.Id} was posted without an item."));
            case PostResult.Refused { Refusal: Refusal.Insufficient shortage }:
                return new(UsageResult.Rejected(reported.Id, Short(shortage), priced.Rate.CreditType), null);
            case PostResult.Refused { Refusal: Refusal.Rule { Code: TierRider.Outdated } }:
                return null;
            default:
                throw new UnreachableException($"A charge was answered with {result}.");
        }
    }

    private ImmutableArray<Grant> DueFor(PricedEvent priced, PlanStanding standing, DateTimeOffset now) => priced.Usage is { IncludedUnits.IsPositive: true }
        ? allowances.Outstanding(standing, now, CreditTypes.IncludedMinutes, priced.Rate.CreditType)
        : allowances.Outstanding(standing, now, priced.Rate.CreditType);

    private async Task<string?> FindFirstAsync(string organizationId, UsageEvent reported, UsageRejection rejection, CancellationToken cancellationToken)
    {
        if (rejection.Field == "id")
        {
            return null;
        }

        var reference = ReferenceOf(reported);
        return (await reader.FindPostedAsync(organizationId, [reference], cancellationToken)).GetValueOrDefault(reference);
    }

    private static string ReferenceOf(UsageEvent reported) => $"event:{reported.Id}";

    private static WalletCommand Command(Caller caller, PricedEvent priced, TierPosition? position, ImmutableArray<Grant> due, DateTimeOffset now)
    {
        var itemId = Ids.New("itm", priced.OccurredAt);
        var (organizationId, reference) = (caller.OrganizationId, ReferenceOf(priced.Event));
        ImmutableArray<CommitRider> riders = [new UsageRider(itemId, priced, organizationId, caller.KeyId, now)];
        if (position is not null)
        {
            riders = riders.Add(new TierRider(position, priced.Quantity, priced.Rate.CreditType));
        }

        if (priced.Usage is { IncludedUnits.IsPositive: true } usage)
        {
            return new AllowanceCharge
            {
                OrganizationId = organizationId,
                Reference = reference,
                ResultId = itemId,
                Source = priced.Rate.Id,
                Note = priced.Description,
                Actor = caller.Actor,
                EffectiveAt = priced.OccurredAt,
                Due = due,
                Riders = riders,
                AllowanceType = CreditTypes.IncludedMinutes,
                Units = usage.IncludedUnits,
                CreditType = priced.Rate.CreditType,
                PriceBeyond = usage.Price,
                OverdraftLimit = priced.Rate.OverdraftLimit,
            };
        }

        return new Charge
        {
            OrganizationId = organizationId,
            Reference = reference,
            ResultId = itemId,
            Source = priced.Rate.Id,
            Note = priced.Description,
            Actor = caller.Actor,
            EffectiveAt = priced.OccurredAt,
            Due = due,
            Riders = riders,
            CreditType = priced.Rate.CreditType,
            Amount = priced.Usage?.Price(Credits.Zero) ?? Credits.Zero,
            OverdraftLimit = priced.Rate.OverdraftLimit,
        };
    }

    private static UsageRejection Short(Refusal.Insufficient shortage) => new(
        UsageRejection.InsufficientCredits, $"Need ~{shortage.Needed} credits, have {shortage.Available}", null, shortage);

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
    private readonly record struct Ingested(UsageResult? Result, string? DuplicateOf);
}

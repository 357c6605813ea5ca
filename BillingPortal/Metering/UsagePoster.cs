using System.Collections.Immutable;
using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Wallets;

namespace BillingPortal.Metering;

/// <summary>Posts what usage needs, with the allowances that fell due.</summary>
internal sealed class UsagePoster(PlanStandings standings, DueAllowances allowances, WalletWriter writer, TimeProvider clock)
{
    /// <summary>Does a command of usage; once more if a cycle or a day began while it waited and brought new credit.</summary>
    /// <param name="standing">The organization's plan.</param>
    /// <param name="priced">What is paid for.</param>
    /// <param name="command">Makes the command, given what is due and the instant.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<PostResult> PostAsync(
        PlanStanding standing, PricedEvent priced, Func<ImmutableArray<Grant>, DateTimeOffset, WalletCommand> command, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        var due = DueFor(priced, standing, now);
        var result = await writer.ExecuteAsync(command(due, now), cancellationToken);
        if (result is PostResult.Refused { Refusal: Refusal.Insufficient })
        {
            standing = await standings.GetAsync(standing.OrganizationId, cancellationToken);
            now = clock.Now();
            var dueNow = DueFor(priced, standing, now);
            if (!dueNow.Select(grant => grant.Reference).SequenceEqual(due.Select(grant => grant.Reference)))
            {
                due = dueNow;
                result = await writer.ExecuteAsync(command(due, now), cancellationToken);
            }
        }

        if (result is PostResult.Posted)
        {
            allowances.Confirm(standing, now, due);
        }

        return result;
    }

    /// <summary>The command that charges usage and records it, once for its reference; a replay is answered with the item.</summary>
    public static WalletCommand Charge(
        Caller caller, PricedEvent priced, string itemId, string reference, TierPosition? position, ImmutableArray<Grant> due, DateTimeOffset now)
    {
        var organizationId = caller.OrganizationId;
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
                KeyId = caller.KeyId,
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
            KeyId = caller.KeyId,
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

    private ImmutableArray<Grant> DueFor(PricedEvent priced, PlanStanding standing, DateTimeOffset now) => priced.Usage is { IncludedUnits.IsPositive: true }
        ? allowances.Outstanding(standing, now, CreditTypes.IncludedMinutes, priced.Rate.CreditType)
        : allowances.Outstanding(standing, now, priced.Rate.CreditType);
}

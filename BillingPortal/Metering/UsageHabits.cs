using System.Collections.Immutable;
using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Metering;

/// <summary>Tells what an organization used lately as the wish of an estimate.</summary>
public sealed class UsageHabits(
    IDbContextFactory<BillingDbContext> contexts, UsageReports reports, WalletDays wallets, PriceCatalog catalog, TimeProvider clock)
{
    /// <summary>How many days are looked at, today's included.</summary>
    public const int Days = 30;

    /// <summary>Of how many events, the newest, an operation's variants or models are told apart; daily sums do not have them.</summary>
    private const int Sample = 10_000;

    /// <summary>The last <see cref="Days"/> days: each operation's whole quantity, and the flows of the busiest day.</summary>
    /// <exception cref="AccessDeniedException">A key without <see cref="Scopes.BillingRead"/>.</exception>
    public async Task<EstimateWish> LastDaysAsync(Caller caller, CancellationToken cancellationToken)
    {
        var range = DayRange.LastDays(Days, clock.Now());
        var used = (await reports.GetDaysAsync(caller, range, null, cancellationToken))
            .GroupBy(row => row.Operation)
            .Select(rows => (Rate: catalog.FindOperation(rows.Key), Quantity: rows.Aggregate(Quantity.Zero, (sum, row) => sum + row.Sums.Quantity)))
            .Where(sum => sum.Rate is not null && !sum.Quantity.IsZero);
        var usage = ImmutableArray.CreateBuilder<(string Id, Quantity Quantity)>();
        var tokens = ImmutableArray.CreateBuilder<TokenWish>();
        foreach (var (rate, quantity) in used)
        {
            if (rate!.PricedByModel)
            {
                tokens.AddRange(TokensOf(quantity, await SampleAsync(caller, rate, range.First, cancellationToken)));
            }
            else if (rate.Variants.IsEmpty)
            {
                usage.Add((rate.Id, quantity));
            }
            else
            {
                usage.AddRange(VariantsOf(rate, quantity, await SampleAsync(caller, rate, range.First, cancellationToken)));
            }
        }

        var flows = (await wallets.GetAsync(caller, CreditTypes.Flows, range.First, range.Last, cancellationToken)).Movements
            .Where(movement => movement.Type is TransactionType.Charge);
        return new EstimateWish
        {
            Usage = usage.DrainToImmutable(),
            Tokens = tokens.DrainToImmutable(),
            FlowsPerDay = flows.Any() ? (int)flows.Max(movement => -movement.Amount) : null,
        };
    }

    private static IEnumerable<(string Id, Quantity Quantity)> VariantsOf(OperationRate rate, Quantity whole, IReadOnlyList<Part> sample) => sample
        .Select(part => (rate.FindVariant(part.NodeType)?.Id, part.Quantity))
        .Where(part => part.Id is not null)
        .GroupBy(part => part.Id!)
        .Select(parts => (parts.Key, ShareOf(rate, whole, parts.Sum(part => (decimal)part.Quantity), sample)));

    private IEnumerable<TokenWish> TokensOf(Quantity whole, IReadOnlyList<Part> sample)
    {
        var rate = catalog.Operations.First(operation => operation.PricedByModel);
        return sample
            .Select(part => (Tier: catalog.FindModel(part.Model ?? ""), part.Quantity, part.Input))
            .Where(part => part.Tier is not null)
            .GroupBy(part => part.Tier!)
            .Select(parts => new TokenWish(
                parts.Key.Id,
                parts.Key.Models[0],
                ShareOf(rate, whole, parts.Sum(part => (decimal)part.Input * Quantity.MicrosPerUnit), sample),
                ShareOf(rate, whole, parts.Sum(part => part.Quantity - ((decimal)part.Input * Quantity.MicrosPerUnit)), sample)));
    }

    // What comes whole is told whole.
    private static Quantity ShareOf(OperationRate rate, Quantity whole, decimal micros, IReadOnlyList<Part> sample)
    {
        var share = whole.Micros * (micros / sample.Sum(part => (decimal)part.Quantity));
        return rate.PartUnits is PartUnits.Refuse
            ? Quantity.FromWhole((long)Math.Round(share / Quantity.MicrosPerUnit, MidpointRounding.AwayFromZero))
            : Quantity.FromMicros((long)Math.Round(share, MidpointRounding.AwayFromZero));
    }

    private async Task<IReadOnlyList<Part>> SampleAsync(Caller caller, OperationRate rate, DateOnly first, CancellationToken cancellationToken)
    {
        var low = Ids.First("itm", new DateTimeOffset(first.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero));
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<UsageItem>().AsNoTracking()
            .Where(row => row.OrganizationId == caller.OrganizationId && row.Channel == rate.Channel && row.Id.CompareTo(low) >= 0)
            .Where(row => row.Operation == rate.Id && row.Outcome == UsageOutcome.Charged && row.QuantityMicros > 0)
            .OrderByDescending(row => row.Id)
            .Take(Sample)
            .GroupBy(row => new { row.NodeType, row.Model })
            .Select(group => new Part(group.Key.NodeType, group.Key.Model, group.Sum(row => row.QuantityMicros), group.Sum(row => row.InputTokens ?? 0)))
            .ToListAsync(cancellationToken);
    }

    /// <param name="NodeType">Which variant; null: the default.</param>
    /// <param name="Model">Which model.</param>
    /// <param name="Quantity">Millionths of a unit.</param>
    /// <param name="Input">Tokens in.</param>
    private sealed record Part(string? NodeType, string? Model, long Quantity, long Input);
}

using System.Diagnostics;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Metering;

/// <summary>Units charged at a tiered price in a billing cycle: what says in which tier the next one falls. Prices without tiers have none.</summary>
internal sealed class TierCount
{
    public string OrganizationId { get; set; } = "";

    /// <summary>The operation, or its variant, whose price it is.</summary>
    public string PriceId { get; set; } = "";

    public DateTimeOffset CycleStart { get; set; }

    public long QuantityMicros { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<TierCount>
    {
        public void Configure(EntityTypeBuilder<TierCount> builder)
        {
            builder.ToTable("tier_counts");
            builder.HasKey(row => new { row.OrganizationId, row.PriceId, row.CycleStart });
        }
    }
}

/// <summary>The count that a tiered price was made from.</summary>
internal sealed record TierPosition(string OrganizationId, string PriceId, DateTimeOffset CycleStart, Quantity Used);

/// <summary>Adds an event to its tier's count, and refuses the commit if the count is no longer the one the price was made from.</summary>
/// <remarks>It runs under the lock of the wallet that pays, so whoever comes second finds what the first added.</remarks>
internal sealed class TierRider(TierPosition position, Quantity billed, string creditType) : CommitRider
{
    /// <summary>The refusal of a price made from an outdated count.</summary>
    public const string Outdated = "TIER_COUNT_OUTDATED";

    public override bool UsesEntities => true;

    public override async Task WriteAsync(BillingDbContext db, PostResult.Posted posted, CancellationToken cancellationToken)
    {
        var count = await db.Set<TierCount>().SingleOrDefaultAsync(
            row => row.OrganizationId == position.OrganizationId && row.PriceId == position.PriceId && row.CycleStart == position.CycleStart, cancellationToken);
        if ((count?.QuantityMicros ?? 0) != position.Used.Micros)
        {
            throw new RiderVetoException(new Refusal.Rule(Outdated, "Other usage came first."));
        }

        if (count is null)
        {
            count = new TierCount { OrganizationId = position.OrganizationId, PriceId = position.PriceId, CycleStart = position.CycleStart };
            db.Add(count);
        }

        count.QuantityMicros += billed.Micros - UsageDebit.Of(posted, position.OrganizationId, creditType).Included.Micros;
    }
}

/// <summary>Reads tier counts, and lets one event at a time be priced by each, so that they rarely outdate each other.</summary>
internal sealed class TierCounts(IDbContextFactory<BillingDbContext> contexts)
{
    private readonly SemaphoreSlim[] turns = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1))];

    /// <summary>Lets <paramref name="attempt"/> price usage by the count as it stands, again until nobody else used the tier's units meanwhile.</summary>
    /// <param name="organizationId">Whose price.</param>
    /// <param name="priceId">The tiered price; null if the price has no tiers, and then there is one attempt without a position.</param>
    /// <param name="cycleStart">Of the billing cycle that counts.</param>
    /// <param name="attempt">Null if the position it was given is outdated.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<T> PriceAsync<T>(
        string organizationId, string? priceId, DateTimeOffset cycleStart, Func<TierPosition?, Task<T?>> attempt, CancellationToken cancellationToken)
        where T : class
    {
        if (priceId is null)
        {
            return await attempt(null) ?? throw new UnreachableException("Only a tiered price can be outdated.");
        }

        using var turn = await TakeTurnAsync(organizationId, priceId, cancellationToken);
        while (true)
        {
            if (await attempt(await ReadAsync(organizationId, priceId, cycleStart, cancellationToken)) is { } result)
            {
                return result;
            }
        }
    }

    public async Task<TierPosition> ReadAsync(string organizationId, string priceId, DateTimeOffset cycleStart, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var used = await db.Set<TierCount>().AsNoTracking()
            .Where(row => row.OrganizationId == organizationId && row.PriceId == priceId && row.CycleStart == cycleStart)
            .Select(row => row.QuantityMicros)
            .SingleOrDefaultAsync(cancellationToken);
        return new TierPosition(organizationId, priceId, cycleStart, Quantity.FromMicros(used));
    }

    /// <summary>Waits for the turn of an organization's price; ends it when disposed.</summary>
    private async Task<IDisposable> TakeTurnAsync(string organizationId, string priceId, CancellationToken cancellationToken)
    {
        var turn = turns[unchecked((uint)HashCode.Combine(organizationId, priceId)) % (uint)turns.Length];
        await turn.WaitAsync(cancellationToken);
        return new Turn(turn);
    }

    private sealed class Turn(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}

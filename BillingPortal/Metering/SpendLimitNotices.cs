using System.Collections.Concurrent;
using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Metering;

/// <summary>The limit that an organization was last told to have stopped usage, for each kind of credit and period.</summary>
internal sealed class SpendLimitNotice
{
    public required string OrganizationId { get; init; }

    public required string CreditType { get; init; }

    public required SpendPeriod Period { get; init; }

    /// <summary>The first UTC day of the period it was told of.</summary>
    public required DateOnly StartsOn { get; init; }

    /// <summary>The limit as it was then: one that was raised since is told of again.</summary>
    public required Credits LimitMicros { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<SpendLimitNotice>
    {
        public void Configure(EntityTypeBuilder<SpendLimitNotice> builder)
        {
            builder.ToTable("spend_limit_notices");
            // Two instances that refuse at once collide here, or on the day and limit they find: it is told once.
            builder.HasKey(row => new { row.OrganizationId, row.CreditType, row.Period });
        }
    }
}

/// <summary>A limit that stopped usage in a period that still goes on.</summary>
/// <param name="CreditType">Of which credit.</param>
/// <param name="Period">Whether the day's or the month's.</param>
/// <param name="Limit">How much.</param>
/// <param name="Used">What was taken of it.</param>
/// <param name="Until">When the next period begins.</param>
public sealed record ReachedLimit(string CreditType, SpendPeriod Period, Credits Limit, Credits Used, DateTimeOffset Until);

/// <summary>Tells an organization that its own limit stopped usage: once for each limit and period, however much is refused.</summary>
/// <remarks>A key's limit tells nobody: whoever uses the key has the answer, and its owner the page of keys. Why: docs/decisions/0137.</remarks>
public sealed class SpendLimitNotices(
    WalletReader reader, BalanceFeed feed, IDbContextFactory<BillingDbContext> contexts, IStoreSessions sessions, TimeProvider clock, ILogger<SpendLimitNotices> logger)
{
    // What is remembered only saves looks at the database; beyond this it is forgotten at once.
    private const int MostRemembered = 10_000;

    private readonly ConcurrentDictionary<(string OrganizationId, string CreditType, SpendPeriod Period), (DateOnly StartsOn, Credits Limit)> told = new();

    /// <summary>The limits of the caller's organization that stopped usage in a period that goes on, and were not raised since; the day's before the month's.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>billing:read</c>.</exception>
    public async Task<IReadOnlyList<ReachedLimit>> FindReachedAsync(Caller caller, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
        var month = SpendPeriod.Month.StartOf(today);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await db.Set<SpendLimitNotice>().AsNoTracking()
            .Where(row => row.OrganizationId == caller.OrganizationId && row.StartsOn >= month).ToListAsync(cancellationToken);
        var reached = new List<ReachedLimit>();
        foreach (var row in rows.Where(row => row.StartsOn == row.Period.StartOf(today)).OrderBy(row => row.Period))
        {
            var wallet = await reader.GetWalletAsync(caller, row.CreditType, cancellationToken);
            if (wallet.Limits.In(row.Period) == row.LimitMicros)
            {
                reached.Add(new(row.CreditType, row.Period, row.LimitMicros, wallet.Spending.At(today).In(row.Period), row.Period.EndOf(today)));
            }
        }

        return reached;
    }

    /// <summary>Tells of a refusal by the organization's limit unless that was done. Does not throw: the refusal stands, and the next one tells.</summary>
    internal async Task TellAsync(string organizationId, Refusal.OverLimit over)
    {
        if (over.KeyId is not null)
        {
            return;
        }

        var about = (organizationId, over.CreditType, over.Period);
        var state = (StartsOn: over.Period.StartOf(over.On), over.Limit);
        if (told.TryGetValue(about, out var last) && last == state)
        {
            return;
        }

        if (told.Count >= MostRemembered)
        {
            told.Clear();
        }

        told[about] = state;
        try
        {
            await TellAsync(organizationId, over, state.StartsOn);
        }
        catch (Exception exception)
        {
            told.TryRemove(about, out _);
            logger.LogWarning(exception, "Organization {OrganizationId} was not told yet that its spend limit is reached.", organizationId);
        }
    }

    private async Task TellAsync(string organizationId, Refusal.OverLimit over, DateOnly startsOn)
    {
        await using var db = await contexts.CreateDbContextAsync();
        await using var unit = await db.Database.BeginTransactionAsync();
        var rows = db.Set<SpendLimitNotice>().Where(row => row.OrganizationId == organizationId && row.CreditType == over.CreditType && row.Period == over.Period);
        if (!await rows.AnyAsync())
        {
            db.Add(new SpendLimitNotice { OrganizationId = organizationId, CreditType = over.CreditType, Period = over.Period, StartsOn = startsOn, LimitMicros = over.Limit });
        }
        else if (await rows.Where(row => row.StartsOn < startsOn || (row.StartsOn == startsOn && row.LimitMicros != over.Limit))
            .ExecuteUpdateAsync(row => row.SetProperty(notice => notice.StartsOn, startsOn).SetProperty(notice => notice.LimitMicros, over.Limit)) == 0)
        {
            return;
        }

        db.Add(OutboxEvent.Of(
            organizationId,
            "spend_limit.reached",
            new { over.CreditType, Period = over.Period.Text(), Limit = over.Limit.ToDecimal(), Until = over.Period.EndOf(over.On) },
            clock.Now()));
        try
        {
            await db.SaveChangesAsync();
            await unit.CommitAsync();
        }
        catch (DbUpdateException exception) when (sessions.IsUniqueViolation(exception))
        {
            // Another instance told it.
            return;
        }

        // Pages that are open say so too, though no balance changed.
        feed.Publish([organizationId]);
    }
}

using System.Collections.Concurrent;
using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Metering;

/// <summary>Tells once when a wallet falls below a level that its owner asked to be told of, and once when it is empty, after the fact: charges do not wait for it.</summary>
/// <remarks>
/// It looks at the organizations whose wallets changed, at most once a second, and at its start at those that changed last before it. One cheap look is at the stored
/// figures of many; only where they give another level than was told last does it look closely.
/// </remarks>
public sealed class BalanceWatch(
    BalanceFeed feed,
    CurrentWallets wallets,
    WalletReader reader,
    TransactionHistory history,
    IDbContextFactory<BillingDbContext> contexts,
    IStoreSessions sessions,
    BalanceAlerts alerts,
    TimeProvider clock,
    ILogger<BalanceWatch> logger) : BackgroundService
{
    private const int Page = 500;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // What was committed just before an end of the process may not have been looked at.
    private static readonly TimeSpan LookBack = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, byte> changed = new(StringComparer.Ordinal);

    /// <summary>Looks at one organization's wallets, and tells what it was not told.</summary>
    public async Task CheckAsync(string organizationId, CancellationToken cancellationToken)
    {
        var levels = await alerts.LevelsOfAsync([organizationId], cancellationToken);
        foreach (var creditType in BalanceAlerts.CreditKinds)
        {
            var key = new WalletKey(organizationId, creditType);
            await CheckAsync(key, levels(key), cancellationToken);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        feed.ChangedHere += Note;
        try
        {
            var looksBack = true;
            using var timer = new PeriodicTimer(Interval, clock);
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    if (looksBack)
                    {
                        foreach (var organizationId in await history.LastChangedAsync(LookBack, stoppingToken))
                        {
                            Note(organizationId);
                        }

                        looksBack = false;
                    }

                    await CheckChangedAsync(stoppingToken);
                }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
                {
                    logger.LogWarning(exception, "The watch over balances failed; it looks again.");
                }
            }
        }
        finally
        {
            feed.ChangedHere -= Note;
        }
    }

    private void Note(string organizationId) => changed[organizationId] = 0;

    private async Task CheckChangedAsync(CancellationToken cancellationToken)
    {
        foreach (var page in changed.Keys.Chunk(Page))
        {
            // Taken off before the look: what changes during it is looked at again.
            foreach (var organizationId in page)
            {
                changed.TryRemove(organizationId, out _);
            }

            try
            {
                foreach (var organizationId in await CrossingAsync(page, cancellationToken))
                {
                    await CheckAsync(organizationId, cancellationToken);
                }
            }
            catch
            {
                Array.ForEach(page, Note);
                throw;
            }
        }
    }

    /// <summary>Those of the organizations whose stored figures give another level than was told last, or are no longer exact.</summary>
    private async Task<IEnumerable<string>> CrossingAsync(string[] organizationIds, CancellationToken cancellationToken)
    {
        var levels = await alerts.LevelsOfAsync(organizationIds, cancellationToken);
        var balances = await reader.GetStoredAsync(organizationIds, cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var told = (await db.Set<BalanceLevelRow>().AsNoTracking().Where(row => organizationIds.Contains(row.OrganizationId)).ToListAsync(cancellationToken))
            .ToDictionary(row => new WalletKey(row.OrganizationId, row.CreditType), row => row.BelowMicros);
        return balances
            .Where(stored => BalanceAlerts.CreditKinds.Contains(stored.Balance.Key.CreditType))
            .Where(stored => stored.ChangedSince || LevelOf(stored.Balance.Available, levels(stored.Balance.Key)) != told.GetValueOrDefault(stored.Balance.Key))
            .Select(stored => stored.Balance.Key.OrganizationId)
            .Distinct(StringComparer.Ordinal);
    }

    /// <summary>The lowest level that so much is below; zero: nothing is left; null: none.</summary>
    private static Credits? LevelOf(Credits available, IReadOnlyList<Credits> levels) =>
        available.IsPositive ? levels.Where(level => available < level).Min(level => (Credits?)level) : Credits.Zero;

    private async Task CheckAsync(WalletKey key, IReadOnlyList<Credits> levels, CancellationToken cancellationToken)
    {
        var (organizationId, creditType) = key;
        var wallet = await wallets.GetWalletAsync(Caller.ForSystem("balance-watch", organizationId), creditType, cancellationToken);
        if (wallet.Sequence == 0)
        {
            // Never used: nothing has run out.
            return;
        }

        var now = clock.Now();
        var available = wallet.AvailableAt(now);
        var level = LevelOf(available, levels);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var row = await db.Set<BalanceLevelRow>().AsNoTracking()
            .SingleOrDefaultAsync(told => told.OrganizationId == organizationId && told.CreditType == creditType, cancellationToken);
        var before = row?.BelowMicros;
        if (level == before)
        {
            return;
        }

        await using var unit = await db.Database.BeginTransactionAsync(cancellationToken);
        if (row is null)
        {
            db.Add(new BalanceLevelRow { OrganizationId = organizationId, CreditType = creditType, BelowMicros = level });
        }
        else if (await db.Set<BalanceLevelRow>()
            .Where(told => told.OrganizationId == organizationId && told.CreditType == creditType && told.BelowMicros == before)
            .ExecuteUpdateAsync(told => told.SetProperty(to => to.BelowMicros, level), cancellationToken) == 0)
        {
            return;
        }

        if (level is { } reached && (before is null || reached < before))
        {
            db.Add(OutboxEvent.Of(
                organizationId,
                reached.IsZero ? "credits.exhausted" : "credits.low_balance",
                new { CreditType = creditType, Balance = available.ToDecimal(), Threshold = reached.ToDecimal() },
                now));
        }

        try
        {
            await db.SaveChangesAsync(cancellationToken);
            await unit.CommitAsync(cancellationToken);
        }
        catch (DbUpdateException exception) when (sessions.IsUniqueViolation(exception))
        {
            // Another instance told it.
        }
    }
}

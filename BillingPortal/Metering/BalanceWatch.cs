using System.Collections.Concurrent;
using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BillingPortal.Metering;

/// <summary>Tells once when a wallet runs low, and once when it is empty, after the fact: charges do not wait for it.</summary>
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
    IOptions<BalanceAlertOptions> options,
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
        await CheckAsync(organizationId, CreditTypes.Credits, cancellationToken);
        await CheckAsync(organizationId, CreditTypes.ApiCredits, cancellationToken);
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
        var balances = await reader.GetStoredAsync(organizationIds, cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var told = (await db.Set<BalanceLevelRow>().AsNoTracking().Where(row => organizationIds.Contains(row.OrganizationId)).ToListAsync(cancellationToken))
            .ToDictionary(row => new WalletKey(row.OrganizationId, row.CreditType), row => row.Level);
        return balances
            .Where(stored => stored.Balance.Key.CreditType is CreditTypes.Credits or CreditTypes.ApiCredits)
            .Where(stored => stored.ChangedSince
                || LevelOf(stored.Balance.Available, ThresholdOf(stored.Balance.Key.CreditType)) != told.GetValueOrDefault(stored.Balance.Key))
            .Select(stored => stored.Balance.Key.OrganizationId)
            .Distinct(StringComparer.Ordinal);
    }

    private Credits ThresholdOf(string creditType) =>
        Credits.FromWhole(creditType is CreditTypes.Credits ? options.Value.LowCredits : options.Value.LowApiCredits);

    private static BalanceLevel LevelOf(Credits available, Credits threshold) =>
        !available.IsPositive ? BalanceLevel.Exhausted : available < threshold ? BalanceLevel.Low : BalanceLevel.Sufficient;

    private async Task CheckAsync(string organizationId, string creditType, CancellationToken cancellationToken)
    {
        var threshold = ThresholdOf(creditType);
        var wallet = await wallets.GetWalletAsync(Caller.ForSystem("balance-watch", organizationId), creditType, cancellationToken);
        if (wallet.Sequence == 0)
        {
            // Never used: nothing has run out.
            return;
        }

        var now = clock.Now();
        var available = wallet.AvailableAt(now);
        var level = LevelOf(available, threshold);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var row = await db.Set<BalanceLevelRow>().AsNoTracking()
            .SingleOrDefaultAsync(told => told.OrganizationId == organizationId && told.CreditType == creditType, cancellationToken);
        var before = row?.Level ?? BalanceLevel.Sufficient;
        if (level == before)
        {
            return;
        }

        await using var unit = await db.Database.BeginTransactionAsync(cancellationToken);
        if (row is null)
        {
            db.Add(new BalanceLevelRow { OrganizationId = organizationId, CreditType = creditType, Level = level });
        }
        else if (await db.Set<BalanceLevelRow>()
            .Where(told => told.OrganizationId == organizationId && told.CreditType == creditType && told.Level == before)
            .ExecuteUpdateAsync(told => told.SetProperty(to => to.Level, level), cancellationToken) == 0)
        {
            return;
        }

        if (level > before)
        {
            db.Add(OutboxEvent.Of(
                organizationId,
                level is BalanceLevel.Exhausted ? "credits.exhausted" : "credits.low_balance",
                new { CreditType = creditType, Balance = available.ToDecimal(), Threshold = level is BalanceLevel.Exhausted ? 0 : threshold.ToDecimal() },
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

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
/// <remarks>It looks at each organization whose wallets changed, at most once a second, and at its start at those that changed last before it.</remarks>
public sealed class BalanceWatch(
    BalanceFeed feed,
    CurrentWallets wallets,
    TransactionHistory history,
    IDbContextFactory<BillingDbContext> contexts,
    IStoreSessions sessions,
    IOptions<BalanceAlertOptions> options,
    TimeProvider clock,
    ILogger<BalanceWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // What was committed just before an end of the process may not have been looked at.
    private static readonly TimeSpan LookBack = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, byte> changed = new(StringComparer.Ordinal);

    /// <summary>Looks at one organization's wallets, and tells what it was not told.</summary>
    public async Task CheckAsync(string organizationId, CancellationToken cancellationToken)
    {
        await CheckAsync(organizationId, CreditTypes.Credits, Credits.FromWhole(options.Value.LowCredits), cancellationToken);
        await CheckAsync(organizationId, CreditTypes.ApiCredits, Credits.FromWhole(options.Value.LowApiCredits), cancellationToken);
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
        foreach (var organizationId in changed.Keys)
        {
            // Taken off before the look: what changes during it is looked at again.
            changed.TryRemove(organizationId, out _);
            try
            {
                await CheckAsync(organizationId, cancellationToken);
            }
            catch
            {
                Note(organizationId);
                throw;
            }
        }
    }

    private async Task CheckAsync(string organizationId, string creditType, Credits threshold, CancellationToken cancellationToken)
    {
        var wallet = await wallets.GetWalletAsync(Caller.ForSystem("balance-watch", organizationId), creditType, cancellationToken);
        if (wallet.Sequence == 0)
        {
            // Never used: nothing has run out.
            return;
        }

        var now = clock.Now();
        var available = wallet.AvailableAt(now);
        var level = !available.IsPositive ? BalanceLevel.Exhausted : available < threshold ? BalanceLevel.Low : BalanceLevel.Sufficient;
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

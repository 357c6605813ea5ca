using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BillingPortal.Purchases;

/// <summary>Reloads where it is due. Any number of instances may ask at once: the database lets one attempt start.</summary>
public sealed class AutoReloadEngine(
    IDbContextFactory<BillingDbContext> contexts,
    IStoreSessions stores,
    CurrentWallets wallets,
    SavedCards cards,
    CardCharges charges,
    IBuyerNames buyers,
    IOptions<AutoReloadOptions> options,
    TimeProvider clock,
    ILogger<AutoReloadEngine> logger)
{
    /// <summary>Who orders, in transactions and payments.</summary>
    public const string Job = "auto-reload";

    private const int Page = 500;

    // Most of them only read; one that waits for a slow gateway must not keep the others waiting.
    private const int Parallelism = 16;

    /// <summary>Decides for one organization, and carries it out.</summary>
    /// <returns>What was decided; null if it has no rule that is on, or something changed while it was decided.</returns>
    public async Task<AutoReloadDecision?> EvaluateAsync(string organizationId, CancellationToken cancellationToken)
    {
        // The rule is read first: whatever changes afterwards, such as a reload that is credited, raises its version and undoes the decision.
        if (await FindAsync(organizationId, cancellationToken) is not { IsEnabled: true } setting)
        {
            return null;
        }

        var card = await cards.FindDefaultAsync(organizationId, cancellationToken);
        if (!setting.IsOn(card))
        {
            return null;
        }

        var situation = await SituationAsync(setting, card, cancellationToken);
        var decision = AutoReloadDecisions.Decide(setting.Rule, situation, options.Value.Bounds);
        var isDone = decision switch
        {
            AutoReloadDecision.Reload reload => await ReloadAsync(setting, situation, reload.Amount, cancellationToken),
            AutoReloadDecision.Skip skip => await RecordAsync(setting, situation, skip.Reason, cancellationToken),
            AutoReloadDecision.Stop => await StopAsync(setting, situation, cancellationToken),
            _ => true,
        };
        return isDone ? decision : null;
    }

    /// <summary>Decides for those of the organizations that have a rule which is on.</summary>
    public async Task EvaluateAsync(IReadOnlyCollection<string> organizationIds, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var enabled = await db.Set<AutoReloadSetting>().AsNoTracking()
            .Where(row => row.IsEnabled && organizationIds.Contains(row.OrganizationId))
            .Select(row => row.OrganizationId).ToListAsync(cancellationToken);
        await EvaluateAllAsync(enabled, cancellationToken);
    }

    /// <summary>Decides for every organization that has a rule which is on, a page at a time.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        var after = "";
        while (true)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var page = await db.Set<AutoReloadSetting>().AsNoTracking()
                .Where(row => row.IsEnabled && row.OrganizationId.CompareTo(after) > 0)
                .OrderBy(row => row.OrganizationId).Take(Page)
                .Select(row => row.OrganizationId).ToListAsync(cancellationToken);
            await EvaluateAllAsync(page, cancellationToken);
            if (page.Count < Page)
            {
                return;
            }

            after = page[^1];
        }
    }

    private async Task EvaluateAllAsync(IEnumerable<string> organizationIds, CancellationToken cancellationToken) =>
        await Parallel.ForEachAsync(
            organizationIds, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
            async (organizationId, ct) =>
            {
                try
                {
                    await EvaluateAsync(organizationId, ct);
                }
                catch (Exception exception) when (!ct.IsCancellationRequested)
                {
                    logger.LogWarning(exception, "Auto-reload of {OrganizationId} could not be decided; the next sweep tries again.", organizationId);
                }
            });

    private async Task<AutoReloadSetting?> FindAsync(string organizationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<AutoReloadSetting>().AsNoTracking().FirstOrDefaultAsync(row => row.OrganizationId == organizationId, cancellationToken);
    }

    private async Task<AutoReloadSituation> SituationAsync(AutoReloadSetting setting, SavedCard? card, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        var balance = await wallets.GetBalanceAsync(Caller.ForSystem(Job, setting.OrganizationId), CreditTypes.Credits, cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var charged = await ChargedSinceAsync(db, setting.OrganizationId, AutoReloadDecisions.StartOfMonth(now), cancellationToken);
        var today = AutoReloadDecisions.StartOfDay(now);
        var isRearmed = setting.IsRearmedBy(card);
        return new AutoReloadSituation(
            balance.Available,
            card is not null,
            charged.Any(attempt => attempt.State is AutoReloadState.Open),
            isRearmed ? 0 : (int)setting.Failures,
            setting.NeedsOwner && !isRearmed,
            setting.LastAttemptAt,
            isRearmed ? null : setting.LastFailedAt,
            isRearmed ? null : setting.NotBefore,
            charged.Aggregate(Money.Zero, (sum, attempt) => sum + attempt.AmountCents),
            charged.Count(attempt => attempt.StartedAt >= today),
            now);
    }

    /// <summary>Attempts that charged, or may have; an open one counts whenever it started.</summary>
    internal static async Task<IReadOnlyList<AutoReloadAttempt>> ChargedSinceAsync(
        BillingDbContext db, string organizationId, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var first = Ids.First("reload", since);
        return await db.Set<AutoReloadAttempt>().AsNoTracking()
            .Where(row => row.OrganizationId == organizationId
                && ((row.State == AutoReloadState.Succeeded && row.Id.CompareTo(first) >= 0) || row.State == AutoReloadState.Open))
            .ToListAsync(cancellationToken);
    }

    private async Task<bool> ReloadAsync(AutoReloadSetting setting, AutoReloadSituation situation, Money amount, CancellationToken cancellationToken)
    {
        var order = await OrderAsync(setting, amount, cancellationToken);
        if (!await charges.PrepareAsync(order, cancellationToken))
        {
            return false;
        }

        await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
        {
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            try
            {
                if (!await ClaimAsync(db, setting, situation, cancellationToken))
                {
                    return false;
                }

                db.Add(new AutoReloadAttempt
                {
                    Id = Ids.New("reload", situation.Now),
                    OrganizationId = setting.OrganizationId,
                    State = AutoReloadState.Open,
                    AvailableMicros = situation.Available,
                    AmountCents = amount,
                    PaymentId = order.Id,
                    StartedAt = situation.Now,
                });
                db.Add(order);
                await db.SaveChangesAsync(cancellationToken);
                await transaction.CommitAsync(cancellationToken);
            }
            catch (Exception exception) when (stores.IsUniqueViolation(exception))
            {
                // Another one is open after all.
                return false;
            }
        }

        logger.LogInformation("Auto-reload of {OrganizationId} charges {Amount}, payment {PaymentId}.", setting.OrganizationId, amount, order.Id);
        await charges.SendAsync(order, cancellationToken);
        return true;
    }

    /// <summary>Takes the decision for oneself: false if anything has changed since the rule was read.</summary>
    private static async Task<bool> ClaimAsync(BillingDbContext db, AutoReloadSetting setting, AutoReloadSituation situation, CancellationToken cancellationToken) =>
        await db.Set<AutoReloadSetting>()
            .Where(row => row.OrganizationId == setting.OrganizationId && row.Version == setting.Version && row.IsEnabled)
            .ExecuteUpdateAsync(
                row => row
                    .SetProperty(s => s.Version, s => s.Version + 1)
                    .SetProperty(s => s.LastAttemptAt, situation.Now)
                    .SetProperty(s => s.Failures, situation.Failures)
                    .SetProperty(s => s.LastFailedAt, situation.LastFailedAt)
                    .SetProperty(s => s.NotBefore, situation.NotBefore)
                    .SetProperty(s => s.NeedsOwner, situation.NeedsOwner)
                    .SetProperty(s => s.StoppedAt, (DateTimeOffset?)null)
                    .SetProperty(s => s.LastSkip, (AutoReloadSkip?)null),
                cancellationToken) == 1;

    private async Task<bool> RecordAsync(AutoReloadSetting setting, AutoReloadSituation situation, AutoReloadSkip reason, CancellationToken cancellationToken)
    {
        if (setting.LastSkip == reason)
        {
            return true;
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var isNew = await db.Set<AutoReloadSetting>()
            .Where(row => row.OrganizationId == setting.OrganizationId && row.Version == setting.Version && row.LastSkip == setting.LastSkip)
            .ExecuteUpdateAsync(row => row.SetProperty(s => s.LastSkip, reason), cancellationToken);
        if (isNew == 0)
        {
            return false;
        }

        db.Add(new AutoReloadAttempt
        {
            Id = Ids.New("reload", situation.Now),
            OrganizationId = setting.OrganizationId,
            State = AutoReloadState.Skipped,
            Reason = reason.Text(),
            AvailableMicros = situation.Available,
            StartedAt = situation.Now,
            EndedAt = situation.Now,
        });
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private async Task<bool> StopAsync(AutoReloadSetting setting, AutoReloadSituation situation, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var stopped = await db.Set<AutoReloadSetting>()
            .Where(row => row.OrganizationId == setting.OrganizationId && row.Version == setting.Version && row.StoppedAt == null)
            .ExecuteUpdateAsync(
                row => row.SetProperty(s => s.StoppedAt, situation.Now).SetProperty(s => s.Version, s => s.Version + 1), cancellationToken);
        if (stopped == 0)
        {
            return false;
        }

        db.Add(OutboxEvent.Of(
            setting.OrganizationId, "auto_reload.failed",
            new { Reason = "stopped", Failures = setting.Failures, Stopped = true, AmountUsd = setting.AmountCents.ToDecimal() }, situation.Now));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private async Task<Payment> OrderAsync(AutoReloadSetting setting, Money amount, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        var id = Ids.New("pay", now);
        return new Payment
        {
            Id = id,
            OrganizationId = setting.OrganizationId,
            Actor = Caller.ForSystem(Job, setting.OrganizationId).Actor,
            BuyerName = await buyers.NameOfAsync(setting.OrganizationId, cancellationToken),
            Kind = PaymentKind.AutoReload,
            Item = $"usd_{amount.Cents}",
            Description = $"Auto-reload of {amount}",
            AmountCents = amount,
            CreditType = CreditTypes.Credits,
            CreditMicros = CreditValue.Of(amount),
            IdempotencyKey = $"reload:{id}",
            CreatedAt = now,
            ExpiresAt = charges.NextExpiry,
        };
    }
}

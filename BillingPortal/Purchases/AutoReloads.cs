using BillingPortal.Access;
using BillingPortal.Audit;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Purchases;

/// <summary>An organization's auto-reload as people and integrators see it.</summary>
/// <param name="IsEnabled">Whether it charges when it is due.</param>
/// <param name="Rule">What it does; null if it was never set.</param>
/// <param name="Card">The card it charges; null if there is none.</param>
/// <param name="ChargedThisMonth">What it charged this UTC month, or may have.</param>
/// <param name="OpenPaymentId">The payment whose outcome is not known yet.</param>
/// <param name="Problem">What keeps it from charging: stopped, authentication_required, declined or no_card; null if nothing does.</param>
/// <param name="FailedPaymentId">The payment that failed last, while that keeps it from charging.</param>
/// <param name="NotBefore">Until when a failure makes it wait.</param>
public sealed record AutoReloadView(
    bool IsEnabled,
    AutoReloadRule? Rule,
    SavedCardView? Card,
    Money ChargedThisMonth,
    string? OpenPaymentId,
    string? Problem,
    string? FailedPaymentId,
    DateTimeOffset? NotBefore);

/// <summary>A page of attempts, newest first, and the id after which the next begins; null at the end.</summary>
public sealed record AutoReloadAttemptPage(IReadOnlyList<AutoReloadAttempt> Attempts, string? NextBefore);

/// <summary>What became of the wish to change the rule.</summary>
public abstract record AutoReloadChange
{
    private AutoReloadChange()
    {
    }

    public sealed record Saved(AutoReloadView View) : AutoReloadChange;

    /// <summary>Nothing was changed.</summary>
    /// <param name="Field">thresholdUsd, amountUsd or monthlyLimitUsd.</param>
    /// <param name="Message">A sentence for people.</param>
    public sealed record Invalid(string Field, string Message) : AutoReloadChange;
}

/// <summary>The rule of an organization's auto-reload, and what came of it.</summary>
public sealed class AutoReloads(
    IDbContextFactory<BillingDbContext> contexts, IStoreSessions stores, SavedCards cards, CardCharges charges, AutoReloadWorker worker, TimeProvider clock)
{
    public const int LargestPage = 100;

    public static readonly Money SmallestThreshold = Money.FromDollars(1);
    public static readonly Money LargestThreshold = Money.FromDollars(10_000);

    /// <summary>How it stands.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>billing:read</c>.</exception>
    public async Task<AutoReloadView> GetAsync(Caller caller, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var setting = await db.Set<AutoReloadSetting>().AsNoTracking().FirstOrDefaultAsync(row => row.OrganizationId == caller.OrganizationId, cancellationToken);
        if (setting is not null)
        {
            return await ViewOfAsync(db, setting, cancellationToken);
        }

        var card = await cards.FindDefaultAsync(caller.OrganizationId, cancellationToken);
        return new AutoReloadView(false, null, card is null ? null : SavedCardView.Of(card, clock.Now()), Money.Zero, null, null, null, null);
    }

    /// <summary>Changes the rule. Saving it also forgets what has failed.</summary>
    /// <param name="caller">A person of role billing: they agree to be charged.</param>
    /// <param name="isEnabled">Whether it charges when it is due.</param>
    /// <param name="rule">What it does; null keeps the last one, and is enough only to switch it off.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AccessDeniedException">The caller may not spend money.</exception>
    public async Task<AutoReloadChange> SaveAsync(Caller caller, bool isEnabled, AutoReloadRule? rule, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Billing);
        if (rule is not null && FaultOf(rule) is { } fault)
        {
            return fault;
        }

        var stored = await StoreAsync(caller, isEnabled, rule, cancellationToken);
        if (stored is null)
        {
            return isEnabled
                ? new AutoReloadChange.Invalid("thresholdUsd", "thresholdUsd and amountUsd are needed to switch auto-reload on.")
                : new AutoReloadChange.Saved(await GetAsync(caller, cancellationToken));
        }

        if (isEnabled)
        {
            worker.Note(caller.OrganizationId);
        }
        else
        {
            await GiveUpAsync(caller.OrganizationId, cancellationToken);
        }

        return new AutoReloadChange.Saved(await GetAsync(caller, cancellationToken));
    }

    /// <summary>Every attempt, and every reason for which one that was due did not start, newest first.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="before">The id after which the page begins; null: the newest.</param>
    /// <param name="limit">1 to <see cref="LargestPage"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AccessDeniedException">A key without <c>billing:read</c>.</exception>
    public async Task<AutoReloadAttemptPage> ListAttemptsAsync(Caller caller, string? before, int limit, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, LargestPage);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = db.Set<AutoReloadAttempt>().AsNoTracking().Where(row => row.OrganizationId == caller.OrganizationId);
        if (before is not null)
        {
            rows = rows.Where(row => row.Id.CompareTo(before) < 0);
        }

        var page = await rows.OrderByDescending(row => row.Id).Take(limit + 1).ToListAsync(cancellationToken);
        return page.Count > limit ? new AutoReloadAttemptPage(page[..limit], page[limit - 1].Id) : new AutoReloadAttemptPage(page, null);
    }

    /// <summary>What is wrong with a rule; null if nothing is.</summary>
    public static AutoReloadChange.Invalid? FaultOf(AutoReloadRule rule) => rule switch
    {
        _ when rule.Threshold < SmallestThreshold || rule.Threshold > LargestThreshold =>
            new("thresholdUsd", $"thresholdUsd must be from {SmallestThreshold.ToDecimal()} to {LargestThreshold.ToDecimal()}."),
        _ when rule.Amount < TopUps.Smallest || rule.Amount > TopUps.Largest =>
            new("amountUsd", $"amountUsd must be from {TopUps.Smallest.ToDecimal()} to {TopUps.Largest.ToDecimal()}."),
        { MonthlyLimit: { } limit } when limit < rule.Amount =>
            new("monthlyLimitUsd", "monthlyLimitUsd must be at least amountUsd, or nothing could ever be charged."),
        _ => null,
    };

    private async Task<AutoReloadSetting?> StoreAsync(Caller caller, bool isEnabled, AutoReloadRule? rule, CancellationToken cancellationToken)
    {
        while (true)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);

            // Locks the rule from here to the commit.
            await db.Set<AutoReloadSetting>().Where(row => row.OrganizationId == caller.OrganizationId)
                .ExecuteUpdateAsync(row => row.SetProperty(s => s.Version, s => s.Version + 1), cancellationToken);
            var setting = await db.Set<AutoReloadSetting>().FirstOrDefaultAsync(row => row.OrganizationId == caller.OrganizationId, cancellationToken);
            if (setting is null && rule is null)
            {
                return null;
            }

            var before = setting is null ? null : TermsOf(setting);
            if (setting is null)
            {
                setting = new AutoReloadSetting
                {
                    OrganizationId = caller.OrganizationId,
                    IsEnabled = isEnabled,
                    ThresholdCents = rule!.Threshold,
                    AmountCents = rule.Amount,
                    AgreedBy = caller.Actor,
                    UpdatedAt = clock.Now(),
                };
                db.Add(setting);
            }

            Change(setting, caller, isEnabled, rule ?? setting.Rule);
            db.Record(caller, setting.UpdatedAt, AuditActs.AutoReloadChanged, caller.OrganizationId, before, TermsOf(setting));
            try
            {
                await db.SaveChangesAsync(cancellationToken);
                await transaction.CommitAsync(cancellationToken);
                return setting;
            }
            catch (DbUpdateException exception) when (stores.IsUniqueViolation(exception))
            {
                // Set for the first time twice at once: this one changes what the other stored.
            }
        }
    }

    private static object TermsOf(AutoReloadSetting setting) => new
    {
        setting.IsEnabled,
        Threshold = setting.ThresholdCents,
        Amount = setting.AmountCents,
        MonthlyLimit = setting.MonthlyLimitCents,
    };

    private void Change(AutoReloadSetting setting, Caller caller, bool isEnabled, AutoReloadRule rule)
    {
        setting.IsEnabled = isEnabled;
        setting.ThresholdCents = rule.Threshold;
        setting.AmountCents = rule.Amount;
        setting.MonthlyLimitCents = rule.MonthlyLimit;
        setting.AgreedBy = caller.Actor;
        setting.UpdatedAt = clock.Now();
        setting.Failures = 0;
        setting.LastFailedAt = null;
        setting.NotBefore = null;
        setting.NeedsOwner = false;
        setting.StoppedAt = null;
        setting.LastSkip = null;
    }

    // What the gateway has not heard of is not to be charged any more, once it is switched off.
    private async Task GiveUpAsync(string organizationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var open = await db.Set<AutoReloadAttempt>().AsNoTracking()
            .FirstOrDefaultAsync(row => row.OrganizationId == organizationId && row.State == AutoReloadState.Open, cancellationToken);
        if (open is { PaymentId: { } paymentId })
        {
            await charges.GiveUpAsync(paymentId, cancellationToken);
        }
    }

    private async Task<AutoReloadView> ViewOfAsync(BillingDbContext db, AutoReloadSetting setting, CancellationToken cancellationToken)
    {
        var card = await cards.FindDefaultAsync(setting.OrganizationId, cancellationToken);
        var now = clock.Now();
        var charged = await AutoReloadEngine.ChargedSinceAsync(db, setting.OrganizationId, AutoReloadDecisions.StartOfMonth(now), cancellationToken);
        var isRearmed = setting.IsRearmedBy(card);
        var hasFailed = setting.Failures > 0 && !isRearmed;
        var failed = hasFailed
            ? await db.Set<AutoReloadAttempt>().AsNoTracking()
                .Where(row => row.OrganizationId == setting.OrganizationId && row.State == AutoReloadState.Failed)
                .OrderByDescending(row => row.Id).Select(row => row.PaymentId).FirstOrDefaultAsync(cancellationToken)
            : null;
        return new AutoReloadView(
            setting.IsOn(card),
            setting.Rule,
            card is null ? null : SavedCardView.Of(card, now),
            charged.Aggregate(Money.Zero, (sum, attempt) => sum + attempt.AmountCents),
            charged.FirstOrDefault(attempt => attempt.State is AutoReloadState.Open)?.PaymentId,
            setting switch
            {
                { IsEnabled: false } => null,
                { StoppedAt: not null } when !isRearmed => "stopped",
                { NeedsOwner: true } when !isRearmed => FailureCodes.AuthenticationRequired,
                _ when card is null => "no_card",
                _ when hasFailed => "declined",
                _ => null,
            },
            failed,
            hasFailed ? setting.NotBefore : null);
    }
}

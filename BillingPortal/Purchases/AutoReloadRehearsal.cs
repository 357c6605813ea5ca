using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using Microsoft.Extensions.Options;

namespace BillingPortal.Purchases;

/// <summary>A reload that a rehearsal made.</summary>
/// <param name="At">When, in the rehearsal's time.</param>
/// <param name="Amount">What it charged.</param>
public sealed record RehearsedReload(DateTimeOffset At, Money Amount);

/// <summary>What a rule would have done.</summary>
/// <param name="Reloads">Each reload, in order.</param>
/// <param name="Charged">All of them together.</param>
/// <param name="Lowest">The least that was ever available; below zero, usage would have been refused.</param>
/// <param name="Days">What was available at the end of each day.</param>
/// <param name="Course">What was available, at the start, at the end of each day, and before and after each reload.</param>
public sealed record RehearsalResult(
    IReadOnlyList<RehearsedReload> Reloads, Money Charged, Credits Lowest, IReadOnlyList<Credits> Days, IReadOnlyList<(DateTimeOffset At, Credits Available)> Course);

/// <summary>What rules are played on.</summary>
/// <param name="Available">What can be spent now.</param>
/// <param name="Days">What each of the last days used, the oldest first.</param>
/// <param name="Start">Where the play begins.</param>
/// <param name="Bounds">What holds for every rule.</param>
public sealed record RehearsalStage(Credits Available, IReadOnlyList<Credits> Days, DateTimeOffset Start, AutoReloadBounds Bounds)
{
    /// <summary>What a day used, on average.</summary>
    public Credits Daily => Days.Count == 0 ? Credits.Zero : Credits.FromMicros(Credits.Sum(Days).Micros / Days.Count);
}

/// <summary>Plays a rule on recorded days, by the same decision that charges cards.</summary>
public sealed class AutoReloadRehearsal(UsageReports usage, CurrentWallets wallets, IOptions<AutoReloadOptions> options, TimeProvider clock)
{
    /// <summary>How many days are played.</summary>
    public const int Days = 30;

    private const int Hours = 24;

    private const long CentsPerDollar = 100;

    // What a proposal leaves for a card that fails, between two charges, and above a usual month.
    private const int DaysToSpare = 3;
    private const int DaysPerReload = 10;
    private const decimal Leeway = 1.5m;

    // Where nothing tells how much is used.
    private static readonly AutoReloadRule Plain = new(Money.FromDollars(20), Money.FromDollars(50), Money.FromDollars(200));

    /// <summary>What there is to play on.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>billing:read</c>.</exception>
    public async Task<RehearsalStage> SetAsync(Caller caller, CancellationToken cancellationToken)
    {
        var burn = await usage.BurnAsync(caller, CreditTypes.Credits, Days, cancellationToken);
        var balance = await wallets.GetBalanceAsync(caller, CreditTypes.Credits, cancellationToken);
        return new(balance.Available, burn.Days, AutoReloadDecisions.StartOfDay(clock.Now()), options.Value.Bounds);
    }

    /// <summary>What the rule would do from today's balance if each of the last days' usage came again, without allowances to come.</summary>
    public static RehearsalResult Play(AutoReloadRule rule, RehearsalStage stage) => Play(rule, stage.Bounds, stage.Available, stage.Days, stage.Start);

    /// <summary>What the rule would charge the moment it is saved; null: nothing.</summary>
    public static Money? AtOnce(AutoReloadRule rule, RehearsalStage stage) =>
        AutoReloadDecisions.Decide(rule, SituationAt(stage.Start, stage.Available, []), stage.Bounds) is AutoReloadDecision.Reload reload ? reload.Amount : null;

    /// <summary>A rule that suits the usage: three days to spare, a charge every ten days or so, half as much again as a usual month at most.</summary>
    public static AutoReloadRule Propose(RehearsalStage stage)
    {
        var dollars = CreditValue.DollarsOf(stage.Daily);
        return dollars == 0
            ? Plain
            : new(
                Rounded(dollars * DaysToSpare, 5, AutoReloads.LargestThreshold),
                Rounded(dollars * DaysPerReload, 10, TopUps.Largest),
                Rounded(dollars * Days * Leeway, 50, null));
    }

    /// <summary>The same, pure: each day's usage is spread evenly over its hours, and each reload is credited at once.</summary>
    public static RehearsalResult Play(AutoReloadRule rule, AutoReloadBounds bounds, Credits opening, IReadOnlyList<Credits> days, DateTimeOffset start)
    {
        var (available, lowest) = (opening, opening);
        var reloads = new List<RehearsedReload>();
        var closings = new List<Credits>();
        var course = new List<(DateTimeOffset At, Credits Available)> { (start, opening) };
        for (var day = 0; day < days.Count; day++)
        {
            for (var hour = 0; hour < Hours; hour++)
            {
                var now = start.AddDays(day).AddHours(hour);
                available -= Credits.FromMicros((days[day].Micros * (hour + 1) / Hours) - (days[day].Micros * hour / Hours));
                lowest = Credits.Min(lowest, available);
                if (AutoReloadDecisions.Decide(rule, SituationAt(now, available, reloads), bounds) is AutoReloadDecision.Reload reload)
                {
                    reloads.Add(new RehearsedReload(now, reload.Amount));
                    course.Add((now, available));
                    available += CreditValue.Of(reload.Amount);
                    course.Add((now, available));
                }
            }

            closings.Add(available);
            course.Add((start.AddDays(day + 1), available));
        }

        return new RehearsalResult(reloads, Sum(reloads), lowest, closings, course);
    }

    /// <summary>Up to the next step, and to no more than the largest.</summary>
    private static Money Rounded(decimal dollars, int step, Money? largest)
    {
        var cents = (long)decimal.Ceiling(dollars / step) * step * CentsPerDollar;
        return largest is { } most && cents > most.Cents ? most : Money.FromCents(cents);
    }

    private static AutoReloadSituation SituationAt(DateTimeOffset now, Credits available, List<RehearsedReload> reloads) => new(
        available, HasCard: true, HasOpenAttempt: false, Failures: 0, NeedsOwner: false,
        reloads.Count > 0 ? reloads[^1].At : null, LastFailedAt: null, NotBefore: null,
        Sum(reloads.Where(reload => reload.At >= AutoReloadDecisions.StartOfMonth(now))),
        reloads.Count(reload => reload.At >= AutoReloadDecisions.StartOfDay(now)),
        now);

    private static Money Sum(IEnumerable<RehearsedReload> reloads) => reloads.Aggregate(Money.Zero, (sum, reload) => sum + reload.Amount);
}

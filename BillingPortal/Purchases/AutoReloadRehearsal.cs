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
/// <param name="Opening">What was available at its beginning.</param>
/// <param name="Reloads">Each reload, in order.</param>
/// <param name="Charged">All of them together.</param>
/// <param name="Lowest">The least that was ever available; below zero, usage would have been refused.</param>
/// <param name="Days">What was available at the end of each day.</param>
public sealed record RehearsalResult(Credits Opening, IReadOnlyList<RehearsedReload> Reloads, Money Charged, Credits Lowest, IReadOnlyList<Credits> Days);

/// <summary>Plays a rule on recorded days, by the same decision that charges cards.</summary>
public sealed class AutoReloadRehearsal(UsageReports usage, CurrentWallets wallets, IOptions<AutoReloadOptions> options, TimeProvider clock)
{
    /// <summary>How many days are played.</summary>
    public const int Days = 30;

    private const int Hours = 24;

    /// <summary>What the rule would do from today's balance if each of the last days' usage came again, without allowances to come.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>billing:read</c>.</exception>
    public async Task<RehearsalResult> RunAsync(Caller caller, AutoReloadRule rule, CancellationToken cancellationToken)
    {
        var burn = await usage.BurnAsync(caller, CreditTypes.Credits, Days, cancellationToken);
        var balance = await wallets.GetBalanceAsync(caller, CreditTypes.Credits, cancellationToken);
        return Play(rule, options.Value.Bounds, balance.Available, burn.Days, AutoReloadDecisions.StartOfDay(clock.Now()));
    }

    /// <summary>The same, pure: each day's usage is spread evenly over its hours, and each reload is credited at once.</summary>
    public static RehearsalResult Play(AutoReloadRule rule, AutoReloadBounds bounds, Credits opening, IReadOnlyList<Credits> days, DateTimeOffset start)
    {
        var (available, lowest) = (opening, opening);
        var reloads = new List<RehearsedReload>();
        var closings = new List<Credits>();
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
                    available += CreditValue.Of(reload.Amount);
                }
            }

            closings.Add(available);
        }

        return new RehearsalResult(opening, reloads, Sum(reloads), lowest, closings);
    }

    private static AutoReloadSituation SituationAt(DateTimeOffset now, Credits available, List<RehearsedReload> reloads) => new(
        available, HasCard: true, HasOpenAttempt: false, Failures: 0, NeedsOwner: false,
        reloads.Count > 0 ? reloads[^1].At : null, LastFailedAt: null, NotBefore: null,
        Sum(reloads.Where(reload => reload.At >= AutoReloadDecisions.StartOfMonth(now))),
        reloads.Count(reload => reload.At >= AutoReloadDecisions.StartOfDay(now)),
        now);

    private static Money Sum(IEnumerable<RehearsedReload> reloads) => reloads.Aggregate(Money.Zero, (sum, reload) => sum + reload.Amount);
}

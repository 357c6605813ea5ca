using BillingPortal.Catalog;
using BillingPortal.Ledger;

namespace BillingPortal.Purchases;

/// <summary>What an organization wants of its auto-reload.</summary>
/// <param name="Threshold">A reload starts when less than this is available.</param>
/// <param name="Amount">What is bought at once, or several times it if once does not reach the threshold.</param>
/// <param name="MonthlyLimit">The most that is charged in a UTC calendar month; null: no limit but the daily one.</param>
public sealed record AutoReloadRule(Money Threshold, Money Amount, Money? MonthlyLimit);

/// <summary>Bounds that hold for every rule. Source: design §6, faults F24 and G9.</summary>
/// <param name="Cooldown">Shortest time between two attempts, whatever becomes of the first.</param>
/// <param name="ChargesPerDay">Most charges of a UTC day.</param>
public sealed record AutoReloadBounds(TimeSpan Cooldown, int ChargesPerDay)
{
    /// <summary>Failures in a row after which no card is asked any more.</summary>
    public const int MaxFailures = 3;

    /// <summary>The most that one charge may be.</summary>
    public static readonly Money LargestCharge = TopUps.Largest;

    // After the first, the second and the third failure in a row; the third wait ends in switching off.
    private static readonly TimeSpan[] Waits = [TimeSpan.FromHours(1), TimeSpan.FromHours(6), TimeSpan.FromHours(24)];

    /// <summary>How long to wait after so many failures in a row, at least one.</summary>
    public static TimeSpan WaitAfter(int failures) => Waits[Math.Clamp(failures, 1, Waits.Length) - 1];
}

/// <summary>How things stand when it is decided whether to reload.</summary>
/// <param name="Available">What can be spent, holds taken off.</param>
/// <param name="HasCard">Whether there is a card to charge.</param>
/// <param name="HasOpenAttempt">Whether the outcome of an attempt is not known yet.</param>
/// <param name="Failures">Failures in a row, since the card or the rule was last changed.</param>
/// <param name="NeedsOwner">Whether the last one failed because the card's owner has to confirm.</param>
/// <param name="LastAttemptAt">When the last attempt started.</param>
/// <param name="LastFailedAt">When the last failure in a row was known; null without.</param>
/// <param name="NotBefore">Until when a failure makes it wait; null: it does not.</param>
/// <param name="ChargedThisMonth">What was charged this UTC month, or may have been.</param>
/// <param name="ChargesToday">How many charges there were this UTC day, or may have been.</param>
/// <param name="Now">The instant of the decision.</param>
public sealed record AutoReloadSituation(
    Credits Available,
    bool HasCard,
    bool HasOpenAttempt,
    int Failures,
    bool NeedsOwner,
    DateTimeOffset? LastAttemptAt,
    DateTimeOffset? LastFailedAt,
    DateTimeOffset? NotBefore,
    Money ChargedThisMonth,
    int ChargesToday,
    DateTimeOffset Now);

/// <summary>Why a reload that was due did not start.</summary>
public enum AutoReloadSkip
{
    /// <summary>The outcome of an attempt is not known yet.</summary>
    AttemptOpen,

    /// <summary>There is no card to charge.</summary>
    NoCard,

    /// <summary>The card's owner has to confirm a payment first.</summary>
    AuthenticationRequired,

    /// <summary>The card was declined; it is asked again after a while.</summary>
    Declined,

    /// <summary>The last attempt was a moment ago.</summary>
    Cooldown,

    /// <summary>The day has had all its charges.</summary>
    DailyLimit,

    /// <summary>Another amount would exceed the month's limit.</summary>
    MonthlyLimit,
}

/// <summary>What to do now.</summary>
public abstract record AutoReloadDecision
{
    private AutoReloadDecision()
    {
    }

    /// <summary>Nothing: enough is available.</summary>
    public sealed record Idle : AutoReloadDecision;

    /// <summary>Charge the card.</summary>
    public sealed record Reload(Money Amount) : AutoReloadDecision;

    /// <summary>Nothing, although it is due.</summary>
    /// <param name="Reason">Why.</param>
    /// <param name="Until">When it may be otherwise, if time alone makes it so.</param>
    public sealed record Skip(AutoReloadSkip Reason, DateTimeOffset? Until) : AutoReloadDecision;

    /// <summary>Switch it off: the card was declined too often, and nobody did anything about it.</summary>
    public sealed record Stop : AutoReloadDecision;
}

/// <summary>Decides whether to reload. Pure; the rehearsal asks it about the past.</summary>
public static class AutoReloadDecisions
{
    public static AutoReloadDecision Decide(AutoReloadRule rule, AutoReloadSituation now, AutoReloadBounds bounds)
    {
        if (now is { Failures: >= AutoReloadBounds.MaxFailures, HasOpenAttempt: false } && now.Now >= GivesUpAt(now))
        {
            return new AutoReloadDecision.Stop();
        }

        if (now.Available >= CreditValue.Of(rule.Threshold))
        {
            return new AutoReloadDecision.Idle();
        }

        if (SkipOf(now, bounds) is { } skip)
        {
            return skip;
        }

        var room = rule.MonthlyLimit is { } limit ? limit - now.ChargedThisMonth : AutoReloadBounds.LargestCharge;
        return AmountOf(rule, now.Available, room) is { } amount
            ? new AutoReloadDecision.Reload(amount)
            : new AutoReloadDecision.Skip(AutoReloadSkip.MonthlyLimit, StartOfMonth(now.Now).AddMonths(1));
    }

    /// <summary>The smallest multiple of the rule's amount that reaches the threshold, cut down to what there is room for; null if there is none for one.</summary>
    public static Money? AmountOf(AutoReloadRule rule, Credits available, Money room)
    {
        var most = room < AutoReloadBounds.LargestCharge ? room : AutoReloadBounds.LargestCharge;
        var fitting = most.Cents / rule.Amount.Cents;
        var missing = (Int128)CreditValue.Of(rule.Threshold).Micros - available.Micros;
        var each = CreditValue.Of(rule.Amount).Micros;
        var wanted = Int128.Max(1, (missing + each - 1) / each);
        return fitting < 1 ? null : Money.FromCents(rule.Amount.Cents * (long)Int128.Min(fitting, wanted));
    }

    public static DateTimeOffset StartOfMonth(DateTimeOffset instant) => new(instant.UtcDateTime.Year, instant.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero);

    public static DateTimeOffset StartOfDay(DateTimeOffset instant) => new(instant.UtcDateTime.Date, TimeSpan.Zero);

    private static AutoReloadDecision.Skip? SkipOf(AutoReloadSituation now, AutoReloadBounds bounds) => now switch
    {
        { HasOpenAttempt: true } => new(AutoReloadSkip.AttemptOpen, null),
        { HasCard: false } => new(AutoReloadSkip.NoCard, null),
        { NeedsOwner: true } => new(AutoReloadSkip.AuthenticationRequired, null),
        { Failures: >= AutoReloadBounds.MaxFailures } => new(AutoReloadSkip.Declined, null),
        { NotBefore: { } wait } when wait > now.Now => new(AutoReloadSkip.Declined, wait),
        { LastAttemptAt: { } last } when last + bounds.Cooldown > now.Now => new(AutoReloadSkip.Cooldown, last + bounds.Cooldown),
        _ when now.ChargesToday >= bounds.ChargesPerDay => new(AutoReloadSkip.DailyLimit, StartOfDay(now.Now).AddDays(1)),
        _ => null,
    };

    private static DateTimeOffset GivesUpAt(AutoReloadSituation now) =>
        (now.LastFailedAt ?? now.Now) + AutoReloadBounds.WaitAfter(AutoReloadBounds.MaxFailures);
}

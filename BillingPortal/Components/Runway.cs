using BillingPortal.Ledger;
using BillingPortal.Metering;

namespace BillingPortal.Components;

/// <summary>How long credit lasts, as a range of whole days; an estimate, and said to be one.</summary>
/// <param name="FewestDays">At the pace of a busy day.</param>
/// <param name="MostDays">At the pace of a quiet day; null: on a quiet day nothing is used.</param>
/// <param name="BasisDays">How many days the pace is taken from.</param>
public sealed record Runway(long FewestDays, long? MostDays, int BasisDays)
{
    /// <summary>How many days back the pace is looked for.</summary>
    public const int Basis = 14;

    private const int FewestActiveDays = 3;

    /// <summary>Days of credit left; null if there was too little usage to say.</summary>
    public static Runway? Estimate(Credits available, UsageBurn burn) =>
        burn.Days.Count(day => day.IsPositive) < FewestActiveDays
            ? null
            : new Runway(Days(available, burn.High) ?? Days(available, burn.Average)!.Value, Days(available, burn.Low), burn.Days.Length);

    /// <summary>"9 to 13 days".</summary>
    public string Text => this switch
    {
        { FewestDays: > 365 } => "more than a year",
        { MostDays: null or > 365 } => $"{Display.Count(FewestDays, "day")} or more",
        { MostDays: { } most } when most == FewestDays => most is 0 ? "less than a day" : $"about {Display.Count(most, "day")}",
        _ => $"{Display.Number(FewestDays)} to {Display.Count(MostDays.Value, "day")}",
    };

    /// <summary>Whether it lasts until an instant even at the pace of a busy day.</summary>
    public bool Outlasts(DateTimeOffset now, DateTimeOffset instant) => FewestDays >= (instant - now).TotalDays;

    private static long? Days(Credits available, Credits aDay) => aDay.IsPositive ? Math.Max(0, available.Micros) / aDay.Micros : null;
}

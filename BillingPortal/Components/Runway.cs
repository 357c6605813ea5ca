using BillingPortal.Ledger;

namespace BillingPortal.Components;

/// <summary>How long credit lasts, as a range of whole days; an estimate, and said to be one.</summary>
/// <param name="FewestDays">At the pace of the busiest stretch looked at.</param>
/// <param name="MostDays">At the pace of the quietest one; null: that one used nothing.</param>
public sealed record Runway(long FewestDays, long? MostDays)
{
    /// <summary>How many days back the pace is taken from.</summary>
    public const int Basis = 14;

    private const int Week = 7;
    private const int FewestActiveDays = 3;

    /// <summary>Days of credit left, judged by the last week, the week before and both together; null if there was too little usage to say.</summary>
    /// <param name="available">What can be spent now.</param>
    /// <param name="daily">What was used on each of the last <see cref="Basis"/> days, oldest first.</param>
    public static Runway? Estimate(Credits available, IReadOnlyList<Credits> daily)
    {
        if (daily.Count != Basis || daily.Count(day => day.IsPositive) < FewestActiveDays)
        {
            return null;
        }

        var before = Credits.Sum(daily.Take(Week));
        var lately = Credits.Sum(daily.Skip(Week));
        long?[] estimates = [Days(available, before, Week), Days(available, lately, Week), Days(available, before + lately, Basis)];
        return new Runway(estimates.Min()!.Value, estimates.Contains(null) ? null : estimates.Max());
    }

    /// <summary>"9 to 13 days".</summary>
    public string Text => this switch
    {
        { FewestDays: > 365 } => "more than a year",
        { MostDays: null or > 365 } => $"{Display.Count(FewestDays, "day")} or more",
        { MostDays: { } most } when most == FewestDays => most is 0 ? "less than a day" : $"about {Display.Count(most, "day")}",
        _ => $"{Display.Number(FewestDays)} to {Display.Count(MostDays.Value, "day")}",
    };

    private static long? Days(Credits available, Credits used, int days) =>
        used.IsPositive ? (long)((Int128)Math.Max(0, available.Micros) * days / used.Micros) : null;
}

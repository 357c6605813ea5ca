using BillingPortal.Ledger;

namespace BillingPortal.Metering;

/// <summary>A day that took far more than any like it before, and what made it so.</summary>
/// <param name="Day">The UTC day.</param>
/// <param name="Used">What it took.</param>
/// <param name="Highest">The most that the same weekday took in the weeks before.</param>
/// <param name="Operation">The operation that grew most beyond its own highest.</param>
/// <param name="KeyId">The key that did; null if no key reported it.</param>
public sealed record UsageSpike(DateOnly Day, Credits Used, Credits Highest, string Operation, string? KeyId)
{
    /// <summary>How many weeks a day is compared with.</summary>
    public const int Weeks = 8;

    /// <summary>With fewer days like it there is nothing to be unusual against.</summary>
    private const int FewestWeeks = 4;

    // Half as much again as the highest of them.
    private const int Numerator = 3;
    private const int Denominator = 2;

    /// <summary>Of the days of a span the one that stands out most; null if none does. Pure.</summary>
    /// <param name="rows">Usage of the span and of the <see cref="Weeks"/> weeks before it.</param>
    /// <param name="range">The span.</param>
    /// <param name="creditType">What is counted.</param>
    public static UsageSpike? Find(IReadOnlyCollection<UsageDayRow> rows, DayRange range, string creditType)
    {
        var counted = rows.Where(row => row.CreditType == creditType).ToList();
        var days = counted.GroupBy(row => row.Day).ToDictionary(day => day.Key, day => Credits.Sum(day.Select(row => row.Sums.Credits)));
        return range.All
            .Select(day => (Day: day, Used: days.GetValueOrDefault(day), Before: Before(day).Where(days.ContainsKey).Select(one => days[one]).ToList()))
            .Where(day => day.Before.Count >= FewestWeeks && day.Used > day.Before.Max().Scale(Numerator, Denominator))
            .OrderByDescending(day => day.Used - day.Before.Max())
            .Select(day => new UsageSpike(
                day.Day, day.Used, day.Before.Max(), CauseOf(counted, day.Day, row => row.Operation)!, CauseOf(counted, day.Day, row => row.KeyId)))
            .FirstOrDefault();
    }

    private static IEnumerable<DateOnly> Before(DateOnly day) => Enumerable.Range(1, Weeks).Select(week => day.AddDays(-7 * week));

    private static string? CauseOf(List<UsageDayRow> rows, DateOnly day, Func<UsageDayRow, string?> by)
    {
        var before = Before(day).ToHashSet();
        return rows.Where(row => row.Day == day)
            .GroupBy(by)
            .MaxBy(group => Credits.Sum(group.Select(row => row.Sums.Credits)) - rows
                .Where(row => by(row) == group.Key && before.Contains(row.Day))
                .GroupBy(row => row.Day)
                .Select(one => Credits.Sum(one.Select(row => row.Sums.Credits)))
                .Aggregate(Credits.Zero, Credits.Max))?.Key;
    }
}

using BillingPortal.Ledger;

namespace BillingPortal.Metering;

/// <summary>What the same weekday took in the weeks before.</summary>
/// <param name="Low">The day at one quarter of the way from the quietest to the busiest.</param>
/// <param name="High">The day at three quarters.</param>
/// <param name="Highest">The busiest.</param>
public sealed record UsualDay(Credits Low, Credits High, Credits Highest)
{
    /// <param name="days">At least one.</param>
    internal static UsualDay Of(IEnumerable<Credits> days)
    {
        List<Credits> sorted = [.. days.Order()];
        return new UsualDay(sorted[(sorted.Count - 1) / 4], sorted[(sorted.Count - 1) * 3 / 4], sorted[^1]);
    }
}

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

    /// <summary>What is usual for the days of a span; those with too few like them are left out. Pure.</summary>
    /// <param name="rows">Usage of the span and of the <see cref="Weeks"/> weeks before it.</param>
    /// <param name="range">The span.</param>
    /// <param name="creditType">What is counted.</param>
    public static IReadOnlyDictionary<DateOnly, UsualDay> Usual(IReadOnlyCollection<UsageDayRow> rows, DayRange range, string creditType)
    {
        var days = SumsOf(rows, creditType);
        return range.All
            .Select(day => (Day: day, Before: Before(day).Where(days.ContainsKey).Select(one => days[one]).ToList()))
            .Where(day => day.Before.Count >= FewestWeeks)
            .ToDictionary(day => day.Day, day => UsualDay.Of(day.Before));
    }

    /// <summary>Of the days of a span the one that stands out most; null if none does. Pure.</summary>
    /// <inheritdoc cref="Usual"/>
    public static UsageSpike? Find(IReadOnlyCollection<UsageDayRow> rows, DayRange range, string creditType)
    {
        var days = SumsOf(rows, creditType);
        return Usual(rows, range, creditType)
            .Select(usual => (Day: usual.Key, Used: days.GetValueOrDefault(usual.Key), usual.Value.Highest))
            .Where(day => day.Used > day.Highest.Scale(Numerator, Denominator))
            .OrderByDescending(day => day.Used - day.Highest)
            .Select(day => new UsageSpike(
                day.Day, day.Used, day.Highest, CauseOf(rows, creditType, day.Day, row => row.Operation)!, CauseOf(rows, creditType, day.Day, row => row.KeyId)))
            .FirstOrDefault();
    }

    private static Dictionary<DateOnly, Credits> SumsOf(IEnumerable<UsageDayRow> rows, string creditType) => rows
        .Where(row => row.CreditType == creditType)
        .GroupBy(row => row.Day)
        .ToDictionary(day => day.Key, day => Credits.Sum(day.Select(row => row.Sums.Credits)));

    private static IEnumerable<DateOnly> Before(DateOnly day) => Enumerable.Range(1, Weeks).Select(week => day.AddDays(-7 * week));

    private static string? CauseOf(IEnumerable<UsageDayRow> rows, string creditType, DateOnly day, Func<UsageDayRow, string?> by)
    {
        var before = Before(day).ToHashSet();
        var counted = rows.Where(row => row.CreditType == creditType).ToList();
        return counted.Where(row => row.Day == day)
            .GroupBy(by)
            .MaxBy(group => Credits.Sum(group.Select(row => row.Sums.Credits)) - counted
                .Where(row => by(row) == group.Key && before.Contains(row.Day))
                .GroupBy(row => row.Day)
                .Select(one => Credits.Sum(one.Select(row => row.Sums.Credits)))
                .Aggregate(Credits.Zero, Credits.Max))?.Key;
    }
}

using System.Globalization;
using BillingPortal.Metering;

namespace BillingPortal.Components;

/// <summary>When credit is used: what an hour of each weekday takes on average, where the viewer is.</summary>
/// <param name="Hours">Seven weekdays from Monday, each with 24 hours.</param>
/// <param name="IsCut">Whether only the newest events were counted.</param>
public sealed record UsageHeat(IReadOnlyList<IReadOnlyList<decimal>> Hours, bool IsCut)
{
    private const int Weekdays = 7;
    private const int HoursADay = 24;

    private static readonly CultureInfo English = CultureInfo.GetCultureInfo("en-GB");

    /// <param name="used">By hour.</param>
    /// <param name="from">Where the span begins.</param>
    /// <param name="until">Where it ends, or now if that is earlier.</param>
    /// <param name="viewer">Where clocks are read.</param>
    public static UsageHeat Of(UsageHours used, DateTimeOffset from, DateTimeOffset until, Viewer viewer)
    {
        // What was cut off is not there to be averaged over.
        var first = used is { IsCut: true, Hours: [var earliest, ..] } && earliest.Start > from ? earliest.Start : from;
        var (firstDay, lastDay) = (viewer.DateOf(first), viewer.DateOf(until));
        var days = new int[Weekdays];
        for (var day = firstDay; day <= lastDay; day = day.AddDays(1))
        {
            days[IndexOf(day.DayOfWeek)]++;
        }

        var sums = Enumerable.Range(0, Weekdays).Select(_ => new decimal[HoursADay]).ToArray();
        foreach (var (start, credits) in used.Hours)
        {
            var local = TimeZoneInfo.ConvertTime(start, viewer.Zone);
            sums[IndexOf(local.DayOfWeek)][local.Hour] += credits.ToDecimal();
        }

        return new UsageHeat([.. sums.Select((hours, day) => (IReadOnlyList<decimal>)[.. hours.Select(sum => days[day] == 0 ? 0 : sum / days[day])])], used.IsCut);
    }

    public decimal Highest => Hours.Max(day => day.Max());

    /// <summary>"Most is used on Tuesdays from 14:00 to 15:00: about 120 in such an hour."</summary>
    public string Finding
    {
        get
        {
            if (Highest == 0)
            {
                return "Nothing was charged in this time.";
            }

            var day = Enumerable.Range(0, Weekdays).First(index => Hours[index].Contains(Highest));
            var hour = Hours[day].Index().First(one => one.Item == Highest).Index;
            return $"Most is used on {NameOf(day)}s from {Clock(hour)} to {Clock(hour + 1)}: about {Display.Amount(Highest)} in such an hour.{(IsCut ? $" Counted on the newest {Display.Number(UsageReports.MostEventsByHour)} events." : "")}";
        }
    }

    /// <summary>"Monday" for 0.</summary>
    public static string NameOf(int day) => English.DateTimeFormat.GetDayName((DayOfWeek)((day + 1) % Weekdays));

    /// <summary>"09:00".</summary>
    public static string Clock(int hour) => $"{hour % HoursADay:00}:00";

    private static int IndexOf(DayOfWeek day) => ((int)day + Weekdays - 1) % Weekdays;
}

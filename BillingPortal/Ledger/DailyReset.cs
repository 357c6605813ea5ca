using System.Diagnostics.CodeAnalysis;

namespace BillingPortal.Ledger;

/// <summary>A day of the installation's calendar, as a span of UTC instants.</summary>
public readonly record struct DayWindow(DateOnly Date, DateTimeOffset Start, DateTimeOffset End)
{
    public bool Contains(DateTimeOffset instant) => Start <= instant && instant < End;
}

/// <summary>When daily allowances begin anew: at the first instant of each local day of one time zone, that of the whole installation.</summary>
/// <remarks>
/// The windows of successive days meet exactly, whatever daylight saving does at midnight. A midnight that the clock skips is the first instant after the gap; one that it shows
/// twice is the first of the two, and a day once begun is never gone back on. A date that a zone left out has no instants. Source: faults, F40, F41, F43.
/// </remarks>
public sealed class DailyReset
{
    // No zone is further than 14 hours from UTC.
    private static readonly TimeSpan Reach = TimeSpan.FromHours(15);

    private readonly TimeZoneInfo zone;

    private DailyReset(TimeZoneInfo zone) => this.zone = zone;

    public static DailyReset Utc { get; } = new(TimeZoneInfo.Utc);

    /// <summary>The id of the zone, such as <c>Pacific/Kiritimati</c>.</summary>
    public string ZoneId => zone.Id;

    /// <summary>The reset of a zone by its IANA id; false if this machine knows no such zone.</summary>
    public static bool TryFor(string zoneId, [NotNullWhen(true)] out DailyReset? reset)
    {
        reset = TimeZoneInfo.TryFindSystemTimeZoneById(zoneId, out var zone) ? new DailyReset(zone) : null;
        return reset is not null;
    }

    /// <summary>The day that <paramref name="instant"/> belongs to.</summary>
    public DayWindow At(DateTimeOffset instant)
    {
        var date = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(instant, zone).DateTime);
        var (start, end) = (StartOf(date), StartOf(date.AddDays(1)));

        // After a clock goes back across midnight it shows the old date once more.
        while (instant >= end)
        {
            date = date.AddDays(1);
            (start, end) = (end, StartOf(date.AddDays(1)));
        }

        return new DayWindow(date, start, end);
    }

    /// <summary>The first instant at which the zone's clock shows <paramref name="date"/> or a later one.</summary>
    public DateTimeOffset StartOf(DateOnly date)
    {
        var midnight = date.ToDateTime(TimeOnly.MinValue);
        if (zone.IsAmbiguousTime(midnight))
        {
            return new DateTimeOffset(midnight, zone.GetAmbiguousTimeOffsets(midnight).Max()).ToUniversalTime();
        }

        // Shown once or skipped: either way the clock passes midnight at one instant, which bisection finds to the tick.
        var utc = DateTime.SpecifyKind(midnight, DateTimeKind.Utc);
        var (before, after) = ((utc - Reach).Ticks, (utc + Reach).Ticks);
        while (after - before > 1)
        {
            var middle = before + ((after - before) / 2);
            if (TimeZoneInfo.ConvertTimeFromUtc(new DateTime(middle, DateTimeKind.Utc), zone) >= midnight)
            {
                after = middle;
            }
            else
            {
                before = middle;
            }
        }

        return new DateTimeOffset(after, TimeSpan.Zero);
    }
}

using System.Globalization;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Ledger;

public sealed class CycleDatesTests
{
    private static readonly int[] AnchorYears = [2024, 2026];
    private static readonly int[] OffsetsInHours = [0, 14, -10, 5, 10, -3, 1, -12];

    [Theory]
    [InlineData("2026-01-31", BillingInterval.Monthly, "2026-01-31 2026-02-28 2026-03-31 2026-04-30 2026-05-31")]
    [InlineData("2028-01-31", BillingInterval.Monthly, "2028-01-31 2028-02-29 2028-03-31")]
    [InlineData("2027-12-29", BillingInterval.Monthly, "2027-12-29 2028-01-29 2028-02-29 2028-03-29")]
    [InlineData("2026-12-30", BillingInterval.Monthly, "2026-12-30 2027-01-30 2027-02-28 2027-03-30")]
    [InlineData("2024-02-29", BillingInterval.Yearly, "2024-02-29 2025-02-28 2026-02-28 2027-02-28 2028-02-29")]
    [InlineData("2026-11-21", BillingInterval.Yearly, "2026-11-21 2027-11-21")]
    public void A_day_that_a_month_lacks_is_its_last_and_the_next_returns_to_the_anchor(string anchor, BillingInterval interval, string starts)
    {
        var expected = starts.Split(' ').Select(Day).ToArray();
        Assert.Equal(expected, expected.Select((_, number) => CycleDates.Nth(Day(anchor), interval, number)));
    }

    [Fact]
    public void Every_anchor_from_the_28th_to_the_31st_keeps_its_boundaries_for_ten_years()
    {
        foreach (var (anchor, interval) in Anchors())
        {
            var cycles = interval is BillingInterval.Monthly ? 120 : 10;
            var previous = CycleDates.Nth(anchor, interval, 0);
            Assert.Equal(anchor, previous);
            for (var number = 1; number <= cycles; number++)
            {
                var start = CycleDates.Nth(anchor, interval, number);
                Assert.Equal(Oracle(anchor, interval, number), start);
                Assert.Equal(TimeSpan.Zero, start.Offset);

                var (before, after) = (new Cycle(previous, start), new Cycle(start, CycleDates.Nth(anchor, interval, number + 1)));
                Assert.Equal(before, CycleDates.At(anchor, interval, start.AddSeconds(-1)));
                Assert.Equal(before, CycleDates.At(anchor, interval, start.AddTicks(-1)));
                Assert.Equal(after, CycleDates.At(anchor, interval, start));
                Assert.Equal(after, CycleDates.At(anchor, interval, start.AddSeconds(1)));
                Assert.Equal(number, CycleDates.NumberAt(anchor, interval, start));
                previous = start;
            }
        }
    }

    [Fact]
    public void Every_instant_is_in_the_cycle_it_is_told_and_in_no_other() =>
        Laws.Hold(Seconds(), Numbers.Between(0, 20L * 365 * 86_400), Numbers.Between(0, 1), (anchorSeconds, later, kind) =>
        {
            var (anchor, interval) = (DateTimeOffset.FromUnixTimeSeconds(anchorSeconds), (BillingInterval)kind);
            var instant = anchor.AddSeconds(later);
            var number = CycleDates.NumberAt(anchor, interval, instant);
            var cycle = CycleDates.At(anchor, interval, instant);
            Assert.True(cycle.Contains(instant));
            Assert.Equal(new Cycle(CycleDates.Nth(anchor, interval, number), CycleDates.Nth(anchor, interval, number + 1)), cycle);
            Assert.True(cycle.End > cycle.Start);
        });

    [Fact]
    public void The_zone_in_which_an_instant_is_written_changes_nothing() =>
        Laws.Hold(Seconds(), Numbers.Between(0, 5L * 365 * 86_400), Numbers.Between(-14, 14), (anchorSeconds, later, hours) =>
        {
            var (anchor, offset) = (DateTimeOffset.FromUnixTimeSeconds(anchorSeconds), TimeSpan.FromHours(hours));
            var instant = anchor.AddSeconds(later);
            Assert.Equal(
                CycleDates.At(anchor, BillingInterval.Monthly, instant),
                CycleDates.At(anchor.ToOffset(offset), BillingInterval.Monthly, instant.ToOffset(-offset)));
        });

    [Fact]
    public void An_instant_before_the_anchor_is_in_no_cycle() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => CycleDates.At(Day("2026-01-31"), BillingInterval.Monthly, Day("2026-01-31").AddTicks(-1)));

    [Fact]
    public void A_cycle_number_is_not_negative() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => CycleDates.Nth(Day("2026-01-31"), BillingInterval.Monthly, -1));

    private static IEnumerable<(DateTimeOffset Anchor, BillingInterval Interval)> Anchors() =>
        from month in Enumerable.Range(1, 12)
        from day in Enumerable.Range(28, 4)
        from year in AnchorYears
        where day <= DateTime.DaysInMonth(year, month)
        from hours in OffsetsInHours
        from interval in Enum.GetValues<BillingInterval>()
        select (new DateTimeOffset(year, month, day, 12, 34, 56, 789, TimeSpan.Zero).ToOffset(TimeSpan.FromHours(hours)), interval);

    /// <summary>Counts months on paper: the day of the anchor, or the last the month has.</summary>
    private static DateTimeOffset Oracle(DateTimeOffset anchor, BillingInterval interval, int number)
    {
        var first = anchor.UtcDateTime;
        var month = first.Month - 1 + (interval is BillingInterval.Monthly ? number : 12 * number);
        var year = first.Year + (month / 12);
        var day = Math.Min(first.Day, DateTime.DaysInMonth(year, (month % 12) + 1));
        return new DateTimeOffset(year, (month % 12) + 1, day, 0, 0, 0, TimeSpan.Zero) + first.TimeOfDay;
    }

    private static FsCheck.Arbitrary<long> Seconds() =>
        Numbers.Between(Day("2020-01-01").ToUnixTimeSeconds(), Day("2060-01-01").ToUnixTimeSeconds());

    private static DateTimeOffset Day(string date) => DateTimeOffset.Parse(date, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}

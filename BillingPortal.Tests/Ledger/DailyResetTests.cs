using System.Globalization;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;
using NodaTime;

namespace BillingPortal.Tests.Ledger;

public sealed class DailyResetTests
{
    // From here on two editions of the time zone database may differ: governments change their minds.
    private const int FirstDisputedYear = 2024;

    /// <summary>Far east and west, odd offsets, half-hour saving, and clocks that change at or across midnight.</summary>
    public static TheoryData<string> Zones =>
    [
        "UTC", "Pacific/Kiritimati", "Pacific/Honolulu", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns", "America/Havana",
        "America/Sao_Paulo", "Asia/Beirut", "Africa/Cairo", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Pacific/Chatham", "Africa/Casablanca",
    ];

    [Theory]
    [InlineData("UTC", "2026-11-21T10:00Z", "2026-11-21T00:00Z", 24)]
    [InlineData("Pacific/Kiritimati", "2026-11-21T10:00Z", "2026-11-21T10:00Z", 24)]
    [InlineData("Pacific/Kiritimati", "2026-11-21T09:59Z", "2026-11-20T10:00Z", 24)]
    [InlineData("Pacific/Honolulu", "2026-11-21T10:00Z", "2026-11-21T10:00Z", 24)]
    [InlineData("Pacific/Honolulu", "2026-11-21T09:59Z", "2026-11-20T10:00Z", 24)]
    [InlineData("Asia/Kathmandu", "2026-11-21T18:15Z", "2026-11-21T18:15Z", 24)]
    [InlineData("Asia/Kathmandu", "2026-11-21T18:14Z", "2026-11-20T18:15Z", 24)]
    [InlineData("Australia/Lord_Howe", "2019-10-05T15:00Z", "2019-10-05T13:30Z", 23.5)]
    [InlineData("Australia/Lord_Howe", "2019-04-06T15:00Z", "2019-04-06T13:00Z", 24.5)]
    [InlineData("America/New_York", "2019-03-10T12:00Z", "2019-03-10T05:00Z", 23)]
    [InlineData("America/New_York", "2019-11-03T12:00Z", "2019-11-03T04:00Z", 25)]
    public void A_day_runs_from_local_midnight_to_the_next(string zone, string instant, string start, double hours)
    {
        var day = Reset(zone).At(At(instant));
        Assert.Equal(At(start), day.Start);
        Assert.Equal(TimeSpan.FromHours(hours), day.End - day.Start);
    }

    [Fact]
    public void A_midnight_that_the_clock_skips_is_the_first_instant_after_the_gap()
    {
        // Havana's clock went from 00:00 to 01:00 on 10 March 2019.
        var day = Reset("America/Havana").At(At("2019-03-10T12:00Z"));
        Assert.Equal((At("2019-03-10T05:00Z"), At("2019-03-11T04:00Z")), (day.Start, day.End));
    }

    [Fact]
    public void A_midnight_that_the_clock_shows_twice_is_the_first_of_the_two()
    {
        // Havana's clock went from 01:00 back to 00:00 on 3 November 2019.
        var day = Reset("America/Havana").At(At("2019-11-03T05:30Z"));
        Assert.Equal((At("2019-11-03T04:00Z"), At("2019-11-04T05:00Z")), (day.Start, day.End));
    }

    [Fact]
    public void A_day_once_begun_is_not_gone_back_on_when_the_clock_is()
    {
        // St John's went from 00:01 on 29 October 2006 back to 23:01 the evening before.
        var reset = Reset("America/St_Johns");
        var begun = At("2006-10-29T02:30Z");
        Assert.Equal(new DateOnly(2006, 10, 29), reset.At(begun).Date);
        Assert.Equal(reset.At(begun), reset.At(begun.AddMinutes(30)));
        Assert.Equal(begun, reset.At(begun.AddMinutes(30)).Start);
    }

    [Fact]
    public void A_date_that_a_zone_left_out_has_no_instants()
    {
        // Samoa had no 30 December 2011.
        var reset = Reset("Pacific/Apia");
        var last = reset.At(At("2011-12-30T09:59Z"));
        Assert.Equal(new DateOnly(2011, 12, 29), last.Date);
        Assert.Equal(At("2011-12-30T10:00Z"), last.End);
        Assert.Equal(new DateOnly(2011, 12, 31), reset.At(last.End).Date);
    }

    [Theory]
    [MemberData(nameof(Zones))]
    public void Every_local_day_is_one_window_and_the_windows_meet_exactly(string zone)
    {
        var (reset, oracle) = (Reset(zone), DateTimeZoneProviders.Tzdb[zone]);
        var day = reset.At(At("2000-01-01T00:00Z"));
        while (day.Start.Year < 2038)
        {
            var next = reset.At(day.End);
            Assert.Equal(day.End, next.Start);
            Assert.True(next.Date > day.Date);
            if (next.Date.Year < FirstDisputedYear)
            {
                Assert.Equal(oracle.AtStartOfDay(LocalDate.FromDateOnly(next.Date)).ToDateTimeOffset().ToUniversalTime(), next.Start);
            }

            Assert.Equal(day, reset.At(day.End.AddTicks(-1)));
            Assert.Equal(day, reset.At(day.End.AddSeconds(-1)));
            Assert.Equal(next, reset.At(day.End.AddSeconds(1)));
            day = next;
        }
    }

    [Fact]
    public void An_instant_always_gets_the_same_day_whatever_came_before() =>
        Laws.Hold(
            Numbers.Between(At("2000-01-01T00:00Z").ToUnixTimeSeconds(), At("2037-01-01T00:00Z").ToUnixTimeSeconds()),
            Numbers.Between(0, Zones.Count - 1),
            (seconds, zone) =>
            {
                var instant = DateTimeOffset.FromUnixTimeSeconds(seconds);
                var day = Reset(Zones.ElementAt((int)zone).Data).At(instant);
                Assert.True(day.Contains(instant));
                Assert.Equal(day, Reset(Zones.ElementAt((int)zone).Data).At(day.Start));
            });

    [Fact]
    public void An_unknown_zone_is_refused()
    {
        Assert.False(DailyReset.TryFor("Mars/Olympus_Mons", out var reset));
        Assert.Null(reset);
        Assert.Equal("UTC", DailyReset.Utc.ZoneId);
    }

    private static DailyReset Reset(string zone)
    {
        Assert.True(DailyReset.TryFor(zone, out var reset));
        return reset;
    }

    private static DateTimeOffset At(string instant) => DateTimeOffset.Parse(instant, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}

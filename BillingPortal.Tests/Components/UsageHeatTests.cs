using BillingPortal.Components;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Components;

public sealed class UsageHeatTests
{
    // A Monday.
    private static readonly DateTimeOffset Start = new(2026, 3, 2, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Each_hour_of_a_weekday_is_its_average_over_the_span()
    {
        var heat = UsageHeat.Of(new UsageHours([(Start.AddHours(9), Whole(30)), (Start.AddDays(7).AddHours(9), Whole(10)), (Start.AddDays(6), Whole(5))], false), Start, Start.AddDays(14).AddTicks(-1), Viewer());

        Assert.Equal((20m, 2.5m, 0m), (heat.Hours[0][9], heat.Hours[6][0], heat.Hours[3][12]));
        Assert.Equal("Most is used on Mondays from 09:00 to 10:00: about 20 in such an hour.", heat.Finding);
    }

    [Fact]
    public void Hours_and_weekdays_are_those_of_the_viewer()
    {
        var heat = UsageHeat.Of(new UsageHours([(Start, Whole(7))], false), Start, Start.AddHours(1), Viewer("America/New_York"));

        Assert.Equal(7m, heat.Hours[6][19]);
    }

    [Fact]
    public void Older_events_that_were_left_out_are_not_averaged_over()
    {
        var heat = UsageHeat.Of(new UsageHours([(Start.AddDays(21).AddHours(9), Whole(12))], true), Start, Start.AddDays(22), Viewer());

        Assert.Equal(12m, heat.Hours[0][9]);
        Assert.EndsWith("Counted on the newest 100,000 events.", heat.Finding, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_charged_is_said_to_be_nothing() =>
        Assert.Equal("Nothing was charged in this time.", UsageHeat.Of(new UsageHours([], false), Start, Start.AddDays(7), Viewer()).Finding);

    private static Viewer Viewer(string? zone = null) => new(new SetClock(Start)) { ZoneId = zone };

    private static Credits Whole(long credits) => Credits.FromWhole(credits);
}

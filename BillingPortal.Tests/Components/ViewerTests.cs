using BillingPortal.Components;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Components;

public sealed class ViewerTests
{
    private readonly ManualClock clock = new();

    [Fact]
    public void Times_are_written_in_utc_until_the_zone_is_known_and_then_where_the_viewer_is()
    {
        var viewer = new Viewer(clock);
        var changes = 0;
        viewer.Changed += () => changes++;
        Assert.Equal("Today 12:00", viewer.Moment(clock.GetUtcNow()));

        viewer.SetZone("Europe/Berlin");

        Assert.Equal("Today 14:00", viewer.Moment(clock.GetUtcNow()));
        Assert.Equal("Tuesday 16 June 2026, 14:00:00 (Europe/Berlin)", viewer.Exact(clock.GetUtcNow()));
        Assert.Equal(1, changes);
    }

    [Fact]
    public void A_zone_that_does_not_exist_changes_nothing()
    {
        var viewer = new Viewer(clock);

        viewer.SetZone("Atlantis/Poseidonis");

        Assert.False(viewer.KnowsZone);
    }

    [Fact]
    public void A_day_begins_at_the_viewers_midnight()
    {
        var viewer = new Viewer(clock);
        viewer.SetZone("America/New_York");

        Assert.Equal(new DateTimeOffset(2026, 6, 16, 4, 0, 0, TimeSpan.Zero), viewer.StartOf(new DateOnly(2026, 6, 16)));
        Assert.Equal(new DateOnly(2026, 6, 15), viewer.DateOf(new DateTimeOffset(2026, 6, 16, 3, 59, 59, TimeSpan.Zero)));
    }

    [Theory]
    [InlineData(-1, "Yesterday 12:00")]
    [InlineData(1, "Tomorrow 12:00")]
    [InlineData(-30, "17 May, 12:00")]
    [InlineData(-400, "12 May 2025")]
    public void Times_farther_away_say_less(int days, string expected) =>
        Assert.Equal(expected, new Viewer(clock).Moment(clock.GetUtcNow().AddDays(days)));
}

using BillingPortal.Components.Shared;
using Bunit;

namespace BillingPortal.Tests.Components.Shared;

public sealed class ChartTests : BunitContext
{
    private static readonly ChartColumn[] Days = [new("1 Jun", "/usage?day=2026-06-01", false), new("2 Jun", "/usage?day=2026-06-02", false), new("3 Jun", null, true)];

    private static readonly ChartSeries[] Series = [new("Voice", [60, 0, 30]), new("Chat", [40, 10, 0])];

    [Fact]
    public void Columns_stack_to_their_share_of_the_axis_and_say_what_they_hold()
    {
        var chart = RenderChart(asTable: false);

        Assert.Equal(["height:60%;--tone:var(--blue)", "height:40%;--tone:var(--amber)"], chart.FindAll("li:first-child .column > i").Select(part => part.GetAttribute("style")));
        Assert.Equal(["1 Jun: 100, Voice 60, Chat 40", "2 Jun: 10, Chat 10", "3 Jun: 30, Voice 30"], chart.FindAll("li > a, li:last-child > .visually-hidden").Select(column => column.TextContent));
        Assert.Equal("unfinished", chart.Find("li:last-child").ClassName);
    }

    [Fact]
    public void A_remarkable_column_says_so_to_everybody()
    {
        var chart = Render<ChartCard>(card => card
            .Add(c => c.Title, "Usage").Add(c => c.Finding, "").Add(c => c.Columns, [new ChartColumn("1 Jun", null, false) { Mark = "unusual" }])
            .Add(c => c.Series, [new ChartSeries("Voice", [60])]).Add(c => c.ChartHref, "/chart").Add(c => c.TableHref, "/table"));

        Assert.Equal("unusual", chart.Find(".column-mark").TextContent);
        Assert.Equal("1 Jun: 60 unusual, Voice 60", chart.Find("li > span.visually-hidden").TextContent);
    }

    [Fact]
    public void What_is_usual_is_drawn_behind_its_column_while_all_series_are_shown()
    {
        var chart = Render<ChartCard>(card => card
            .Add(c => c.Title, "Usage").Add(c => c.Finding, "").Add(c => c.Columns, [new ChartColumn("1 Jun", null, false) { Usual = new ChartRange(40, 100) }])
            .Add(c => c.Series, Series.Select(series => series with { Values = [series.Values[0] / 2] }).ToList()).Add(c => c.ChartHref, "/chart").Add(c => c.TableHref, "/table"));

        Assert.Equal("bottom:40%;height:60%", chart.Find("li > .usual").GetAttribute("style"));
        Assert.Contains("usual: 40 to 100", chart.Find(".tip").TextContent, StringComparison.Ordinal);

        chart.Find(".chip").Click();

        Assert.Empty(chart.FindAll("li > .usual"));
    }

    [Fact]
    public void A_series_switched_off_leaves_the_columns_and_the_axis()
    {
        var chart = RenderChart(asTable: false);

        chart.Find(".chip").Click();

        Assert.Equal("false", chart.Find(".chip").GetAttribute("aria-pressed"));
        Assert.Equal(["height:100%;--tone:var(--amber)"], chart.FindAll("li:first-child .column > i").Select(part => part.GetAttribute("style")));
    }

    [Fact]
    public void The_table_has_the_same_figures_newest_first()
    {
        var table = RenderChart(asTable: true);

        Assert.Equal(["3 Jun", "2 Jun", "1 Jun"], table.FindAll("tbody th").Select(day => day.TextContent));
        Assert.Equal(["60", "40", "100"], table.FindAll("tbody tr:last-child td").Select(figure => figure.TextContent));
        Assert.Equal("The finding.", table.Find("figcaption").TextContent);
    }

    [Theory]
    [InlineData(0, "0 1")]
    [InlineData(105, "0 50 100 150")]
    [InlineData(100, "0 20 40 60 80 100")]
    [InlineData(7, "0 2 4 6 8")]
    [InlineData(0.3, "0 0.1 0.2 0.3")]
    [InlineData(1_234_567, "0 500000 1000000 1500000")]
    public void Marks_are_few_and_round_and_reach_above_every_value(double maximum, string expected) =>
        Assert.Equal(expected, string.Join(' ', ChartAxis.Marks((decimal)maximum).Select(mark => mark.ToString("0.##", System.Globalization.CultureInfo.InvariantCulture))));

    private IRenderedComponent<ChartCard> RenderChart(bool asTable) => Render<ChartCard>(part => part
        .Add(p => p.Title, "Credits by day")
        .Add(p => p.Finding, "The finding.")
        .Add(p => p.Columns, Days)
        .Add(p => p.Series, Series)
        .Add(p => p.ShowTable, asTable)
        .Add(p => p.ChartHref, "/usage")
        .Add(p => p.TableHref, "/usage?view=table"));
}

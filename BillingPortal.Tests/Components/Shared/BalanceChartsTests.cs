using BillingPortal.Components;
using BillingPortal.Components.Shared;
using BillingPortal.Tests.Support;
using Bunit;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Components.Shared;

public sealed class BalanceChartsTests : BunitContext
{
    private static readonly DateOnly Today = new(2026, 6, 16);

    public BalanceChartsTests()
    {
        Services.AddSingleton<TimeProvider>(new ManualClock());
        Services.AddScoped<Viewer>();
    }

    [Fact]
    public void A_runway_says_when_credit_may_be_used_up_and_draws_its_band()
    {
        var card = Render<RunwayCard>(part => part.Add(p => p.Outlook, Outlook(
            new(Today.AddDays(1), 40, 60, 80), new(Today.AddDays(2), 0, 20, 60), new(Today.AddDays(3), 0, 0, 0))));

        Assert.Equal("At the present pace it is used up between 18 Jun and 19 Jun.", card.Find("figcaption").TextContent);
        Assert.NotNull(card.Find("path.band"));
        Assert.Single(card.FindAll(".canvas i.dot"));
    }

    [Fact]
    public void A_runway_without_a_pace_shows_the_past_alone()
    {
        var card = Render<RunwayCard>(part => part.Add(p => p.Outlook, Outlook()));

        Assert.Equal("Too little was used lately to look ahead.", card.Find("figcaption").TextContent);
        Assert.Empty(card.FindAll("path.band, path.likely"));
    }

    [Fact]
    public void A_runways_table_has_every_day_of_the_drawing()
    {
        var card = Render<RunwayCard>(part => part.Add(p => p.Outlook, Outlook(new BalanceForecast(Today.AddDays(1), 40, 60, 80))).Add(p => p.ShowTable, true));

        Assert.Equal(["17 Jun", "16 Jun", "15 Jun"], card.FindAll("tbody th").Select(day => day.TextContent));
        Assert.Contains("about 60", card.Find("tbody tr").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_waterfall_ends_where_its_steps_lead_even_below_zero()
    {
        var card = Render<WaterfallCard>(part => part
            .Add(p => p.Title, "June").Add(p => p.Finding, "Used most.").Add(p => p.Opening, 100)
            .Add(p => p.Changes, [("Bought", 50m), ("Used", -200m)]));

        Assert.Equal(["Opening", "Bought", "Used", "Closing"], card.FindAll(".tick").Select(tick => tick.TextContent));
        Assert.Equal(["100", "+50", "−200", "−50"], card.FindAll(".fall-value").Select(value => value.TextContent));
        Assert.Contains("bottom:0%;height:23%", card.FindAll("i.fall")[3].GetAttribute("style"), StringComparison.Ordinal);
    }

    private static BalanceOutlook Outlook(params BalanceForecast[] ahead) =>
        new([new(Today.AddDays(-1), 50, 0), new(Today, 100, 80)], ahead);
}

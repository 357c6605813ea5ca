using BillingPortal.Components;
using BillingPortal.Components.Pages;
using BillingPortal.Tests.Support;
using Bunit;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Components.Pages;

public sealed class HomeTests : BunitContext
{
    [Fact]
    public void The_front_page_offers_every_plan_and_pack_of_the_catalog()
    {
        var catalog = Catalogs.Shipped;
        Services.AddSingleton(catalog);

        var page = Render<Home>();

        Assert.Single(page.FindAll("h1"));
        Assert.Equal(catalog.Plans.Select(plan => plan.Name), page.FindAll("article h3").Select(name => name.TextContent));
        Assert.Equal(catalog.Packs.Select(pack => Display.Price(pack.Price)), page.FindAll("tbody td:last-child").Select(price => price.TextContent));
    }
}

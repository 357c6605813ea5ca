using BillingPortal.Components.Pages;
using Bunit;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Tests.Components.Pages;

public sealed class HomeTests : BunitContext
{
    [Fact]
    public void The_home_page_has_one_heading()
    {
        SetRendererInfo(new RendererInfo("Server", isInteractive: true));

        Assert.Equal("Billing portal", Render<Home>().Find("h1").TextContent);
    }
}

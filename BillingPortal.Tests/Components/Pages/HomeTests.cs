using BillingPortal.Components.Pages;
using Bunit;

namespace BillingPortal.Tests.Components.Pages;

public sealed class HomeTests : BunitContext
{
    [Fact]
    public void The_home_page_has_one_heading()
    {
        Assert.Single(Render<Home>().FindAll("h1"));
    }
}

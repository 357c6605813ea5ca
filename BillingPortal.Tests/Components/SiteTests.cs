using System.Net;
using BillingPortal.Tests.Support;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Components;

public abstract class SiteTests<TEngine>(StoreFixture<TEngine> store, Browser browser) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Fact]
    public async Task The_home_page_comes_alive_and_has_no_axe_violation()
    {
        await using var site = Site.Start(store.Database);
        var page = await site.NewPageAsync(browser, Browser.Phone);

        await page.GotoAsync("/");

        await Assertions.Expect(page.GetByText("live")).ToBeVisibleAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
    }

    [Fact]
    public async Task Scripts_and_styles_of_packages_are_served()
    {
        await using var site = Site.Start(store.Database);
        using var client = site.NewClient();

        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("_content/Radzen.Blazor/Radzen.Blazor.js", TestContext.Current.CancellationToken)).StatusCode);
    }
}

public sealed class SiteTestsOnSqlite(StoreFixture<SqliteEngine> store, Browser browser) : SiteTests<SqliteEngine>(store, browser);

public sealed class SiteTestsOnPostgres(StoreFixture<PostgresEngine> store, Browser browser) : SiteTests<PostgresEngine>(store, browser);

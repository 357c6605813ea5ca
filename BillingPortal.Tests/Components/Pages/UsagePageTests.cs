using BillingPortal.Tests.Support;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Components.Pages;

public abstract class UsagePageTests<TEngine>(StoreFixture<TEngine> store, Browser browser) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Fact]
    public async Task The_page_waits_for_the_first_call_and_turns_when_it_arrives()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/usage");
        await page.AliveAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Waiting for the first call" })).ToBeVisibleAsync();
        await Browser.AssertNoAxeViolationsAsync(page);

        await site.ReportAsync(person, "image_to_html");

        await Assertions.Expect(page.GetByTestId("used")).ToHaveTextAsync("30");
        await Assertions.Expect(page.GetByText("All of it went to Image → HTML.")).ToBeVisibleAsync();
    }

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task Chart_and_table_read_well_at_every_size_and_in_both_themes(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        await site.ReportAsync(person, "image_to_html", "code_export", "code_export", "figma_export", "chat");
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);
        await page.SignInAsync(person, "/usage");
        await page.AliveAsync();

        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);

        await page.GetByRole(AriaRole.Link, new() { Name = "Table" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Columnheader, new() { Name = "Export Code" })).ToBeVisibleAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
    }

    [Fact]
    public async Task A_column_opens_its_day_by_keyboard_and_groups_are_switched_in_the_address()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        await site.ReportAsync(person, "image_to_html", "chat");
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/usage?period=7d");
        await page.AliveAsync();

        // On a busy machine the column may be drawn anew just now; a viewer, too, would tab to it again.
        var tip = page.Locator(".unfinished .tip");
        for (var tries = 0; tries < 20 && !await tip.IsVisibleAsync(); tries++)
        {
            await page.Locator(".unfinished a").FocusAsync();
            await page.WaitForTimeoutAsync(100);
        }

        await Assertions.Expect(tip).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Show the whole period" })).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("table.cards tbody tr")).ToHaveCountAsync(2);

        await page.GetByRole(AriaRole.Link, new() { Name = "Channel", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "By channel" })).ToBeVisibleAsync();
    }
}

public sealed class UsagePageTestsOnSqlite(StoreFixture<SqliteEngine> store, Browser browser) : UsagePageTests<SqliteEngine>(store, browser);

public sealed class UsagePageTestsOnPostgres(StoreFixture<PostgresEngine> store, Browser browser) : UsagePageTests<PostgresEngine>(store, browser);

using System.Text.RegularExpressions;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Components.Pages;

public abstract class WalletPageTests<TEngine>(StoreFixture<TEngine> store, Browser browser) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Fact]
    public async Task The_balance_falls_in_an_open_page_as_usage_arrives()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.GiveAsync(person, 5_000, BucketKind.Purchased);
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/wallet");
        var available = page.GetByTestId("available");
        await Assertions.Expect(available).ToContainTextAsync("5,");
        await page.AliveAsync();
        var before = Credit(await available.TextContentAsync());

        await site.ReportAsync(person, "image_to_html");

        await Assertions.Expect(available).ToHaveTextAsync(new Regex($"^{before - 30:#,0}$"));
        await Assertions.Expect(page.GetByTestId("pill")).ToContainTextAsync($"{before - 30:#,0}");
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Image → HTML" })).ToBeVisibleAsync();
    }

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task A_full_wallet_reads_well_at_every_size_and_in_both_themes(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var person = await FurnishAsync(site);
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);

        await page.SignInAsync(person, "/wallet");
        await page.AliveAsync();

        await Assertions.Expect(page.GetByText("Pack credits").First).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("Bonus credits").First).ToBeVisibleAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
    }

    [Fact]
    public async Task The_page_is_readable_before_it_is_live()
    {
        await using var site = Site.Start(store.Database);
        var person = await FurnishAsync(site);
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/wallet");
        await page.RouteAsync("**/_framework/blazor.web*.js", route => route.AbortAsync());

        await page.ReloadAsync();

        await Assertions.Expect(page.GetByTestId("available")).ToContainTextAsync(new Regex("[0-9]"));
        await Assertions.Expect(page.GetByText("Pack credits").First).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_keyboard_skips_to_the_content_and_opens_pages()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/wallet");
        await page.AliveAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Skip to content" }).FocusAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Skip to content" })).ToBeInViewportAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("main")).ToBeFocusedAsync();

        await page.GetByRole(AriaRole.Navigation, new() { Name = "Main", Exact = true }).GetByRole(AriaRole.Link, new() { Name = "Transactions" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = "Transactions" })).ToBeFocusedAsync();
    }

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task A_balance_opens_into_what_made_it(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var person = await FurnishAsync(site);
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);
        await page.SignInAsync(person, "/wallet");
        var available = await page.GetByTestId("available").TextContentAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "How this number came about" }).ClickAsync();

        await Assertions.Expect(page.GetByTestId("explained")).ToHaveTextAsync(available!.Trim());
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Used", Exact = true })).ToBeVisibleAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
    }

    [Fact]
    public async Task Whoever_is_not_signed_in_is_asked_to()
    {
        await using var site = Site.Start(store.Database);
        var page = await site.NewPageAsync(browser);

        await page.GotoAsync("/wallet");

        await page.WaitForURLAsync("**/Account/Login?returnUrl=*");
    }

    private static async Task<Person> FurnishAsync(Site site)
    {
        var person = await site.SignUpAsync();
        await site.GiveAsync(person, 2_000, BucketKind.Plan, life: TimeSpan.FromDays(12));
        await site.GiveAsync(person, 140, BucketKind.Promotional, life: TimeSpan.FromDays(3));
        await site.GiveAsync(person, 5_000, BucketKind.Purchased);
        await site.GiveAsync(person, 949_050, BucketKind.Purchased, CreditTypes.ApiCredits);
        await site.GiveAsync(person, 25, BucketKind.Promotional, CreditTypes.Flows);
        await site.UseAsync(person, 30);
        await site.UseAsync(person, 15, "code_export");
        await site.UseAsync(person, 10, "figma_export");
        return person;
    }

    private static long Credit(string? text) => long.Parse(text!.Trim().Replace(",", "", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture);
}

public sealed class WalletPageTestsOnSqlite(StoreFixture<SqliteEngine> store, Browser browser) : WalletPageTests<SqliteEngine>(store, browser);

public sealed class WalletPageTestsOnPostgres(StoreFixture<PostgresEngine> store, Browser browser) : WalletPageTests<PostgresEngine>(store, browser);

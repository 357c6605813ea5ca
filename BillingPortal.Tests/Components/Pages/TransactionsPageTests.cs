using System.Net;
using System.Text.RegularExpressions;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Components.Pages;

public abstract class TransactionsPageTests<TEngine>(StoreFixture<TEngine> store, Browser browser) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Fact]
    public async Task A_filter_stands_in_the_address_and_narrows_list_and_file_alike()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.GiveAsync(person, 5_000, BucketKind.Purchased);
        await site.UseAsync(person, 30);
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/transactions");
        await page.AliveAsync();

        await page.GetByLabel("Kind").SelectOptionAsync("charge");

        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/transactions\\?kind=charge$"));
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "CSV of these" }).ClickAsync());
        var lines = await File.ReadAllLinesAsync(await download.PathAsync(), TestContext.Current.CancellationToken);
        Assert.Equal("transactions-credits.csv", download.SuggestedFilename);
        Assert.Equal(2, lines.Length);
        Assert.Contains(",Used,", lines[1], StringComparison.Ordinal);
        Assert.Contains(",-30,", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_debit_opens_into_the_buckets_that_paid_for_it()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.GiveAsync(person, 20, BucketKind.Promotional, CreditTypes.ApiCredits, TimeSpan.FromDays(3));
        await site.GiveAsync(person, 100, BucketKind.Purchased, CreditTypes.ApiCredits);
        await site.UseAsync(person, 50, "model_call", CreditTypes.ApiCredits);
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/transactions?credits=api_credits");
        await page.AliveAsync();

        var details = page.GetByRole(AriaRole.Button, new() { Name = "Details of Model call, −50" });
        await details.FocusAsync();
        await page.Keyboard.PressAsync("Enter");

        await Assertions.Expect(details).ToHaveAttributeAsync("aria-expanded", "true");
        var legs = page.Locator("td.detail .pocket-list li");
        await Assertions.Expect(legs).ToHaveCountAsync(2);
        await Assertions.Expect(legs.Nth(0)).ToContainTextAsync("−20");
        await Assertions.Expect(legs.Nth(1)).ToContainTextAsync("−30");
        await Browser.AssertNoAxeViolationsAsync(page);
    }

    [Fact]
    public async Task Long_histories_are_paged_by_links()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.GiveAsync(person, 100, BucketKind.Purchased, CreditTypes.Flows);
        for (var i = 0; i < 54; i++)
        {
            await site.UseAsync(person, 1, "post_creation", CreditTypes.Flows);
        }

        var page = await site.NewPageAsync(browser, Browser.Phone);
        await page.SignInAsync(person, "/transactions?credits=flows");
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(50);
        await page.AliveAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Older" }).ClickAsync();

        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(5);
        await Assertions.Expect(page.GetByText("That is all")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Newest" }).ClickAsync();
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(50);
    }

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task The_list_reads_well_at_every_size_and_in_both_themes(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.GiveAsync(person, 5_000, BucketKind.Purchased);
        await site.GiveAsync(person, 140, BucketKind.Promotional, life: TimeSpan.FromDays(3));
        await site.UseAsync(person, 30);
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);

        await page.SignInAsync(person, "/transactions");
        await page.AliveAsync();

        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
    }

    [Fact]
    public async Task A_filter_that_matches_nothing_says_so_and_offers_the_way_back()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        var page = await site.NewPageAsync(browser);

        await page.SignInAsync(person, "/transactions?kind=giftsent");

        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "No transaction matches" })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Clear the filter" })).ToHaveAttributeAsync("href", "/transactions");
    }

    [Fact]
    public async Task Who_made_a_transaction_is_named_to_those_who_may_know_on_the_page_and_in_the_file()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        await site.ReportAsync(person, "image_to_html");
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/transactions");
        await page.AliveAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Details of Image → HTML" }).ClickAsync();
        await Assertions.Expect(page.Locator("td.detail")).ToContainTextAsync(person.Email);
        Assert.DoesNotContain(person.Id, await page.Locator("td.detail").TextContentAsync(), StringComparison.Ordinal);
        var file = await (await page.APIRequest.GetAsync("/transactions.csv")).TextAsync();
        Assert.Contains($",{person.Email},-30,", file, StringComparison.Ordinal);
        Assert.Contains("The portal (", file, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_file_is_only_for_who_is_signed_in()
    {
        await using var site = Site.Start(store.Database);
        using var client = site.NewClient();

        var answer = await client.GetAsync("transactions.csv", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Contains("/Account/Login", answer.Headers.Location!.ToString(), StringComparison.Ordinal);
    }
}

public sealed class TransactionsPageTestsOnSqlite(StoreFixture<SqliteEngine> store, Browser browser) : TransactionsPageTests<SqliteEngine>(store, browser);

public sealed class TransactionsPageTestsOnPostgres(StoreFixture<PostgresEngine> store, Browser browser) : TransactionsPageTests<PostgresEngine>(store, browser);

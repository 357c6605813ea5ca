using System.Text.RegularExpressions;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Components.Pages;

public abstract class EstimatePageTests<TEngine>(StoreFixture<TEngine> store, Browser browser) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private const string Example = "image_to_html=50&code_export=50&figma_export=20";

    [Fact]
    public async Task It_counts_along_subtracts_what_there_is_and_keeps_the_link()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        await site.GiveAsync(person, 100, BucketKind.Promotional);
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/estimate");
        await page.AliveAsync();

        await page.GetByLabel("Image → HTML").FillAsync("50");
        await page.GetByLabel("Export Code").FillAsync("50");
        await page.GetByLabel("Figma Export").FillAsync("20");

        await Assertions.Expect(page.GetByTestId("cost-image_to_html")).ToHaveTextAsync("1,500");
        await Assertions.Expect(page.GetByTestId("cost-code_export")).ToHaveTextAsync("750");
        await Assertions.Expect(page.GetByTestId("cost-figma_export")).ToHaveTextAsync("200");
        await Assertions.Expect(page.GetByTestId("estimate-total")).ToContainTextAsync("2,450");
        // 2,000 of the plan, 100 given just now, and 150 that came with signing up.
        await Assertions.Expect(page.GetByText("What you have covers 2,250 of 2,450; you need about 200 more.")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByTestId("advice")).ToContainTextAsync("Buy 1 × Starter Pack: $9.00");
        await Assertions.Expect(page).ToHaveURLAsync(new Regex(Regex.Escape($"/estimate?{Example}") + "$"));

        await site.GiveAsync(person, 200, BucketKind.Purchased);
        await Assertions.Expect(page.GetByTestId("advice")).ToContainTextAsync("Nothing to buy");

        await page.ReloadAsync();
        await Assertions.Expect(page.GetByLabel("Export Code")).ToHaveValueAsync("50");
        await Assertions.Expect(page.GetByTestId("estimate-total")).ToContainTextAsync("2,450");
    }

    [Fact]
    public async Task It_starts_from_what_was_used_and_can_be_cleared()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        await site.ReportAsync(person, "image_to_html", "image_to_html", "chat");
        var page = await site.NewPageAsync(browser);

        await page.SignInAsync(person, "/estimate");
        await page.AliveAsync();

        await Assertions.Expect(page.GetByLabel("Image → HTML")).ToHaveValueAsync("2");
        await Assertions.Expect(page.GetByTestId("estimate-total")).ToContainTextAsync("61");
        await page.GetByRole(AriaRole.Link, new() { Name = "Clear" }).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Image → HTML")).ToHaveValueAsync("");
        await Assertions.Expect(page.GetByText("Fill in what you expect")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "My last 30 days" }).ClickAsync();
        await Assertions.Expect(page.GetByTestId("estimate-total")).ToContainTextAsync("61");
    }

    [Fact]
    public async Task It_is_a_plain_form_where_scripts_do_not_run()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/wallet");
        await page.RouteAsync("**/*.js", route => route.AbortAsync());

        await page.GotoAsync($"/estimate?{Example}");
        await page.GetByLabel("Chat").FillAsync("50");
        await page.GetByRole(AriaRole.Button, new() { Name = "Estimate" }).ClickAsync();

        await Assertions.Expect(page.GetByTestId("estimate-total")).ToContainTextAsync("2,500");
        await page.GetByRole(AriaRole.Link, new() { Name = "Buy 1 × Starter Pack" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Starter Pack" })).ToContainTextAsync("Your choice");
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Growth Pack" })).ToContainTextAsync("Covers your estimate");
    }

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task Two_scenarios_stand_side_by_side_and_in_one_link(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);
        await page.SignInAsync(person, $"/estimate?{Example}");
        await page.AliveAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Compare with a second" }).ClickAsync();
        await Assertions.Expect(page.GetByTestId("compared")).ToContainTextAsync("A and B take the same credits");
        await page.GetByLabel("Chat, B").FillAsync("500");
        await Assertions.Expect(page.GetByTestId("compared")).ToContainTextAsync("B takes 500 credits a month more than A");
        await Assertions.Expect(page.GetByTestId("cost-b.chat")).ToHaveTextAsync("500");
        await Assertions.Expect(page.GetByTestId("cost-chat")).ToHaveTextAsync("");
        await Assertions.Expect(page.GetByTestId("estimate-total-a")).ToContainTextAsync("2,450");
        await Assertions.Expect(page.GetByTestId("estimate-total-b")).ToContainTextAsync("2,950");
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("compare=1.*b\\.chat=500"));
        await page.AssertNoSidewaysScrollAsync();

        // Typing has scrolled the page, and what is half under the header is no target.
        await page.EvaluateAsync("scrollTo(0, 0)");
        await Browser.AssertNoAxeViolationsAsync(page);

        // The link as a plain form, without scripts.
        await page.RouteAsync("**/*.js", route => route.AbortAsync());
        await page.ReloadAsync();
        await Assertions.Expect(page.GetByLabel("Chat, B")).ToHaveValueAsync("500");
        await page.GetByLabel("Chat, A").FillAsync("800");
        await page.GetByRole(AriaRole.Button, new() { Name = "Estimate" }).ClickAsync();
        await Assertions.Expect(page.GetByTestId("compared")).ToContainTextAsync("B takes 300 credits a month less than A");
        await page.GetByRole(AriaRole.Link, new() { Name = "Keep A only" }).ClickAsync();
        await Assertions.Expect(page.GetByTestId("estimate-total")).ToContainTextAsync("3,250");
        await Assertions.Expect(page.GetByTestId("compared")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Whoever_is_not_signed_in_estimates_on_the_page_of_prices()
    {
        await using var site = Site.Start(store.Database);
        var page = await site.NewPageAsync(browser, Browser.Phone);
        await page.GotoAsync("/pricing");
        await Assertions.Expect(page.Locator("[data-counting]")).ToBeAttachedAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Small team" }).ClickAsync();

        await Assertions.Expect(page.GetByTestId("estimate-total")).ToContainTextAsync("2,450");
        await Assertions.Expect(page.GetByTestId("advice")).ToContainTextAsync("Lite is cheapest: $19.00 a month");
        await Assertions.Expect(page).ToHaveURLAsync(new Regex(Regex.Escape($"/pricing?{Example}") + "$"));
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
    }

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task It_reads_well_at_every_size_and_in_both_themes_with_faults_too(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);

        await page.SignInAsync(person, $"/estimate?{Example}&voice=900&in.core=90000000&chat=1.5");
        await page.AliveAsync();

        await Assertions.Expect(page.GetByText("Chat: The unit 'message' comes whole.")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByTestId("advice")).ToBeVisibleAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
    }
}

public sealed class EstimatePageTestsOnSqlite(StoreFixture<SqliteEngine> store, Browser browser) : EstimatePageTests<SqliteEngine>(store, browser);

public sealed class EstimatePageTestsOnPostgres(StoreFixture<PostgresEngine> store, Browser browser) : EstimatePageTests<PostgresEngine>(store, browser);

using System.Net;
using System.Net.Http.Json;
using BillingPortal.Components;
using BillingPortal.Tests.Support;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Components.Pages;

public abstract class KeysPageTests<TEngine>(StoreFixture<TEngine> store, Browser browser) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task A_key_is_made_shown_once_and_revoked(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);
        await page.SignInAsync(person, "/keys");
        await page.AliveAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Create the first key" }).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Name")).ToBeFocusedAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByLabel("Name").FillAsync("ci-prod");
        await page.Keyboard.PressAsync("Enter");
        var secret = (await page.GetByTestId("secret").TextContentAsync())!;
        await Browser.AssertNoAxeViolationsAsync(page);
        Assert.Contains(secret, await page.GetByLabel("First call").TextContentAsync(), StringComparison.Ordinal);

        // Escape does not throw the secret away.
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.GetByTestId("secret")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "I have copied it" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Cell, new() { Name = "ci-prod", Exact = true })).ToBeVisibleAsync();
        Assert.DoesNotContain(secret, await page.ContentAsync(), StringComparison.Ordinal);
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);

        await page.GetByRole(AriaRole.Button, new() { Name = "Revoke ci-prod" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Revoke the key" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Revoked", new() { Exact = true })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_key_is_replaced_and_the_list_shows_which_took_whose_place()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        var (key, _) = await site.NewKeyAsync(person);
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/keys");
        await page.AliveAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = $"Rotate {key.Name}" }).ClickAsync();
        await Assertions.Expect(page.GetByLabel("in 24 hours")).ToBeCheckedAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByLabel("now", new() { Exact = true }).CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Replace the key" }).ClickAsync();
        var secret = (await page.GetByTestId("secret").TextContentAsync())!;
        await Assertions.Expect(page.GetByText("is refused from the next call on")).ToBeVisibleAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "I have copied it" }).ClickAsync();

        await Assertions.Expect(page.GetByText($"replaces {key.Prefix}…")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText($"replaced by {secret[..^44]}…")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("Replaced", new() { Exact = true })).ToBeVisibleAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
    }

    [Theory]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    public async Task A_key_is_made_with_limits_which_the_list_shows_with_what_is_used_and_which_can_be_changed(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);
        await page.SignInAsync(person, "/keys");
        await page.AliveAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Create the first key" }).ClickAsync();
        await page.GetByLabel("Name").FillAsync("nightly");
        await page.GetByLabel("Credits in a day, at most").FillAsync("-1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create key" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByTestId("secret")).ToHaveCountAsync(0);
        await page.GetByLabel("Credits in a day, at most").FillAsync("30");
        await page.GetByLabel("Credits in a month, at most").FillAsync("4000");
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Create key" }).ClickAsync();
        using var integrator = site.NewClient((await page.GetByTestId("secret").TextContentAsync())!);
        Assert.Equal(HttpStatusCode.OK, await ReportAsync(integrator, "1"));
        Assert.Equal(HttpStatusCode.PaymentRequired, await ReportAsync(integrator, "2"));
        await page.GetByRole(AriaRole.Button, new() { Name = "I have copied it" }).ClickAsync();

        await Assertions.Expect(page.GetByText("30 of 30")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("30 of 4,000")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("Limit reached")).ToBeVisibleAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);

        await page.GetByRole(AriaRole.Button, new() { Name = "Limits of nightly" }).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Credits in a day, at most")).ToHaveValueAsync("30");
        await Assertions.Expect(page.GetByText("30 used today")).ToBeVisibleAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByLabel("Credits in a day, at most").FillAsync("");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save the limits" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Limit reached")).ToHaveCountAsync(0);
        Assert.Equal(HttpStatusCode.OK, await ReportAsync(integrator, "2"));
    }

    private static async Task<HttpStatusCode> ReportAsync(HttpClient integrator, string id) =>
        (await integrator.PostAsJsonAsync("api/v1/usage/events", new { id, operation = "image_to_html" }, TestContext.Current.CancellationToken)).StatusCode;

    [Fact]
    public async Task A_key_without_a_name_is_not_made()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/keys");
        await page.AliveAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Create the first key" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Create key" }).ClickAsync();

        await Assertions.Expect(page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "Give the key a name" })).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_plan_without_api_access_names_the_one_that_has_it()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        var page = await site.NewPageAsync(browser);

        await page.SignInAsync(person, "/keys");

        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "This plan has no API access" })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText($"Lite does, from {Display.Price(Catalogs.Shipped.FindPlan("lite")!.MonthlyPrice)} a month.")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Create" })).ToHaveCountAsync(0);
    }
}

public sealed class KeysPageTestsOnSqlite(StoreFixture<SqliteEngine> store, Browser browser) : KeysPageTests<SqliteEngine>(store, browser);

public sealed class KeysPageTestsOnPostgres(StoreFixture<PostgresEngine> store, Browser browser) : KeysPageTests<PostgresEngine>(store, browser);

using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
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

        await page.GetByRole(AriaRole.Link, new() { Name = "Table" }).First.ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Columnheader, new() { Name = "Export Code" })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Rowheader, new() { NameRegex = new Regex("^Plan credits until") })).ToBeVisibleAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);

        await page.GotoAsync("/usage?chart=week");
        await page.AliveAsync();
        await Assertions.Expect(page.GetByText("Most is used on")).ToBeVisibleAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);

        await page.GotoAsync("/usage?chart=week&view=table");
        await page.AliveAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Columnheader, new() { Name = "Sunday" })).ToBeAttachedAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
    }

    [Fact]
    public async Task Following_can_be_paused_and_catches_up_when_it_goes_on()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        await site.ReportAsync(person, "chat");
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/usage");
        await page.AliveAsync();
        var follow = page.GetByRole(AriaRole.Switch, new() { Name = "Follow live" });

        await follow.ClickAsync();
        await Assertions.Expect(follow).ToBeCheckedAsync(new() { Checked = false });
        await site.ReportAsync(person, "image_to_html");
        // The balance in the header goes on, so the page has had its chance to change.
        await Assertions.Expect(page.Locator(".pill")).ToContainTextAsync(new Regex("1,969|2,119"));
        await Assertions.Expect(page.GetByTestId("used")).ToHaveTextAsync("1");
        await follow.ClickAsync();

        await Assertions.Expect(page.GetByTestId("used")).ToHaveTextAsync("31");
        await site.ReportAsync(person, "chat");
        await Assertions.Expect(page.GetByTestId("used")).ToHaveTextAsync("32");
    }

    [Fact]
    public async Task Days_of_ones_own_are_shown_and_wrong_ones_are_said_to_be_wrong()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        var today = DateTimeOffset.UtcNow;
        await UseAsync(site, person, "image_to_html", 1, today.AddDays(-20));
        await UseAsync(site, person, "chat", 7, today.AddDays(-10));
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/usage");
        await page.AliveAsync();

        await page.GetByLabel("From").FillAsync($"{today.AddDays(-12):yyyy-MM-dd}");
        await page.GetByLabel("To", new() { Exact = true }).FillAsync($"{today.AddDays(-9):yyyy-MM-dd}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show these days" }).ClickAsync();
        await Assertions.Expect(page.GetByTestId("used")).ToHaveTextAsync("7");
        await Assertions.Expect(page.Locator(".columns > li")).ToHaveCountAsync(4);

        await page.GotoAsync($"/usage?from={today:yyyy-MM-dd}&to=2020-01-01");
        await Assertions.Expect(page.GetByText("From must not be after To.")).ToBeVisibleAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
    }

    [Fact]
    public async Task An_unusual_day_is_named_with_what_made_it_so()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        var today = DateTimeOffset.UtcNow;
        foreach (var week in Enumerable.Range(1, 4))
        {
            await UseAsync(site, person, "chat", 10, today.AddDays(-7 * week));
        }

        await UseAsync(site, person, "chat", 10, today);
        await UseAsync(site, person, "image_to_html", 5, today);
        var page = await site.NewPageAsync(browser);

        await page.SignInAsync(person, "/usage?period=7d");
        await page.AliveAsync();

        await Assertions.Expect(page.GetByText("Mostly Image → HTML.")).ToContainTextAsync($"the most of any {today.DayOfWeek} in the 8 weeks before was 10");
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByRole(AriaRole.Link, new() { Name = "Show its events" }).ClickAsync();
        await Assertions.Expect(page.Locator("table.cards tbody tr")).ToHaveCountAsync(2);
    }

    [Fact]
    public async Task Heat_map_and_plan_pace_are_files_too_for_the_same_period_and_for_who_is_signed_in()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        await site.ReportAsync(person, "image_to_html", "chat");
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/usage?period=24h&chart=week");

        var hours = await FileAsync("hours.csv");
        var pace = await FileAsync("pace.csv");

        Assert.Equal(1 + (7 * 24), hours.Length);
        Assert.Equal("weekday,hour,credits_on_average", hours[0]);
        Assert.Equal("Monday,00:00", hours[1][..12]);
        Assert.True(hours[1..].Sum(line => decimal.Parse(line.Split(',')[2], CultureInfo.InvariantCulture)) is > 0 and <= 31);
        Assert.Equal(["cycle_start,cycle_end,as_of,used,even_pace_by_now,plan_credits,used_percent,elapsed_percent", ",31,0,2000,2,0"], [pace[0], pace[1][^14..]]);
        Assert.All((await ReadAsync("/usage/hours.csv?from=2020-01-01&to=2020-01-02"))[1..], line => Assert.EndsWith(",0", line, StringComparison.Ordinal));
        using var nobody = site.NewClient();
        foreach (var path in new[] { "usage/hours.csv", "usage/pace.csv" })
        {
            Assert.Equal(HttpStatusCode.Redirect, (await nobody.GetAsync(path, TestContext.Current.CancellationToken)).StatusCode);
        }

        async Task<string[]> FileAsync(string name)
        {
            var href = await page.Locator($"a[href*='{name}']").GetAttributeAsync("href");
            Assert.StartsWith($"/usage/{name}", href, StringComparison.Ordinal);
            return await ReadAsync(href!);
        }

        async Task<string[]> ReadAsync(string address)
        {
            var answer = await page.APIRequest.GetAsync(address);
            Assert.Contains("attachment", answer.Headers["content-disposition"], StringComparison.Ordinal);
            return (await answer.TextAsync()).TrimStart('\uFEFF').Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        }
    }

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task The_key_behind_an_unusual_day_is_paused_there_and_resumed_among_the_keys(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        var created = (ApiKeyCreation.Created)await site.Services.GetRequiredService<ApiKeys>()
            .CreateAsync(person.Caller, new NewApiKey("runaway", [Scopes.UsageWrite]), null, TestContext.Current.CancellationToken);
        var reporter = Caller.ForKey(created.Key.Id, person.OrganizationId, [Scopes.UsageWrite]);
        var today = DateTimeOffset.UtcNow;
        foreach (var week in Enumerable.Range(1, 4))
        {
            await UseAsync(site, person, "chat", 10, today.AddDays(-7 * week));
        }

        await UseAsync(site, person, "image_to_html", 5, today, reporter);
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);
        await page.SignInAsync(person, "/usage?period=7d");
        await page.AliveAsync();
        using var integrator = site.NewClient(created.Secret);

        await page.GetByRole(AriaRole.Button, new() { Name = "Pause runaway" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("refused with status 401");
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Let it work on" }).ClickAsync();
        Assert.Equal(HttpStatusCode.Forbidden, (await integrator.GetAsync("v1/keys", TestContext.Current.CancellationToken)).StatusCode);
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause runaway" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause the key" }).ClickAsync();
        await Assertions.Expect(page.GetByText("from key runaway, which is paused now.")).ToBeVisibleAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        Assert.Equal(HttpStatusCode.Unauthorized, (await integrator.GetAsync("v1/keys", TestContext.Current.CancellationToken)).StatusCode);

        await page.GotoAsync("/keys");
        await page.AliveAsync();
        await Assertions.Expect(page.GetByText("Paused", new() { Exact = true })).ToBeVisibleAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Resume runaway" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Pause runaway" })).ToBeVisibleAsync();
        Assert.Equal(HttpStatusCode.Forbidden, (await integrator.GetAsync("v1/keys", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Theory]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    public async Task A_limit_that_stops_usage_stands_on_open_pages_from_the_first_refusal_until_it_is_raised(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        await UseAsync(site, person, "chat", 10, DateTimeOffset.UtcNow);
        var limits = site.Services.GetRequiredService<SpendLimitSettings>();
        await limits.SetAsync(person.Caller, CreditTypes.Credits, new SpendLimits(null, Credits.FromWhole(12)), TestContext.Current.CancellationToken);
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);
        await page.SignInAsync(person, "/usage");
        await page.AliveAsync();
        await Assertions.Expect(page.GetByTestId("used")).ToHaveTextAsync("10");

        var refused = await site.Services.GetRequiredService<UsageIngestion>().IngestAsync(
            person.Caller, [new UsageEvent("too-much", "image_to_html", null, null, UsageProperties.None)], TestContext.Current.CancellationToken);

        Assert.Equal(UsageRejection.SpendLimitReached, Assert.Single(refused).Rejection?.Code);
        await Assertions.Expect(page.GetByText("The limit of 12 credits a month stops usage.")).ToBeVisibleAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GotoAsync("/wallet");
        await page.AliveAsync();
        await Assertions.Expect(page.GetByText("The limit of 12 credits a month stops usage.")).ToBeVisibleAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByRole(AriaRole.Link, new() { Name = "Raise the limit" }).ClickAsync();
        await page.GetByRole(AriaRole.Group, new() { Name = "Credits", Exact = true }).GetByLabel("At most in a month").FillAsync("100");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save the limits" }).ClickAsync();
        await Assertions.Expect(page.GetByText("It holds from the next charge on.")).ToBeVisibleAsync();
        await page.GotoAsync("/wallet");
        await Assertions.Expect(page.GetByTestId("available")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("stops usage")).ToHaveCountAsync(0);
    }

    private static async Task UseAsync(Site site, Person person, string operation, long quantity, DateTimeOffset at, Caller? reporter = null)
    {
        var results = await site.Services.GetRequiredService<UsageIngestion>().IngestAsync(
            reporter ?? person.Caller, [new UsageEvent(Guid.NewGuid().ToString("N"), operation, Quantity.FromWhole(quantity), at, UsageProperties.None)], TestContext.Current.CancellationToken);
        Assert.Equal(UsageStatus.Charged, Assert.Single(results).Status);
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

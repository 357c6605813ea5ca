using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Components;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Components.Pages;

public abstract class CustomerPagesTests<TEngine>(StoreFixture<TEngine> store, Browser browser) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task An_administrator_finds_a_customer_sees_the_whole_picture_and_grants_and_undoes(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var (administrator, person) = (await site.SignUpAsync(administrator: true), await site.SignUpAsync(plan: "pro"));
        await site.GiveAsync(person, 500, BucketKind.Purchased);
        await site.ReportAsync(person, "image_to_html");
        await site.NewKeyAsync(person);
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);
        await page.SignInAsync(administrator, "/admin/customers");
        await page.AliveAsync();
        await page.GetByLabel("Name, e-mail address or id").FillAsync(person.Email);
        await page.GetByRole(AriaRole.Button, new() { Name = "Search", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);

        await page.Locator("tbody a").ClickAsync();
        await Assertions.Expect(page.GetByText("Image → HTML").First).ToBeVisibleAsync();
        await page.AliveAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);

        await page.GetByRole(AriaRole.Link, new() { Name = "Grant or deduct" }).ClickAsync();
        await page.GetByLabel("Your password").FillAsync("not my password");
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("not your password");
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByLabel("Your password").FillAsync(Person.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await page.GetByLabel("Amount").FillAsync("50");
        await page.GetByLabel("Reason").FillAsync("<b>sorry</b>");
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        var before = await AvailableAsync(site, person);
        await page.GetByRole(AriaRole.Button, new() { Name = "Review" }).ClickAsync();
        await Assertions.Expect(page.GetByTestId("before-after")).ToContainTextAsync("→");
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Grant 50 credits" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Grant 50 credits: done").First).ToBeVisibleAsync();
        Assert.Equal(before + 50, await AvailableAsync(site, person));
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);

        await page.GetByRole(AriaRole.Button, new() { Name = "Undo", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByText("Undone: 50 went back.").First).ToBeVisibleAsync();
        Assert.Equal(before, await AvailableAsync(site, person));
    }

    [Fact]
    public async Task The_preview_says_how_long_it_would_last_and_what_would_be_owed_to_all()
    {
        await using var site = Site.Start(store.Database);
        var (administrator, person) = (await site.SignUpAsync(administrator: true), await site.SignUpAsync());
        await site.PutOnPlanAsync(person, "lite");
        var ingestion = site.Services.GetRequiredService<UsageIngestion>();
        foreach (var day in Enumerable.Range(1, 4))
        {
            await ingestion.IngestAsync(
                person.Caller, [new UsageEvent($"day-{day}", "chat", Quantity.FromWhole(100), DateTimeOffset.UtcNow.AddDays(-day), UsageProperties.None)], TestContext.Current.CancellationToken);
        }

        var flows = site.Services.GetRequiredService<CreditFlows>();
        var owed = await flows.GetOutstandingAsync(administrator.Caller, CreditTypes.Credits, TestContext.Current.CancellationToken);
        Assert.Equal((await flows.GetAsync(administrator.Caller, CreditTypes.Credits, TestContext.Current.CancellationToken)).Outstanding, owed);
        await Assert.ThrowsAsync<AccessDeniedException>(() => flows.GetOutstandingAsync(person.Caller, CreditTypes.Credits, TestContext.Current.CancellationToken));
        var page = await site.NewPageAsync(browser, Browser.Phone);
        await page.SignInAsync(administrator, $"/admin/customers/{person.OrganizationId}/credit");
        await page.AliveAsync();
        await page.GetByLabel("Your password").FillAsync(Person.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await page.GetByLabel("Amount").FillAsync("1000");
        await page.GetByLabel("Reason").FillAsync("An outage");
        await page.GetByRole(AriaRole.Button, new() { Name = "Review" }).ClickAsync();

        await Assertions.Expect(page.GetByTestId("lasts")).ToHaveTextAsync("about 17 days → about 27 days, at the pace of the last 4 days");
        await Assertions.Expect(page.GetByTestId("owed")).ToContainTextAsync($"{Display.Amount(owed)} → {Display.Amount(owed + 1000)}, worth $");
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
    }

    [Fact]
    public async Task What_looks_like_a_mistake_is_said_before_it_is_made()
    {
        await using var site = Site.Start(store.Database);
        var (administrator, person) = (await site.SignUpAsync(administrator: true), await site.SignUpAsync());
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(administrator, $"/admin/customers/{person.OrganizationId}/credit");
        await page.AliveAsync();
        await page.GetByLabel("Your password").FillAsync(Person.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        for (var i = 0; i < 2; i++)
        {
            await page.GetByLabel("Amount").FillAsync("5");
            await page.GetByLabel("Reason").FillAsync("An apology");
            await page.GetByRole(AriaRole.Button, new() { Name = "Review" }).ClickAsync();
            if (i == 1)
            {
                await Assertions.Expect(page.GetByText("was done to this customer once")).ToBeVisibleAsync();
                await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Grant 5 credits" })).ToBeDisabledAsync();
                await Browser.AssertNoAxeViolationsAsync(page);
                await page.GetByLabel("Do it once more all the same").CheckAsync();
            }

            await page.GetByRole(AriaRole.Button, new() { Name = "Grant 5 credits" }).ClickAsync();
            await Assertions.Expect(page.GetByText("Grant 5 credits: done").First).ToBeVisibleAsync();
        }

        await page.GetByRole(AriaRole.Button, new() { Name = "Deduct", Exact = true }).ClickAsync();
        await page.GetByLabel("Amount").FillAsync("999999");
        await page.GetByLabel("Reason").FillAsync("Too much");
        await page.GetByRole(AriaRole.Button, new() { Name = "Review" }).ClickAsync();

        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Nothing was changed");
    }

    [Fact]
    public async Task For_anybody_else_there_are_no_such_pages()
    {
        await using var site = Site.Start(store.Database);
        var (person, other) = (await site.SignUpAsync(), await site.SignUpAsync());
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/wallet");

        foreach (var address in new[] { "/admin/customers", $"/admin/customers/{other.OrganizationId}", $"/admin/customers/{other.OrganizationId}/credit" })
        {
            Assert.Equal(404, (await page.GotoAsync(address))!.Status);
            Assert.DoesNotContain(other.Email, await page.ContentAsync(), StringComparison.Ordinal);
        }

        var administrator = await site.SignUpAsync(administrator: true);
        var theirs = await site.NewPageAsync(browser);
        await theirs.SignInAsync(administrator, "/wallet");
        Assert.Equal(404, (await theirs.GotoAsync("/admin/customers/org_nobody"))!.Status);
        Assert.Equal(404, (await theirs.GotoAsync("/admin/customers/org_nobody/credit"))!.Status);
    }

    private static async Task<decimal> AvailableAsync(Site site, Person person) =>
        (await site.Services.GetRequiredService<CurrentWallets>().GetBalanceAsync(person.Caller, CreditTypes.Credits, TestContext.Current.CancellationToken)).Available.ToDecimal();
}

public sealed class CustomerPagesTestsOnSqlite(StoreFixture<SqliteEngine> store, Browser browser) : CustomerPagesTests<SqliteEngine>(store, browser);

public sealed class CustomerPagesTestsOnPostgres(StoreFixture<PostgresEngine> store, Browser browser) : CustomerPagesTests<PostgresEngine>(store, browser);

using System.Text.RegularExpressions;
using BillingPortal.Accounts;
using BillingPortal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Components.Pages;

public abstract class AuditPageTests<TEngine>(StoreFixture<TEngine> store, Browser browser) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task An_owner_reads_searches_and_takes_home_the_log(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var owner = await site.SignUpAsync(plan: "pro");
        var (key, _) = await site.NewKeyAsync(owner);
        await site.Services.GetRequiredService<ApiKeys>().RevokeAsync(owner.Caller, key.Id, null, TestContext.Current.CancellationToken);
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);
        await page.SignInAsync(owner, "/audit");
        await page.AliveAsync();
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(2);
        await Assertions.Expect(page.Locator("tbody tr").First).ToContainTextAsync(owner.Email);
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);

        await page.GetByLabel("What").SelectOptionAsync("api_key.revoked");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show", Exact = true }).ClickAsync();

        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/audit\\?act=api_key.revoked$"));
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "CSV of these" }).ClickAsync());
        var lines = await File.ReadAllLinesAsync(await download.PathAsync(), TestContext.Current.CancellationToken);
        Assert.Equal(2, lines.Length);
        Assert.Contains(key.Id, lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_administration_is_shown_to_administrators_and_is_not_there_for_anybody_else()
    {
        await using var site = Site.Start(store.Database);
        var (administrator, person) = (await site.SignUpAsync(administrator: true), await site.SignUpAsync(plan: "pro"));
        await site.NewKeyAsync(person);
        var (ours, theirs) = (await site.NewPageAsync(browser), await site.NewPageAsync(browser, Browser.Phone, ColorScheme.Dark));
        await ours.SignInAsync(administrator, "/admin/audit");
        await theirs.SignInAsync(person, "/wallet");

        await Assertions.Expect(ours.GetByRole(AriaRole.Group, new() { Name = "Admin" }).First).ToBeVisibleAsync();
        await Assertions.Expect(ours.Locator("tbody tr").First).ToContainTextAsync(person.OrganizationId);
        Assert.Equal("Admin · Audit log · Billing portal", await ours.TitleAsync());
        await ours.AliveAsync();
        await Browser.AssertNoAxeViolationsAsync(ours);
        Assert.Equal(0, await theirs.Locator(".nav-group.admin").CountAsync());
        Assert.Equal(404, (await theirs.GotoAsync("/admin/audit"))!.Status);
        Assert.Equal(404, (await theirs.APIRequest.GetAsync($"{site.Address}admin/audit.csv")).Status);
        Assert.DoesNotContain(person.OrganizationId, await theirs.ContentAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_log_says_what_will_stand_in_it_and_one_that_the_filter_hides_says_so()
    {
        await using var site = Site.Start(store.Database);
        var owner = await site.SignUpAsync();
        var page = await site.NewPageAsync(browser);

        await page.SignInAsync(owner, "/audit");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Nothing was changed yet" })).ToBeVisibleAsync();
        await page.GotoAsync("/audit?search=nobody%40example.com");

        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "No entry matches" })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Clear the filter" })).ToHaveAttributeAsync("href", "/audit");
    }
}

public sealed class AuditPageTestsOnSqlite(StoreFixture<SqliteEngine> store, Browser browser) : AuditPageTests<SqliteEngine>(store, browser);

public sealed class AuditPageTestsOnPostgres(StoreFixture<PostgresEngine> store, Browser browser) : AuditPageTests<PostgresEngine>(store, browser);

using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Components.Pages;

public abstract class AdminPagesTests<TEngine>(StoreFixture<TEngine> store, Browser browser) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task Many_are_granted_to_from_a_file_and_all_of_it_is_undone(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var (administrator, one, other) = (await site.SignUpAsync(administrator: true), await site.SignUpAsync(), await site.SignUpAsync());
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);
        await page.SignInAsync(administrator, "/admin/grants");
        await page.AliveAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);

        await page.GetByLabel("CSV file").SetInputFilesAsync(new FilePayload
        {
            Name = $"{Guid.NewGuid():N}.csv",
            MimeType = "text/csv",
            Buffer = System.Text.Encoding.UTF8.GetBytes($"customer,amount\n{one.Email},50\n{other.Email},20\nnobody@example.com,5\n"),
        });
        await Assertions.Expect(page.GetByLabel("Or paste it")).ToHaveValueAsync(new System.Text.RegularExpressions.Regex("customer,amount"));
        await page.GetByLabel("Credit", new() { Exact = true }).SelectOptionAsync(CreditTypes.ApiCredits);
        await page.GetByLabel("Reason").FillAsync("Beta testers");
        await page.GetByRole(AriaRole.Button, new() { Name = "Read and try dry" }).ClickAsync();
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(3);
        await Assertions.Expect(page.GetByText("Nobody has this e-mail address or id.")).ToBeVisibleAsync();
        Assert.Equal(0, await AvailableAsync(site, one));
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);

        await page.GetByLabel("Your password").FillAsync(Person.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await page.GetByLabel("Type the total to start").FillAsync("75");
        await page.GetByRole(AriaRole.Button, new() { Name = "Grant 70 to 2 rows" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Type the total, 70");
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByLabel("Type the total to start").FillAsync("70");
        await page.GetByRole(AriaRole.Button, new() { Name = "Grant 70 to 2 rows" }).ClickAsync();
        var undo = page.GetByRole(AriaRole.Button, new() { Name = "Undo the whole file" });
        await Assertions.Expect(undo).ToBeVisibleAsync();
        Assert.Equal((50, 20), (await AvailableAsync(site, one), await AvailableAsync(site, other)));
        await Browser.AssertNoAxeViolationsAsync(page);
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Result file" }).ClickAsync());
        Assert.Equal(4, (await File.ReadAllLinesAsync(await download.PathAsync(), Ct)).Length);

        await undo.ClickAsync();
        await Assertions.Expect(page.GetByText("2 taken back")).ToBeVisibleAsync();
        Assert.Equal((0, 0), (await AvailableAsync(site, one), await AvailableAsync(site, other)));
    }

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task The_ledger_is_verified_and_shows_what_is_owed(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var (administrator, person) = (await site.SignUpAsync(administrator: true), await site.SignUpAsync());
        await site.GiveAsync(person, 100, BucketKind.Purchased, CreditTypes.ApiCredits);
        await site.UseAsync(person, 30, "model_call", CreditTypes.ApiCredits);
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);
        await page.SignInAsync(administrator, "/admin/ledger?credits=api_credits");
        await page.AliveAsync();
        await Assertions.Expect(page.GetByTestId("outstanding")).ToBeVisibleAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);

        await page.GetByRole(AriaRole.Button, new() { Name = "Verify now" }).ClickAsync();

        await Assertions.Expect(page.GetByText("Sound.")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Verify now" })).ToBeEnabledAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Table" }).First.ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Table).First).ToBeVisibleAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
    }

    [Fact]
    public async Task For_anybody_else_there_are_no_such_pages_or_files()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/wallet");

        foreach (var address in new[] { "/admin/grants", "/admin/grants/bulk_1", "/admin/ledger", "/admin/grants/bulk_1/result.csv" })
        {
            Assert.Equal(404, (await page.GotoAsync(address))!.Status);
        }
    }

    private static async Task<decimal> AvailableAsync(Site site, Person person) =>
        (await site.Services.GetRequiredService<CurrentWallets>().GetBalanceAsync(person.Caller, CreditTypes.ApiCredits, Ct)).Available.ToDecimal();
}

public sealed class AdminPagesTestsOnSqlite(StoreFixture<SqliteEngine> store, Browser browser) : AdminPagesTests<SqliteEngine>(store, browser);

public sealed class AdminPagesTestsOnPostgres(StoreFixture<PostgresEngine> store, Browser browser) : AdminPagesTests<PostgresEngine>(store, browser);

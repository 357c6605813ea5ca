using System.Text.RegularExpressions;
using BillingPortal.Tests.Invoices;
using BillingPortal.Tests.Support;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Journeys;

/// <summary>A browser that runs no scripts at all: money can be spent and accounted for all the same.</summary>
public abstract class WithoutScriptsJourney<TEngine>(StoreFixture<TEngine> store, Browser browser, ViewportSize size) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Fact]
    public async Task Somebody_signs_in_estimates_buys_is_credited_reads_the_invoice_and_signs_out()
    {
        await using var site = Site.Start(store.Database, new Dictionary<string, string?> { ["Payments:Sandbox:BankDelay"] = "00:00:02" });
        var person = await site.SignUpAsync(plan: "lite");
        var page = await site.NewPageAsync(browser, size, runsScripts: false);
        await page.SignInAsync(person, "/wallet");
        Assert.False(await page.EvaluateAsync<bool>("'Blazor' in window"));
        await page.GetByTestId("available").BecomesAsync("2,150");
        await Assertions.Expect(page.GetByTestId("pill")).ToContainTextAsync("2,150");
        await page.GetByRole(AriaRole.Link, new() { Name = "How this number came about" }).ClickAsync();
        await page.GetByTestId("explained").BecomesAsync("2,150");

        await page.GotoAsync("/pricing");
        await page.GetByLabel("Image → HTML").FillAsync("100");
        await page.GetByRole(AriaRole.Button, new() { Name = "Estimate" }).ClickAsync();
        await Assertions.Expect(page.GetByTestId("estimate-total")).ToContainTextAsync("3,000");
        await page.AssertNoSidewaysScrollAsync();

        await page.GotoAsync("/buy");
        await page.GetByRole(AriaRole.Button, new() { Name = "Pay $9.00" }).ClickAsync();
        await page.GetByText("Bank transfer", new() { Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Pay $9.00" }).ClickAsync();
        // The tracker loads itself again until the money is there.
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Payment on its way" })).ToBeVisibleAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Credits added" })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("+1,000 added")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Go to the wallet" }).ClickAsync();
        await page.GetByTestId("available").BecomesAsync("3,150");
        await page.AssertNoSidewaysScrollAsync();

        await page.GotoAsync("/invoices");
        var file = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { NameRegex = new Regex("^Invoice .* as PDF$") }).ClickAsync());
        Assert.Contains("Starter Pack", PdfText.Of(await File.ReadAllBytesAsync(await file.PathAsync(), TestContext.Current.CancellationToken)), StringComparison.Ordinal);

        await page.GetByRole(AriaRole.Button, new() { Name = "Your profile" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Start free" })).ToBeVisibleAsync();
        await page.GotoAsync("/wallet");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Sign in", Exact = true })).ToBeVisibleAsync();
    }
}

public sealed class WithoutScriptsJourneyOnSqlite(StoreFixture<SqliteEngine> store, Browser browser)
    : WithoutScriptsJourney<SqliteEngine>(store, browser, Browser.Phone);

public sealed class WithoutScriptsJourneyOnPostgres(StoreFixture<PostgresEngine> store, Browser browser)
    : WithoutScriptsJourney<PostgresEngine>(store, browser, Browser.Desktop);

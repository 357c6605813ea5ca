using System.Text.Json;
using System.Text.RegularExpressions;
using BillingPortal.Gifting;
using BillingPortal.Tests.Invoices;
using BillingPortal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Journeys;

/// <summary>From the front page to the first call: everything a newcomer does, in one sitting and without help.</summary>
public abstract class NewcomerJourney<TEngine>(StoreFixture<TEngine> store, Browser browser, ViewportSize size, ColorScheme scheme) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private const string Email = "newcomer@example.com";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Somebody_estimates_subscribes_buys_calls_the_api_watches_automates_gives_and_reads_an_invoice()
    {
        // Long enough for a slow machine to undo a gift in.
        await using var site = Site.Start(store.Database, new Dictionary<string, string?> { ["Gifts:UndoWindow"] = "00:05:00" });
        var page = await site.NewPageAsync(browser, size, scheme);

        await EstimateAsync(page);
        await SignUpAsync(page);
        await SubscribeAsync(page);
        await BuyAsync(page);
        await CallAndWatchAsync(page);
        await AutomateAsync(page);
        await GiveAsync(site, page);
        await ReadInvoiceAsync(page);

        await page.GetByRole(AriaRole.Button, new() { Name = "Your profile" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Start free" })).ToBeVisibleAsync();
    }

    private static async Task EstimateAsync(IPage page)
    {
        await page.GotoAsync("/");
        await page.LooksRightAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Estimate a month" }).ClickAsync();
        await Assertions.Expect(page.Locator("[data-counting]")).ToBeAttachedAsync();

        await page.GetByLabel("Image → HTML").FillAsync("60");
        await page.GetByLabel("Figma Export").FillAsync("10");

        await Assertions.Expect(page.GetByTestId("estimate-total")).ToContainTextAsync("1,900");
        await Assertions.Expect(page.GetByTestId("advice")).ToContainTextAsync("Lite is cheapest: $10.00 a month");
        await page.LooksRightAsync();
    }

    private static async Task SignUpAsync(IPage page)
    {
        await page.GetByRole(AriaRole.Link, new() { Name = "Start with Lite" }).ClickAsync();
        await page.GetByLabel("Name").FillAsync("Nina");
        await page.GetByLabel("E-mail").FillAsync(Email);
        await page.GetByLabel("Password").FillAsync(Person.Password);
        await page.LooksRightAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Make the account" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Your account is ready")).ToBeVisibleAsync();
        await page.LooksRightAsync();

        await page.GetByLabel("E-mail").FillAsync(Email);
        await page.GetByLabel("Password").FillAsync(Person.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();

        await page.WaitForURLAsync("**/wallet");
        await page.AliveAsync();
        await page.GetByTestId("available").BecomesAsync("150");
        await page.LooksRightAsync();
    }

    private static async Task SubscribeAsync(IPage page)
    {
        await page.GoByMenuAsync("Plan and seats");
        await page.GetByRole(AriaRole.Link, new() { Name = "Choose Lite" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Due today")).ToBeVisibleAsync();
        await page.LooksRightAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Pay $10.00" }).ClickAsync();
        await page.PayAsync("$10.00");

        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Plan paid" })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("2,150 credits available now")).ToBeVisibleAsync();
        await page.AliveAsync();
        await page.LooksRightAsync();
    }

    private static async Task BuyAsync(IPage page)
    {
        await page.GoByMenuAsync("Buy credits");
        await page.LooksRightAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Pay $39.00" }).ClickAsync();
        await page.PayAsync("$39.00");

        await Assertions.Expect(page.GetByText("+5,000 added")).ToBeVisibleAsync();
        await page.AliveAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Go to the wallet" }).ClickAsync();
        await page.GetByTestId("available").BecomesAsync("7,150");
        await page.LooksRightAsync();
    }

    private static async Task CallAndWatchAsync(IPage page)
    {
        await page.GoByMenuAsync("Usage");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Waiting for the first call" })).ToBeVisibleAsync();
        await page.LooksRightAsync();

        // In another tab, so that the first one can be watched.
        var keys = await page.Context.NewPageAsync();
        await keys.GotoAsync("/keys");
        await keys.AliveAsync();
        await keys.GetByRole(AriaRole.Button, new() { Name = "Create the first key" }).ClickAsync();
        await keys.GetByLabel("Name").FillAsync("laptop");
        await keys.GetByRole(AriaRole.Button, new() { Name = "Create key" }).ClickAsync();
        var call = (await keys.GetByLabel("First call").TextContentAsync())!;
        await keys.LooksRightAsync();
        await keys.GetByRole(AriaRole.Button, new() { Name = "I have copied it" }).ClickAsync();
        await Assertions.Expect(keys.GetByRole(AriaRole.Cell, new() { Name = "laptop", Exact = true })).ToBeVisibleAsync();
        await keys.LooksRightAsync();
        await keys.CloseAsync();

        var answer = JsonElement.Parse(await Steps.RunInTerminalAsync(call));
        Assert.Equal(("charged", 10m, 7_140m), (answer.GetProperty("status").GetString(), answer.GetProperty("credits").GetDecimal(), answer.GetProperty("balanceAfter").GetDecimal()));
        await page.GetByTestId("used").BecomesAsync("10");
        await Assertions.Expect(page.GetByTestId("pill")).ToContainTextAsync("7,140");
        // One that was late: it happened a day ago, and so gives the rehearsal a whole day.
        await Steps.RunInTerminalAsync(call.Replace("my-first-event\"", $"my-second-event\",\"occurredAt\":\"{TimeProvider.System.GetUtcNow().AddDays(-1):O}\""));
        await page.GetByTestId("used").BecomesAsync("20");
        await Assertions.Expect(page.GetByTestId("pill")).ToContainTextAsync("7,130");
        await page.LooksRightAsync();
    }

    private static async Task AutomateAsync(IPage page)
    {
        await page.GoByMenuAsync("Auto-reload");
        await Assertions.Expect(page.GetByText("It would not have reloaded: there was enough all along.")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Table", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Columnheader, new() { Name = "Available at its end" })).ToBeVisibleAsync();
        await page.LooksRightAsync();
        await page.GetByLabel("Reload automatically").CheckAsync();
        await page.GetByLabel("When less than this is available").FillAsync("100");
        await Assertions.Expect(page.GetByText("Less than that is available now.")).ToBeVisibleAsync();
        await page.GetByLabel("When less than this is available").FillAsync("15");
        await Assertions.Expect(page.GetByText("Less than that is available now.")).ToHaveCountAsync(0);
        await page.GetByLabel("Add this, or several times this").FillAsync("25");
        await page.GetByLabel("Never more in a month than").FillAsync("100");
        await page.GetByLabel("I agree that the saved card is charged").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();

        await Assertions.Expect(page.GetByText("Saved.", new() { Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("When less than $15.00 (1,500 credits) is available, charge ••4242 $25.00")).ToBeVisibleAsync();
        await page.AliveAsync();
        await page.LooksRightAsync();
    }

    private static async Task GiveAsync(Site site, IPage page)
    {
        var (friend, administrator) = (await site.SignUpAsync("friend@example.com"), await site.SignUpAsync(administrator: true));
        await page.GoByMenuAsync("Gifts");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Nothing to give yet" })).ToBeVisibleAsync();
        await page.LooksRightAsync();

        await site.Services.GetRequiredService<BonusGrants>().GrantAsync(administrator.Caller, new GrantWish(Email, 25), null, Ct);
        await page.GetByLabel("E-mail of the person").FillAsync(friend.Email);
        await page.GetByRole(AriaRole.Button, new() { Name = "5 flows", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Review the gift" }).ClickAsync();
        await page.LooksRightAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Send 5 flows" }).ClickAsync();
        await Assertions.Expect(page.GetByText("5 flows to friend@example.com are set aside")).ToBeVisibleAsync();
        await page.LooksRightAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Undo the gift to" }).ClickAsync();

        await Assertions.Expect(page.GetByText("Undone. Nothing left your account.").First).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("25 bonus flows can be given")).ToBeVisibleAsync();
        await page.LooksRightAsync();
    }

    private static async Task ReadInvoiceAsync(IPage page)
    {
        await page.GoByMenuAsync("Invoices");
        await Assertions.Expect(page.GetByText("Paid this year $49.00")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(2);
        await page.LooksRightAsync();

        var file = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { NameRegex = new Regex("^Invoice .* as PDF$") }).First.ClickAsync());

        var text = PdfText.Of(await File.ReadAllBytesAsync(await file.PathAsync(), Ct));
        Assert.Contains("Growth Pack", text, StringComparison.Ordinal);
        Assert.Contains("39.00", text, StringComparison.Ordinal);
    }
}

public sealed class NewcomerJourneyOnSqlite(StoreFixture<SqliteEngine> store, Browser browser)
    : NewcomerJourney<SqliteEngine>(store, browser, Browser.Desktop, ColorScheme.Light);

public sealed class NewcomerJourneyOnPostgres(StoreFixture<PostgresEngine> store, Browser browser)
    : NewcomerJourney<PostgresEngine>(store, browser, Browser.Phone, ColorScheme.Dark);

using BillingPortal.Tests.Support;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Journeys;

/// <summary>An administrator gives to one and to many and takes both back, while a customer looks on.</summary>
public abstract class AdminJourney<TEngine>(StoreFixture<TEngine> store, Browser browser, ViewportSize size, ColorScheme scheme) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Fact]
    public async Task Credit_is_granted_to_one_and_to_many_and_taken_back_as_the_customer_watches()
    {
        await using var site = Site.Start(store.Database);
        var (administrator, customer, other) = (await site.SignUpAsync(administrator: true), await site.SignUpAsync("one@example.com"), await site.SignUpAsync("other@example.com"));
        var watching = await site.NewPageAsync(browser, size, scheme);
        await watching.SignInAsync(customer, "/wallet");
        await watching.AliveAsync();
        var available = watching.GetByTestId("available");
        await available.BecomesAsync("150");
        var page = await site.NewPageAsync(browser, size, scheme);
        await page.SignInAsync(administrator, "/wallet");
        await page.AliveAsync();

        await GrantToOneAsync(page, customer);
        await available.BecomesAsync("200");
        await Assertions.Expect(watching.GetByRole(AriaRole.Link, new() { Name = "A long wait" })).ToBeVisibleAsync();
        await watching.LooksRightAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Undo", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByText("Undone: 50 went back.").First).ToBeVisibleAsync();
        await available.BecomesAsync("150");
        await page.LooksRightAsync();

        await GrantToManyAsync(page, customer, other);
        await available.BecomesAsync("180");
        await page.GetByRole(AriaRole.Button, new() { Name = "Undo the whole file" }).ClickAsync();
        await Assertions.Expect(page.GetByText("2 taken back")).ToBeVisibleAsync();
        await available.BecomesAsync("150");
        await page.LooksRightAsync();

        await page.GoByMenuAsync("Audit log of all", "Audit log");
        await Assertions.Expect(page.Locator("tbody").GetByText("Credit granted").First).ToBeVisibleAsync();
        await page.LooksRightAsync();
        await watching.GoByMenuAsync("Transactions");
        await Assertions.Expect(watching.Locator("tbody").GetByText("A long wait").First).ToBeVisibleAsync();
        await watching.LooksRightAsync();
    }

    private static async Task GrantToOneAsync(IPage page, Person customer)
    {
        await page.GoByMenuAsync("Customers");
        await page.GetByLabel("Name, e-mail address or id").FillAsync(customer.Email);
        await page.GetByRole(AriaRole.Button, new() { Name = "Search", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
        await page.Locator("tbody a").ClickAsync();
        await page.AliveAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Grant or deduct" }).ClickAsync();
        await page.GetByLabel("Your password").FillAsync(Person.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await page.GetByLabel("Amount").FillAsync("50");
        await page.GetByLabel("Reason").FillAsync("A long wait");
        await page.GetByRole(AriaRole.Button, new() { Name = "Review" }).ClickAsync();
        await Assertions.Expect(page.GetByTestId("before-after")).ToContainTextAsync("150 → 200");
        await page.LooksRightAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Grant 50 credits" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Grant 50 credits: done").First).ToBeVisibleAsync();
    }

    private static async Task GrantToManyAsync(IPage page, Person customer, Person other)
    {
        await page.GoByMenuAsync("Grants from a file");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("Spring");
        await page.GetByLabel("Or paste it").FillAsync($"customer,amount\n{customer.Email},30\n{other.Email},20\nnobody@example.com,5\n");
        await page.GetByLabel("Reason").FillAsync("Spring");
        await page.GetByRole(AriaRole.Button, new() { Name = "Read and try dry" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Nobody has this e-mail address or id.")).ToBeVisibleAsync();
        await page.LooksRightAsync();

        // The password was given a moment ago, on the page before.
        await page.GetByLabel("Type the total to start").FillAsync("50");
        await page.GetByRole(AriaRole.Button, new() { Name = "Grant 50 to 2 rows" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Undo the whole file" })).ToBeVisibleAsync();
    }
}

public sealed class AdminJourneyOnSqlite(StoreFixture<SqliteEngine> store, Browser browser)
    : AdminJourney<SqliteEngine>(store, browser, Browser.Phone, ColorScheme.Dark);

public sealed class AdminJourneyOnPostgres(StoreFixture<PostgresEngine> store, Browser browser)
    : AdminJourney<PostgresEngine>(store, browser, Browser.Desktop, ColorScheme.Light);

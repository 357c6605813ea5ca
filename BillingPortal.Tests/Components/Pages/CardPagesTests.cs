using System.Text.RegularExpressions;
using BillingPortal.Payments.Sandbox;
using BillingPortal.Tests.Purchases;
using BillingPortal.Tests.Support;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Components.Pages;

public abstract class CardPagesTests<TEngine>(StoreFixture<TEngine> store, Browser browser) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Fact]
    public async Task A_card_is_saved_a_rule_agreed_to_and_a_reload_shown_on_desktop_and_phone_light_and_dark()
    {
        await using var shop = Shop.Open(store.Database);
        var person = await shop.NewPersonAsync();
        var page = await shop.Site.NewPageAsync(browser);
        await page.SignInAsync(person, "/payment-methods");
        await Assertions.Expect(page.GetByText("No card saved")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save a card" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/sandbox/checkout/"));
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Save card" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/payment-methods\\?saved=1"));
        await Assertions.Expect(page.GetByRole(AriaRole.Cell, new() { Name = "Visa ••4242 Is charged" })).ToBeVisibleAsync();

        await page.GotoAsync("/auto-reload");
        await page.AliveAsync();
        await page.GetByLabel("Reload automatically").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByText("needs your agreement")).ToBeVisibleAsync();
        await page.AliveAsync();
        await page.GetByLabel("Reload automatically").CheckAsync();
        await page.GetByLabel(new Regex("I agree")).CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByText("When less than $20.00 (2,000 credits) is available, charge ••4242 $50.00")).ToBeVisibleAsync();
        await shop.LeaveAsync(person.Caller, 1500);
        await Assertions.Expect(page.GetByText("Charged, credits added.")).ToBeVisibleAsync(new() { Timeout = 20_000 });

        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            foreach (var size in new[] { Browser.Desktop, Browser.Phone })
            {
                var window = await shop.Site.NewPageAsync(browser, size, scheme);
                await window.SignInAsync(person, "/auto-reload");
                foreach (var path in new[] { "/auto-reload", "/payment-methods", "/buy" })
                {
                    await window.GotoAsync(path);
                    await window.AliveAsync();
                    await window.AssertNoSidewaysScrollAsync();
                    await Browser.AssertNoAxeViolationsAsync(window);
                }
            }
        }
    }

    [Fact]
    public async Task A_rule_tells_while_it_is_typed_what_it_would_charge_at_once()
    {
        await using var shop = Shop.Open(store.Database);
        var person = await shop.NewPersonAsync();
        await shop.SaveCardAsync(person.Caller);
        await shop.LeaveAsync(person.Caller, 1500);
        var page = await shop.Site.NewPageAsync(browser);
        await page.SignInAsync(person, "/auto-reload");
        await page.AliveAsync();

        await Assertions.Expect(page.GetByText("••4242")).ToBeVisibleAsync();
        await page.GetByLabel("When less than this").FillAsync("30");
        await page.GetByLabel("Add this").FillAsync("10");
        await Assertions.Expect(page.GetByText("this charges $20.00 at once")).ToBeVisibleAsync();
        await page.GetByLabel("When less than this").FillAsync("14");
        await Assertions.Expect(page.GetByText("at once")).ToHaveCountAsync(0);
        await page.GetByLabel("Add this").FillAsync("2");
        await Assertions.Expect(page.GetByText("the amount from $5")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_reload_that_wants_its_owner_is_paid_from_its_page_without_scripts()
    {
        await using var shop = Shop.Open(store.Database);
        var person = await shop.NewPersonAsync();
        await shop.SaveCardAsync(person.Caller, SandboxMethod.CardThatAlwaysAsks);
        await shop.LeaveAsync(person.Caller, 1500);
        await shop.ReloadAsync(person.Caller, threshold: 20, amount: 10);
        await Eventually.TrueAsync(async () => (await shop.Get<BillingPortal.Purchases.AutoReloads>()
            .GetAsync(person.Caller, TestContext.Current.CancellationToken)).Problem == "authentication_required");
        var page = await shop.Site.NewPageAsync(browser);
        await page.SignInAsync(person, "/wallet");
        await page.RouteAsync("**/*.js", route => route.AbortAsync());

        await page.GotoAsync("/auto-reload");
        await page.GetByRole(AriaRole.Link, new() { Name = "Pay and confirm" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Pay $10.00 now" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Pay $10.00" }).ClickAsync();

        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/billing/payments/"));
        await Eventually.TrueAsync(async () => await shop.PurchasedAsync(person.Caller) == 1000m);
    }
}

public sealed class CardPagesTestsOnSqlite(StoreFixture<SqliteEngine> store, Browser browser) : CardPagesTests<SqliteEngine>(store, browser);

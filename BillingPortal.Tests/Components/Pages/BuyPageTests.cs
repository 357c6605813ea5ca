using System.Text.RegularExpressions;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Purchases;
using BillingPortal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Components.Pages;

public abstract class BuyPageTests<TEngine>(StoreFixture<TEngine> store, Browser browser) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task Packs_show_what_they_cost_and_how_many_are_left(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);

        await page.SignInAsync(person, "/buy");
        await page.AliveAsync();

        var growth = page.GetByRole(AriaRole.Region, new() { Name = "Growth Pack" });
        await Assertions.Expect(growth).ToContainTextAsync("5,000");
        await Assertions.Expect(growth).ToContainTextAsync("$7.80 per 1,000");
        await Assertions.Expect(growth).ToContainTextAsync("3 of 3 left until");
        await Assertions.Expect(growth.GetByRole(AriaRole.Button, new() { Name = "Pay $39.00" })).ToBeEnabledAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
    }

    [Fact]
    public async Task Paying_leads_to_the_checkout_without_scripts_and_a_double_click_orders_once()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/wallet");
        await page.RouteAsync("**/*.js", route => route.AbortAsync());
        await page.GotoAsync("/buy");

        await page.GetByRole(AriaRole.Button, new() { Name = "Pay $9.00" }).DblClickAsync();

        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/sandbox/checkout/"));
        Assert.Single(await site.Services.GetRequiredService<PaymentTracker>().ListOpenAsync(person.Caller, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Api_credits_are_bought_on_any_plan_and_show_their_fee_first()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/buy?pack=growth&canceled=1");

        var growth = page.GetByRole(AriaRole.Region, new() { Name = "API Growth" });
        await Assertions.Expect(growth).ToContainTextAsync("2,374,050");
        await Assertions.Expect(growth).ToContainTextAsync("You pay $24.99, of which $1.25 is the fee.");
        await Assertions.Expect(growth).ToContainTextAsync("Your choice");
        await growth.GetByRole(AriaRole.Button, new() { Name = "Pay $24.99" }).ClickAsync();

        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/sandbox/checkout/"));
        var payment = Assert.Single(await site.Services.GetRequiredService<PaymentTracker>().ListOpenAsync(person.Caller, TestContext.Current.CancellationToken));
        Assert.Equal((PaymentKind.ApiPack, Credits.FromWhole(2_374_050)), (payment.Kind, payment.Credits));
    }

    [Fact]
    public async Task An_open_payment_is_shown_first_and_its_pack_has_one_place_less()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        await site.StartAsync(person, 1);
        var page = await site.NewPageAsync(browser);

        await page.SignInAsync(person, "/buy?pack=credits_1000&canceled=1");

        await Assertions.Expect(page.GetByText("A payment is open.")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Resume" })).ToHaveAttributeAsync("href", new Regex("/sandbox/checkout/"));
        await Assertions.Expect(page.GetByText("Payment canceled.")).ToBeVisibleAsync();
        var starter = page.GetByRole(AriaRole.Region, new() { Name = "Starter Pack" });
        await Assertions.Expect(starter).ToContainTextAsync("Your choice");
        await Assertions.Expect(starter).ToContainTextAsync("2 of 3 left");
        await Browser.AssertNoAxeViolationsAsync(page);
    }

    [Fact]
    public async Task A_pack_bought_as_often_as_the_cycle_allows_says_from_when_on_it_can_be_bought_again()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        await site.StartAsync(person, 3);
        var page = await site.NewPageAsync(browser);

        await page.SignInAsync(person, "/buy");

        var starter = page.GetByRole(AriaRole.Region, new() { Name = "Starter Pack" });
        await Assertions.Expect(starter.GetByRole(AriaRole.Button, new() { Name = "Limit reached" })).ToBeDisabledAsync();
        await Assertions.Expect(starter).ToContainTextAsync("Again from");
    }

    [Fact]
    public async Task The_free_plan_sees_the_packs_and_what_opens_them()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        var page = await site.NewPageAsync(browser);

        await page.SignInAsync(person, "/buy");
        await page.AliveAsync();

        await Assertions.Expect(page.GetByText("Packs come with a paid plan.")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Choose a plan first" })).ToHaveCountAsync(Catalogs.Shipped.Packs.Length);
        await Browser.AssertNoAxeViolationsAsync(page);
    }
}

internal static class Purchasing
{
    /// <summary>Starts so many purchases of the smallest pack, and pays none.</summary>
    public static async Task StartAsync(this Site site, Person person, int times)
    {
        for (var i = 0; i < times; i++)
        {
            Assert.IsType<PurchaseStart.Ready>(await site.Services.GetRequiredService<PackPurchases>()
                .StartAsync(person.Caller, "credits_1000", null, TestContext.Current.CancellationToken));
        }
    }
}

public sealed class BuyPageTestsOnSqlite(StoreFixture<SqliteEngine> store, Browser browser) : BuyPageTests<SqliteEngine>(store, browser);

public sealed class BuyPageTestsOnPostgres(StoreFixture<PostgresEngine> store, Browser browser) : BuyPageTests<PostgresEngine>(store, browser);

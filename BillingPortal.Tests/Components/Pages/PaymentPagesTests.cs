using System.Net;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;
using BillingPortal.Payments;
using BillingPortal.Payments.Sandbox;
using BillingPortal.Purchases;
using BillingPortal.Tests.Purchases;
using BillingPortal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Components.Pages;

/// <summary>From the checkout to the credit, in a browser and without scripts.</summary>
public abstract class PaymentPagesTests<TEngine>(StoreFixture<TEngine> store, Browser browser) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Theory]
    [InlineData(true, ColorScheme.Light)]
    [InlineData(false, ColorScheme.Light)]
    [InlineData(false, ColorScheme.Dark)]
    public async Task A_buyer_is_declined_pays_with_another_card_and_sees_the_credits_arrive(bool onDesk, ColorScheme scheme)
    {
        await using var shop = Shop.Open(store.Database);
        var (page, person, order) = await ArriveAsync(shop, onDesk ? Browser.Desktop : Browser.Phone, scheme);
        await Browser.AssertNoAxeViolationsAsync(page);

        await page.GetByText("0002").ClickAsync();
        await PayAsync(page);
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Nothing was charged");
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByText("4242 4242").ClickAsync();
        await PayAsync(page);

        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Credits added" })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("+5,000 added")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".timeline > li.done")).ToHaveCountAsync(4);
        await page.AliveAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        Assert.EndsWith($"/billing/payments/{order.PaymentId}", page.Url, StringComparison.Ordinal);
        Assert.Equal(5000m, await shop.PurchasedAsync(person.Caller));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task From_the_pack_to_the_credit_is_one_way(bool onDesk)
    {
        await using var shop = Shop.Open(store.Database);
        var person = await shop.NewPersonAsync();
        var page = await shop.Site.NewPageAsync(browser, onDesk ? Browser.Desktop : Browser.Phone);
        await page.SignInAsync(person, "/buy");

        await page.GetByRole(AriaRole.Button, new() { Name = "Pay $139" }).ClickAsync();
        await page.WaitForURLAsync("**/sandbox/checkout/**");
        await page.GetByRole(AriaRole.Button, new() { Name = "Pay $139" }).ClickAsync();

        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Credits added" })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Go to the wallet" }).ClickAsync();
        await Assertions.Expect(page.GetByTestId("available")).ToContainTextAsync("22,150");
        Assert.Equal(20_000m, await shop.PurchasedAsync(person.Caller));
    }

    [Fact]
    public async Task A_bank_that_asks_charges_only_what_was_approved()
    {
        await using var shop = Shop.Open(store.Database);
        var (page, person, order) = await ArriveAsync(shop, Browser.Phone);

        await page.GetByText("3155").ClickAsync();
        await PayAsync(page);
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Refuse" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Nothing was charged");
        Assert.True((await shop.PaymentAsync(person.Caller, order.PaymentId)).IsPending);

        await PayAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Approve $39" }).ClickAsync();

        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Credits added" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_lost_webhook_is_made_good_when_the_browser_returns()
    {
        await using var shop = Shop.Open(store.Database);
        var (page, person, _) = await ArriveAsync(shop, Browser.Desktop);

        await page.GetByLabel("The portal is told").SelectOptionAsync("never: the webhook is lost");
        await PayAsync(page);

        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Credits added" })).ToBeVisibleAsync();
        Assert.Equal(5000m, await shop.PurchasedAsync(person.Caller));
    }

    [Theory]
    [InlineData("three times over")]
    [InlineData("in the wrong order")]
    public async Task Webhooks_that_repeat_or_overtake_each_other_credit_once(string how)
    {
        await using var shop = Shop.Open(store.Database);
        var (page, person, order) = await ArriveAsync(shop, Browser.Desktop);

        await page.GetByLabel("The portal is told").SelectOptionAsync(how);
        await PayAsync(page);

        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Credits added" })).ToBeVisibleAsync();
        await Eventually.TrueAsync(() => shop.QueryAsync(async db => !await db.Set<SandboxEvent>().AnyAsync(row => row.NextAttemptAt != null && EF.Functions.Like(row.Payload, $"%{order.PaymentId}%"))));
        Assert.Equal(5000m, await shop.PurchasedAsync(person.Caller));
    }

    [Fact]
    public async Task Money_that_is_on_its_way_is_followed_without_loading_the_page_again()
    {
        await using var shop = Shop.Open(store.Database, settings: new() { ["Payments:Sandbox:BankDelay"] = "00:00:04" });
        var (page, _, _) = await ArriveAsync(shop, Browser.Desktop);

        await page.GetByText("Bank transfer", new() { Exact = true }).ClickAsync();
        await PayAsync(page);

        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Payment on its way" })).ToBeVisibleAsync();
        await page.AliveAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.EvaluateAsync("window.notLoadedAgain = true");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Credits added" })).ToBeVisibleAsync(new() { Timeout = 30_000 });
        Assert.True(await page.EvaluateAsync<bool>("window.notLoadedAgain"));
    }

    [Fact]
    public async Task Money_that_does_not_come_is_said_and_the_choice_is_kept()
    {
        await using var shop = Shop.Open(store.Database, settings: new() { ["Payments:Sandbox:BankDelay"] = "00:00:02" });
        var (page, _, _) = await ArriveAsync(shop, Browser.Phone);

        await page.GetByText("Bank transfer without funds").ClickAsync();
        await PayAsync(page);

        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Payment failed" })).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await page.AliveAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Choose again" })).ToHaveAttributeAsync("href", $"/buy?pack={Shop.Pack}");
    }

    [Fact]
    public async Task Turning_back_charges_nothing_and_the_payment_can_be_taken_up_again()
    {
        await using var shop = Shop.Open(store.Database);
        var (page, _, order) = await ArriveAsync(shop, Browser.Desktop);

        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Back without paying" }))
            .ToHaveAttributeAsync("href", new Regex($"/buy\\?pack={Shop.Pack}&canceled=1$"));
        await page.GotoAsync(PaymentOrders.PathOf(order.PaymentId));
        await Assertions.Expect(page.GetByText("Not paid yet")).ToBeVisibleAsync();
        await page.AliveAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByRole(AriaRole.Link, new() { Name = "Pay $39" }).ClickAsync();
        await page.WaitForURLAsync(order.CheckoutUrl);
    }

    [Fact]
    public async Task Another_organizations_payment_is_not_found()
    {
        await using var shop = Shop.Open(store.Database);
        var order = await shop.BuyAsync(await shop.NewBuyerAsync());
        var page = await shop.Site.NewPageAsync(browser, Browser.Desktop);
        await page.SignInAsync(await shop.NewPersonAsync());

        var answer = await page.GotoAsync(PaymentOrders.PathOf(order.PaymentId));

        Assert.Equal(404, answer!.Status);
        Assert.DoesNotContain("Growth Pack", await page.ContentAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Checkout_and_tracker_work_without_scripts()
    {
        await using var shop = Shop.Open(store.Database);
        var person = await shop.NewPersonAsync();
        var order = await shop.BuyAsync(person.Caller);
        using var client = await SignInAsync(shop.Site, person);

        var waiting = await GetAsync(client, PaymentOrders.PathOf(order.PaymentId));
        Assert.Contains("""http-equiv="refresh" """.TrimEnd(), waiting.Head!.InnerHtml, StringComparison.Ordinal);
        Assert.Contains("Not paid yet", waiting.Body!.TextContent, StringComparison.Ordinal);

        var checkout = await GetAsync(client, order.CheckoutUrl);
        using var paid = await SubmitAsync(client, order.CheckoutUrl, checkout.QuerySelector<IHtmlFormElement>("form:has([name='Payment.Method'])")!);

        Assert.Equal(HttpStatusCode.Redirect, paid.StatusCode);
        Assert.EndsWith(PaymentOrders.PathOf(order.PaymentId), paid.Headers.Location!.ToString(), StringComparison.Ordinal);
        var credited = await GetAsync(client, paid.Headers.Location!.ToString());
        Assert.Contains("Credits added", credited.QuerySelector("h1")!.TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain("refresh", credited.Head!.InnerHtml, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_checkout_that_was_paid_has_ended_or_never_was_says_so()
    {
        var clock = new SetClock(TimeProvider.System.GetUtcNow());
        await using var shop = Shop.Open(store.Database, clock);
        var buyer = await shop.NewBuyerAsync();
        var (paid, left) = (await shop.BuyAsync(buyer), await shop.BuyAsync(buyer));
        await shop.PayAsync(paid);
        clock.Now += TimeSpan.FromMinutes(31);
        using var client = shop.Site.NewClient();

        Assert.Contains("was paid", (await GetAsync(client, paid.CheckoutUrl)).QuerySelector("h1")!.TextContent, StringComparison.Ordinal);
        Assert.Contains("has ended", (await GetAsync(client, left.CheckoutUrl)).QuerySelector("h1")!.TextContent, StringComparison.Ordinal);
        using var none = await client.GetAsync("sandbox/checkout/cs_test_none", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
    }

    private static Task PayAsync(IPage page) => page.GetByRole(AriaRole.Button, new() { Name = "Pay $39" }).ClickAsync();

    private static async Task<IHtmlDocument> GetAsync(HttpClient client, string path) =>
        new HtmlParser().ParseDocument(await client.GetStringAsync(path, TestContext.Current.CancellationToken));

    /// <summary>Sends a form as a browser does that runs no scripts: every field as it stands.</summary>
    private static Task<HttpResponseMessage> SubmitAsync(HttpClient client, string path, IHtmlFormElement form, params (string Name, string Value)[] filled)
    {
        var fields = form.QuerySelectorAll<IHtmlInputElement>("input[name]")
            .Where(input => input.Type is not ("radio" or "checkbox") || input.IsChecked)
            .ToDictionary(input => input.Name!, input => input.Value);
        foreach (var (name, value) in filled)
        {
            fields[name] = value;
        }

        return client.PostAsync(path, new FormUrlEncodedContent(fields), TestContext.Current.CancellationToken);
    }

    private static async Task<HttpClient> SignInAsync(Site site, Person person)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = site.Address };
        var login = await GetAsync(client, "Account/Login");
        using var answer = await SubmitAsync(
            client, "Account/Login", login.QuerySelector<IHtmlFormElement>("form:has([name='Input.Email'])")!, ("Input.Email", person.Email), ("Input.Password", Person.Password));
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        return client;
    }

    private async Task<(IPage Page, Person Person, PurchaseStart.Ready Order)> ArriveAsync(Shop shop, ViewportSize size, ColorScheme scheme = ColorScheme.Light)
    {
        var person = await shop.NewPersonAsync();
        var page = await shop.Site.NewPageAsync(browser, size, scheme);
        await page.SignInAsync(person);
        var order = await shop.BuyAsync(person.Caller);
        await page.GotoAsync(order.CheckoutUrl);
        return (page, person, order);
    }
}

public sealed class PaymentPagesTestsOnSqlite(StoreFixture<SqliteEngine> store, Browser browser) : PaymentPagesTests<SqliteEngine>(store, browser);

public sealed class PaymentPagesTestsOnPostgres(StoreFixture<PostgresEngine> store, Browser browser) : PaymentPagesTests<PostgresEngine>(store, browser);

using System.Text.RegularExpressions;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Tests.Invoices;
using BillingPortal.Tests.Purchases;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Components.Pages;

public abstract class InvoicesPageTests<TEngine>(StoreFixture<TEngine> store, Browser browser) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Fact]
    public async Task Invoices_read_well_at_both_sizes_and_in_both_themes_and_download_as_pdf()
    {
        await using var shop = Shop.Open(store.Database, settings: new() { ["Invoices:TaxRatePercent"] = "19" });
        var person = await shop.NewPersonAsync();
        await PayAsync(shop, person, Shop.Pack, 3900);
        await PayAsync(shop, person, "credits_1000", 900);
        await RefundAsync(shop, person);
        foreach (var (size, scheme) in ((ViewportSize, ColorScheme)[])[(Browser.Desktop, ColorScheme.Light), (Browser.Phone, ColorScheme.Dark)])
        {
            await ReadAsync(shop, person, size, scheme);
        }
    }

    [Fact]
    public async Task Without_scripts_details_are_saved_and_a_search_finds_or_says_what_hides_the_rest()
    {
        await using var shop = Shop.Open(store.Database);
        var person = await shop.NewPersonAsync();
        await PayAsync(shop, person, Shop.Pack, 3900);
        var page = await shop.Site.NewPageAsync(browser);
        await page.SignInAsync(person, "/wallet");
        await page.RouteAsync("**/*.js", route => route.AbortAsync());
        await page.GotoAsync("/invoices");
        await Assertions.Expect(page.GetByText("Does your finance team need an address")).ToBeVisibleAsync();

        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("Northwind <b>A/S</b>");
        await page.GetByLabel("Address").FillAsync("Søndergade 5\n5970 Ærøskøbing");
        await page.GetByLabel("Tax id").FillAsync("DK87654321");
        await page.GetByRole(AriaRole.Button, new() { Name = "Use on future invoices" }).ClickAsync();

        await Assertions.Expect(page.GetByText("Billing details saved.")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByLabel("Name", new() { Exact = true })).ToHaveValueAsync("Northwind <b>A/S</b>");
        await Assertions.Expect(page.GetByLabel("Address")).ToHaveValueAsync("Søndergade 5\n5970 Ærøskøbing");
        await page.GetByLabel("Number or amount").FillAsync("39.00");
        await page.GetByRole(AriaRole.Button, new() { Name = "Find" }).ClickAsync();
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
        await page.GetByLabel("Number or amount").FillAsync("1999-");
        await page.GetByRole(AriaRole.Button, new() { Name = "Find" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "No invoice matches" })).ToBeVisibleAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
    }

    [Fact]
    public async Task Before_the_first_invoice_the_page_says_when_it_comes()
    {
        await using var shop = Shop.Open(store.Database);
        var person = await shop.NewPersonAsync();
        var page = await shop.Site.NewPageAsync(browser);

        await page.SignInAsync(person, "/invoices");

        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "No invoices yet" })).ToBeVisibleAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private async Task ReadAsync(Shop shop, Person person, ViewportSize size, ColorScheme scheme)
    {
        var page = await shop.Site.NewPageAsync(browser, size, scheme);
        await page.SignInAsync(person, "/invoices");
        await page.AliveAsync();

        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(2);
        await Assertions.Expect(page.Locator("tbody tr").Nth(0)).ToContainTextAsync("$3.00 refunded");
        await Assertions.Expect(page.GetByText("Paid this year")).ToContainTextAsync("$48.00");
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);

        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { NameRegex = new Regex("^Invoice .* as PDF$") }).First.ClickAsync());
        Assert.Contains("Starter Pack", PdfText.Of(await File.ReadAllBytesAsync(await download.PathAsync(), Cancel)), StringComparison.Ordinal);
    }

    private static async Task PayAsync(Shop shop, Person person, string pack, long cents)
    {
        var order = await shop.BuyAsync(person.Caller, pack);
        await shop.SendAsync((StripeEvent.Completed(order) with { Cents = cents }).ToString());
    }

    private static async Task RefundAsync(Shop shop, Person person)
    {
        var invoice = (await shop.Get<InvoiceBook>().ListAsync(person.Caller, new InvoiceQuery(), Cancel)).Invoices[0];
        Assert.IsType<PostResult.Posted>(await shop.Get<WalletWriter>().ExecuteAsync(
            new ClawBack
            {
                OrganizationId = person.OrganizationId,
                Reference = "refund:page",
                Source = "refund",
                Actor = "system:test",
                CreditType = "credits",
                Origin = invoice.PaymentId,
                Amount = Credits.FromWhole(300),
                Riders = [shop.Get<CreditNotes>().RiderFor(new CreditNoteDraft(invoice.PaymentId, Money.FromCents(300), "refund:page", "Refund"))],
            },
            Cancel));
    }
}

public sealed class InvoicesPageTestsOnSqlite(StoreFixture<SqliteEngine> store, Browser browser) : InvoicesPageTests<SqliteEngine>(store, browser);

public sealed class InvoicesPageTestsOnPostgres(StoreFixture<PostgresEngine> store, Browser browser) : InvoicesPageTests<PostgresEngine>(store, browser);

using BillingPortal.Access;
using BillingPortal.Audit;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Reconciliation;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Purchases;
using BillingPortal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Components.Pages;

public abstract class PaymentDeskPagesTests<TEngine>(StoreFixture<TEngine> store, Browser browser) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task A_difference_is_listed_and_healed_once_the_password_was_given(int width, ColorScheme scheme)
    {
        await using var database = await store.CreateDatabaseAsync();
        await using var shop = Shop.Open(database);
        var administrator = await shop.Site.SignUpAsync(administrator: true);
        var page = await OpenAsync(shop, administrator, width, scheme);
        await page.GotoAsync("/admin/reconciliation");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Everything agrees" })).ToBeVisibleAsync();
        await page.AliveAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        var (_, paymentId) = await BuyAsync(shop);
        await LoseInvoiceAsync(shop, paymentId);
        await shop.Get<Reconciliations>().CompareAsync(administrator.Caller, paymentId, Cancel);

        await page.GotoAsync("/admin/reconciliation");
        await page.AliveAsync();
        await Assertions.Expect(page.Locator("tbody tr")).ToContainTextAsync("No invoice");
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByRole(AriaRole.Link, new() { Name = $"Heal {paymentId}: No invoice" }).ClickAsync();
        await page.GetByLabel("Your password").FillAsync(Person.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await Assertions.Expect(page.GetByText("The invoice is written, with today's date and the next number.")).ToBeVisibleAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Heal it" }).ClickAsync();

        await Assertions.Expect(page.GetByText("Healed. The books agree on")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Everything agrees" })).ToBeVisibleAsync();
        Assert.Single((await shop.Get<AuditLog>().ListAllAsync(administrator.Caller, null, new AuditQuery(Act: AuditActs.DifferenceHealed), Cancel)).Entries);
        await page.GetByRole(AriaRole.Link, new() { Name = "All", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator("tbody tr")).ToContainTextAsync("Healed");
    }

    [Theory]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    public async Task A_payment_is_found_its_refund_previewed_and_made_and_an_event_replayed(int width, ColorScheme scheme)
    {
        await using var database = await store.CreateDatabaseAsync();
        await using var shop = Shop.Open(database);
        var administrator = await shop.Site.SignUpAsync(administrator: true);
        var (buyer, paymentId) = await BuyAsync(shop);
        await shop.LeaveAsync(buyer.Caller, 2000);
        var page = await OpenAsync(shop, administrator, width, scheme);

        await page.GotoAsync("/admin/payments?state=failed");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "No payment matches" })).ToBeVisibleAsync();
        await page.GotoAsync($"/admin/payments?state=succeeded&search={buyer.OrganizationId}");
        await page.AliveAsync();
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GotoAsync($"/admin/payments/{paymentId}");
        await page.AliveAsync();
        await Assertions.Expect(page.GetByText($"by {buyer.Email}")).ToBeVisibleAsync();
        await page.GetByLabel("Your password").FillAsync(Person.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await page.GetByLabel("Amount in dollars").FillAsync("19.50");
        await page.GetByLabel("Reason").FillAsync("Bought twice");
        await page.GetByRole(AriaRole.Button, new() { Name = "Review" }).ClickAsync();
        await Assertions.Expect(page.GetByText("spent, and owed from then on")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("dl.lines")).ToContainTextAsync("2,500");
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Refund $19.50" }).DblClickAsync();

        await Assertions.Expect(page.GetByText("$19.50 was given back, and its credit taken.")).ToBeVisibleAsync();
        Assert.Equal(1950, (await shop.PaymentAsync(buyer.Caller, paymentId)).Refunded.Cents);
        Assert.Single(await shop.QueryAsync(db => db.Set<PaymentRefund>().Where(row => row.PaymentId == paymentId).ToListAsync(Cancel)));
        Assert.Equal(
            (paymentId, buyer.OrganizationId),
            Assert.Single((await shop.Get<AuditLog>().ListAllAsync(administrator.Caller, null, new AuditQuery(Act: AuditActs.PaymentRefunded), Cancel)).Entries) is { } entry
                ? (entry.Subject, entry.OrganizationId) : default);
        await page.ReloadAsync();
        await page.AliveAsync();
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Replay checkout.session.completed") }).First.ClickAsync();
        await Assertions.Expect(page.GetByText("Nothing was replayed.")).ToBeVisibleAsync();
        await page.GetByLabel("Your password").FillAsync(Person.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Amount in dollars")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Replay checkout.session.completed") }).First.ClickAsync();
        await Assertions.Expect(page.GetByText("Replayed and applied.")).ToBeVisibleAsync();
        Assert.Equal(-500m, (await shop.Get<CurrentWallets>().GetBalanceAsync(buyer.Caller, "credits", Cancel)).Available.ToDecimal());
        await shop.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task Nobody_else_finds_the_desk_nor_moves_money_at_it()
    {
        await using var shop = Shop.Open(store.Database);
        var (buyer, paymentId) = await BuyAsync(shop);
        var administrator = await shop.Site.SignUpAsync(administrator: true);
        var page = await shop.Site.NewPageAsync(browser);
        await page.SignInAsync(buyer, "/wallet");
        foreach (var path in new[] { "/admin/reconciliation", "/admin/payments", $"/admin/payments/{paymentId}" })
        {
            Assert.Equal(404, (await page.GotoAsync(path))!.Status);
        }

        var desk = shop.Get<PaymentDesk>();
        await Assert.ThrowsAsync<AccessDeniedException>(() => desk.ListAsync(buyer.Caller, new PaymentSearch(), Cancel));
        await Assert.ThrowsAsync<AccessDeniedException>(() => desk.FindAsync(buyer.Caller, paymentId, Cancel));
        foreach (var caller in new[] { buyer.Caller, administrator.Caller })
        {
            // An administrator without the password given again is one who left the desk.
            await Assert.ThrowsAsync<AccessDeniedException>(() => desk.RefundAsync(caller, paymentId, Money.FromCents(1), "no", "k", Cancel));
            await Assert.ThrowsAsync<AccessDeniedException>(() => desk.ReplayAsync(caller, "evt_1", Cancel));
            await Assert.ThrowsAsync<AccessDeniedException>(() => shop.Get<Healing>().HealAsync(caller, "diff_1", Cancel));
        }

        Assert.Null(await desk.FindAsync(administrator.Caller, "pay_none", Cancel));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private async Task<IPage> OpenAsync(Shop shop, Person administrator, int width, ColorScheme scheme)
    {
        var page = await shop.Site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);
        await page.SignInAsync(administrator, "/wallet");
        return page;
    }

    private static async Task<(Person Buyer, string PaymentId)> BuyAsync(Shop shop)
    {
        var buyer = await shop.NewPersonAsync();
        var order = await shop.BuyAsync(buyer.Caller);
        await shop.PayAsync(order, tells: true);
        await shop.UntilAsync(buyer.Caller, order.PaymentId, payment => payment.IsCredited);
        return (buyer, order.PaymentId);
    }

    private static Task<int> LoseInvoiceAsync(Shop shop, string paymentId) => shop.QueryAsync(async db =>
    {
        await db.Database.ExecuteSqlAsync($"DELETE FROM invoice_lines WHERE invoice_id IN (SELECT id FROM invoices WHERE payment_id = {paymentId})", Cancel);
        return await db.Database.ExecuteSqlAsync($"DELETE FROM invoices WHERE payment_id = {paymentId}", Cancel);
    });
}

public sealed class PaymentDeskPagesTestsOnSqlite(StoreFixture<SqliteEngine> store, Browser browser) : PaymentDeskPagesTests<SqliteEngine>(store, browser);

public sealed class PaymentDeskPagesTestsOnPostgres(StoreFixture<PostgresEngine> store, Browser browser) : PaymentDeskPagesTests<PostgresEngine>(store, browser);

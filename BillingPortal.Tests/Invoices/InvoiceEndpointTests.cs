using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Tests.Purchases;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Invoices;

public abstract class InvoiceEndpointTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Fact]
    public async Task Invoices_are_listed_paged_found_and_downloaded_by_their_organization_only()
    {
        await using var shop = Shop.Open(store.Database);
        var person = await shop.NewPersonAsync();
        var stranger = await shop.NewPersonAsync();
        await PayAsync(shop, person, Shop.Pack, 3900);
        await PayAsync(shop, person, "credits_1000", 900);
        using var client = await shop.Site.NewKeyClientAsync(person, Scopes.BillingRead);
        using var other = await shop.Site.NewKeyClientAsync(stranger, Scopes.BillingRead);

        var first = await GetAsync(client, "api/v1/billing/invoices?limit=1");
        var invoice = Assert.Single(first.GetProperty("data").EnumerateArray());
        Assert.Equal(("Starter Pack, 1,000 credits", 9m, "paid"), (invoice.GetProperty("description").GetString(), invoice.GetProperty("amountUsd").GetDecimal(), invoice.GetProperty("status").GetString()));
        Assert.Matches("^[0-9]{4}-[0-9]{6}$", invoice.GetProperty("number").GetString());
        var second = await GetAsync(client, $"api/v1/billing/invoices?limit=1&cursor={first.GetProperty("nextCursor").GetString()}");
        Assert.Equal(39m, Assert.Single(second.GetProperty("data").EnumerateArray()).GetProperty("amountUsd").GetDecimal());
        Assert.Equal(JsonValueKind.Null, second.GetProperty("nextCursor").ValueKind);
        Assert.Single((await GetAsync(client, "api/v1/billing/invoices?search=39")).GetProperty("data").EnumerateArray());
        Assert.Empty((await GetAsync(client, "api/v1/billing/invoices?search=%25")).GetProperty("data").EnumerateArray());
        Assert.Empty((await GetAsync(client, "api/v1/billing/invoices?to=2020-01-31")).GetProperty("data").EnumerateArray());

        var detail = (await GetAsync(client, $"api/v1/billing/invoices/{invoice.GetProperty("id").GetString()}")).GetProperty("data");
        Assert.Equal(person.Email.Split('@')[0], detail.GetProperty("buyer").GetProperty("name").GetString());
        Assert.True(detail.GetProperty("test").GetBoolean());

        var pdf = new Uri(invoice.GetProperty("pdfUrl").GetString()!);
        Assert.Equal(shop.Site.Address.Authority, pdf.Authority);
        using var answer = await client.GetAsync(pdf, Cancel);
        Assert.Equal("application/pdf", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal($"invoice-{invoice.GetProperty("number").GetString()}.pdf", answer.Content.Headers.ContentDisposition!.FileName);
        Assert.Contains("$9.00", PdfText.Of(await answer.Content.ReadAsByteArrayAsync(Cancel)), StringComparison.Ordinal);

        Assert.Empty((await GetAsync(other, "api/v1/billing/invoices")).GetProperty("data").EnumerateArray());
        Assert.Equal(HttpStatusCode.NotFound, (await other.GetAsync(pdf, Cancel)).StatusCode);
        using var nobody = shop.Site.NewClient();
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.GetAsync(pdf, Cancel)).StatusCode);
        using var reporter = await shop.Site.NewKeyClientAsync(person, Scopes.UsageWrite);
        Assert.Equal(HttpStatusCode.Forbidden, (await reporter.GetAsync(pdf, Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await (await MemberOfAsync(shop, person)).GetAsync(pdf, Cancel)).StatusCode);
    }

    [Fact]
    public async Task Billing_details_are_on_later_invoices_and_never_on_earlier_ones()
    {
        await using var shop = Shop.Open(store.Database);
        var person = await shop.NewPersonAsync();
        await PayAsync(shop, person, Shop.Pack, 3900);
        using var user = await shop.Site.NewUserClientAsync(person);
        using var key = await shop.Site.NewKeyClientAsync(person, Scopes.BillingRead);
        var wish = new { name = "Northwind A/S", address = "Søndergade 5\r\n\r\n 5970 Ærøskøbing ", taxId = "DK87654321", reference = "PO 4711" };

        Assert.Equal(HttpStatusCode.Forbidden, (await key.PutAsJsonAsync("api/v1/billing/details", wish, Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await user.PutAsJsonAsync("api/v1/billing/details", wish, Cancel)).StatusCode);
        Assert.Equal("Søndergade 5\n5970 Ærøskøbing", (await GetAsync(key, "api/v1/billing/details")).GetProperty("data").GetProperty("address").GetString());
        await PayAsync(shop, person, "credits_1000", 900);

        var invoices = (await shop.Get<InvoiceBook>().ListAsync(person.Caller, new InvoiceQuery(), Cancel)).Invoices;
        Assert.Equal(("Northwind A/S", "DK87654321", "PO 4711"), (invoices[0].BuyerName, invoices[0].BuyerTaxId, invoices[0].BuyerReference));
        Assert.Equal((person.Email.Split('@')[0], "", ""), (invoices[1].BuyerName, invoices[1].BuyerAddress, invoices[1].BuyerTaxId));

        foreach (var (field, value) in ((string, string)[])[("name", new string('n', 101)), ("address", "1\n2\n3\n4\n5\n6\n7"), ("taxId", "a\u0001b"), ("reference", new string('r', 61))])
        {
            using var refused = await user.PutAsJsonAsync("api/v1/billing/details", new Dictionary<string, string> { [field] = value }, Cancel);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            Assert.Contains($"\"{field}\"", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }

        Assert.Equal("Northwind A/S", (await shop.Get<BillingDetailsBook>().GetAsync(person.Caller, Cancel)).Name);
    }

    [Fact]
    public async Task A_statement_adds_up_from_opening_to_closing_month_after_month()
    {
        var clock = new ManualClock(new DateTimeOffset(2026, 1, 31, 23, 58, 0, TimeSpan.Zero));
        await using var database = await store.CreateDatabaseAsync();
        await using var shop = Shop.Open(database, clock);
        var person = await shop.NewPersonAsync();
        await PayAsync(shop, person, Shop.Pack, 3900);
        clock.Advance(TimeSpan.FromMinutes(3));
        await shop.Site.UseAsync(person, 1000);
        await shop.Get<WalletWriter>().ExecuteAsync(
            new ClawBack
            {
                OrganizationId = person.OrganizationId,
                Reference = "refund:1",
                Source = "refund",
                Actor = "system:test",
                CreditType = "credits",
                Origin = (await shop.Get<InvoiceBook>().ListAsync(person.Caller, new InvoiceQuery(), Cancel)).Invoices[0].PaymentId,
                Amount = Credits.FromWhole(500),
                Riders = [shop.Get<CreditNotes>().RiderFor(new CreditNoteDraft(
                    (await shop.Get<InvoiceBook>().ListAsync(person.Caller, new InvoiceQuery(), Cancel)).Invoices[0].PaymentId, Money.FromCents(390), "refund:1", "Refund"))],
            },
            Cancel);
        using var client = await shop.Site.NewUserClientAsync(person);

        var months = new List<JsonElement>();
        foreach (var month in (string[])["2026-01", "2026-02"])
        {
            months.Add((await GetAsync(client, $"api/v1/billing/statements/{month}")).GetProperty("data"));
        }

        var (january, february) = (WalletOf(months[0], "credits"), WalletOf(months[1], "credits"));
        Assert.Equal(0m, january.GetProperty("opening").GetDecimal());
        Assert.Equal(5000m, january.GetProperty("changes").GetProperty("purchase").GetDecimal());
        Assert.Equal(january.GetProperty("closing").GetDecimal(), february.GetProperty("opening").GetDecimal());
        Assert.Equal(-1000m, february.GetProperty("changes").GetProperty("charge").GetDecimal());
        Assert.Equal(-500m, february.GetProperty("changes").GetProperty("clawed_back").GetDecimal());
        foreach (var wallet in months.SelectMany(month => month.GetProperty("wallets").EnumerateArray()))
        {
            var changes = wallet.GetProperty("changes").EnumerateObject().Sum(change => change.Value.GetDecimal());
            Assert.Equal(wallet.GetProperty("closing").GetDecimal(), wallet.GetProperty("opening").GetDecimal() + changes);
        }

        Assert.Equal((true, 39m), (months[0].GetProperty("final").GetBoolean(), months[0].GetProperty("totalUsd").GetDecimal()));
        Assert.Equal((false, -3.9m), (months[1].GetProperty("final").GetBoolean(), months[1].GetProperty("totalUsd").GetDecimal()));
        var wallets = await shop.Get<WalletReader>().GetWalletAsync(person.Caller, "credits", Cancel);
        Assert.Equal(wallets.BalanceAt(clock.Now()).ToDecimal(), february.GetProperty("closing").GetDecimal());

        using var pdf = await client.GetAsync("api/v1/billing/statements/2026-01/pdf", Cancel);
        Assert.Contains("Opening balance, 1 January 2026", PdfText.Of(await pdf.Content.ReadAsByteArrayAsync(Cancel)), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("api/v1/billing/statements/2026-03", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("api/v1/billing/statements/0001-01", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.GetAsync("api/v1/billing/statements/2026-13/pdf", Cancel)).StatusCode);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static JsonElement WalletOf(JsonElement statement, string creditType) =>
        statement.GetProperty("wallets").EnumerateArray().Single(wallet => wallet.GetProperty("creditType").GetString() == creditType);

    private static async Task PayAsync(Shop shop, Person person, string pack, long cents)
    {
        var order = await shop.BuyAsync(person.Caller, pack);
        await shop.SendAsync((StripeEvent.Completed(order) with { Cents = cents }).ToString());
    }

    private static async Task<JsonElement> GetAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(path, Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
    }

    private static async Task<HttpClient> MemberOfAsync(Shop shop, Person owner)
    {
        var member = await shop.Site.SignUpAsync();
        var organizations = shop.Get<Organizations>();
        using var scope = shop.Site.Services.CreateScope();
        var user = await scope.ServiceProvider.GetRequiredService<UserManager<User>>().FindByIdAsync(member.Id);
        await organizations.AddMemberAsync(owner.OrganizationId, user!, MemberRole.Member, Cancel);
        await organizations.ChooseAsync(member.Id, owner.OrganizationId, Cancel);
        return await shop.Site.NewUserClientAsync(member);
    }
}

public sealed class InvoiceEndpointTestsOnSqlite(StoreFixture<SqliteEngine> store) : InvoiceEndpointTests<SqliteEngine>(store);

public sealed class InvoiceEndpointTestsOnPostgres(StoreFixture<PostgresEngine> store) : InvoiceEndpointTests<PostgresEngine>(store);

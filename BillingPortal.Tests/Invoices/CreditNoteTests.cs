using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Tests.Purchases;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Tests.Invoices;

public abstract class CreditNoteTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static readonly Dictionary<string, string?> Taxed = new() { ["Invoices:TaxRatePercent"] = "19", ["Invoices:TaxName"] = "VAT" };

    [Fact]
    public async Task Notes_in_parts_add_up_to_the_invoice_and_its_tax_to_the_cent_and_never_beyond()
    {
        await using var shop = Shop.Open(store.Database, settings: Taxed);
        var (buyer, payment) = await BuyAsync(shop);
        var invoice = await InvoiceAsync(shop, buyer, payment);
        Assert.Equal((3277L, 623L, 3900L), (invoice.SubtotalCents.Cents, invoice.TaxCents.Cents, invoice.TotalCents.Cents));
        Assert.Equal(InvoiceStatus.Paid, invoice.Status);

        Assert.IsType<PostResult.Posted>(await RefundAsync(shop, buyer, payment, 1299, "refund:1"));
        Assert.Equal(InvoiceStatus.PartlyRefunded, (await InvoiceAsync(shop, buyer, payment)).Status);
        Assert.IsType<PostResult.Replayed>(await RefundAsync(shop, buyer, payment, 1299, "refund:1"));
        Assert.IsType<PostResult.Posted>(await RefundAsync(shop, buyer, payment, 1302, "refund:2"));
        var refused = Assert.IsType<PostResult.Refused>(await RefundAsync(shop, buyer, payment, 1300, "refund:3"));
        Assert.Equal(CreditNotes.ExceedsInvoice, Assert.IsType<Refusal.Rule>(refused.Refusal).Code);
        Assert.IsType<PostResult.Posted>(await RefundAsync(shop, buyer, payment, 1299, "refund:3"));

        invoice = await InvoiceAsync(shop, buyer, payment);
        Assert.Equal((InvoiceStatus.Refunded, 3900L), (invoice.Status, invoice.CreditedCents.Cents));
        Assert.Equal([1299L, 1302L, 1299L], invoice.CreditNotes.Select(note => note.AmountCents.Cents));
        Assert.Equal(623, invoice.CreditNotes.Sum(note => note.TaxCents.Cents));
        await shop.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task Refunds_at_once_never_give_back_more_than_was_paid_and_number_their_notes_without_gaps()
    {
        await using var database = await store.CreateDatabaseAsync();
        await using var shop = Shop.Open(database);
        var bought = new List<(Caller Buyer, string Payment)>();
        for (var i = 0; i < 4; i++)
        {
            bought.Add(await BuyAsync(shop));
        }

        // 1,000 fits three times into 3,900; each payment is asked for six.
        var results = await Task.WhenAll(Enumerable.Range(0, 24).Select(index =>
            RefundAsync(shop, bought[index % 4].Buyer, bought[index % 4].Payment, 1000, $"refund:{index}")));

        Assert.Equal(12, results.Count(result => result is PostResult.Posted));
        foreach (var (buyer, payment) in bought)
        {
            Assert.Equal(3000, (await InvoiceAsync(shop, buyer, payment)).CreditedCents.Cents);
        }

        var numbers = await shop.QueryAsync(db => db.Set<CreditNote>().Select(note => note.Number).ToListAsync(Cancel));
        var year = shop.Clock.GetUtcNow().Year;
        Assert.Equal(Enumerable.Range(1, 12).Select(number => $"CN-{year}-{number:D6}"), numbers.Order(StringComparer.Ordinal));
        await shop.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task A_note_needs_an_invoice_and_is_found_by_its_organization_only()
    {
        await using var shop = Shop.Open(store.Database);
        var (buyer, payment) = await BuyAsync(shop);
        var stranger = await shop.NewBuyerAsync();
        Assert.IsType<PostResult.Posted>(await RefundAsync(shop, buyer, payment, 3900, "refund:all"));
        var note = Assert.Single((await InvoiceAsync(shop, buyer, payment)).CreditNotes);

        Assert.Equal(3900, (await shop.Get<CreditNotes>().FindAsync(buyer, note.Id, Cancel))!.Invoice!.TotalCents.Cents);
        Assert.Null(await shop.Get<CreditNotes>().FindAsync(stranger, note.Id, Cancel));
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            shop.Get<CreditNotes>().FindAsync(Caller.ForUser(buyer.UserId!, buyer.OrganizationId, MemberRole.Member), note.Id, Cancel));

        var open = await shop.BuyAsync(stranger);
        var grant = new Grant
        {
            OrganizationId = stranger.OrganizationId,
            Reference = "note-without-invoice",
            Source = "test",
            Actor = "system:test",
            CreditType = CreditTypes.Credits,
            Deposit = new Deposit(BucketKind.Promotional, Credits.FromWhole(1)),
            Riders = [shop.Get<CreditNotes>().RiderFor(new CreditNoteDraft(open.PaymentId, Money.FromCents(1), "refund:none", "Refund"))],
        };
        var refused = Assert.IsType<PostResult.Refused>(await shop.Get<WalletWriter>().ExecuteAsync(grant, Cancel));
        Assert.Equal(CreditNotes.NoInvoice, Assert.IsType<Refusal.Rule>(refused.Refusal).Code);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<(Caller Buyer, string Payment)> BuyAsync(Shop shop)
    {
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);
        await shop.SendAsync(StripeEvent.Completed(order).ToString());
        return (buyer, order.PaymentId);
    }

    private static async Task<Invoice> InvoiceAsync(Shop shop, Caller buyer, string payment) =>
        Assert.Single((await shop.Get<InvoiceBook>().ListAsync(buyer, new InvoiceQuery(), Cancel)).Invoices, invoice => invoice.PaymentId == payment);

    private static Task<PostResult> RefundAsync(Shop shop, Caller buyer, string payment, long cents, string reference) => shop.Get<WalletWriter>().ExecuteAsync(
        new ClawBack
        {
            OrganizationId = buyer.OrganizationId,
            Reference = reference,
            Source = "refund",
            Actor = "system:test",
            CreditType = CreditTypes.Credits,
            Origin = payment,
            Amount = Credits.FromWhole(cents),
            Riders = [shop.Get<CreditNotes>().RiderFor(new CreditNoteDraft(payment, Money.FromCents(cents), reference, "Refund"))],
        },
        Cancel);
}

public sealed class CreditNoteTestsOnSqlite(StoreFixture<SqliteEngine> store) : CreditNoteTests<SqliteEngine>(store);

public sealed class CreditNoteTestsOnPostgres(StoreFixture<PostgresEngine> store) : CreditNoteTests<PostgresEngine>(store);

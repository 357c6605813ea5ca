using System.Net;
using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Payments.Sandbox;
using BillingPortal.Purchases;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Tests.Purchases;

public abstract class ReversalTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static readonly Caller Administrator = Caller.ForUser("usr_admin", "org_admin", MemberRole.Owner, isPlatformAdministrator: true);

    // A jump of this clock fires no timers: a month passes without a month of background work.
    private static readonly DateTimeOffset Noon = new(2026, 6, 16, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Refunds_in_parts_doubled_and_reversed_take_the_share_of_their_total_once()
    {
        await using var shop = Shop.Open(store.Database);
        var (buyer, paymentId, intentId) = await BuyAsync(shop);
        var parts = new[] { 3000, 2000, 3000, 2000, 1000 };

        var answers = await Task.WhenAll(parts.Select(total => shop.SendAsync(Refunded(intentId, total))));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer));
        await Eventually.TrueAsync(async () => (await shop.PaymentAsync(buyer, paymentId)).Refunded.Cents == 3000);
        Assert.Equal(0, await UnappliedAsync(shop, intentId));
        Assert.Equal(5000m - decimal.Floor(5000m * 1_000_000 * 3000 / 3900) / 1_000_000, 5000m - await TakenAsync(shop, buyer));
        Assert.Equal(3000, (await NotesAsync(shop, buyer)).Sum(note => note.AmountCents.Cents));

        await shop.SendAsync(Refunded(intentId, 3900));
        Assert.Equal(0m, await shop.PurchasedAsync(buyer));
        Assert.Equal(3900, (await NotesAsync(shop, buyer)).Sum(note => note.AmountCents.Cents));
        await shop.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task What_was_spent_is_owed_and_stops_spending_until_it_is_repaid()
    {
        await using var shop = Shop.Open(store.Database);
        var (buyer, _, intentId) = await BuyAsync(shop);
        await shop.LeaveAsync(buyer, 1000);

        await shop.SendAsync(Refunded(intentId, 3900));

        var balance = await shop.Get<CurrentWallets>().GetBalanceAsync(buyer, CreditTypes.Credits, Cancel);
        Assert.Equal(-4000m, balance.Available.ToDecimal());
        Assert.Contains("payment.refunded", await shop.QueryAsync(db => db.Set<OutboxEvent>().Where(row => row.OrganizationId == buyer.OrganizationId).Select(row => row.Type).ToListAsync(Cancel)));
        await shop.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task A_dispute_takes_the_credit_at_once_and_a_won_one_gives_it_again_once_in_any_order()
    {
        await using var shop = Shop.Open(store.Database);
        var (buyer, _, intentId) = await BuyAsync(shop);
        await shop.Get<SandboxCharges>().DisputeAsync(intentId, Cancel);
        await Eventually.TrueAsync(async () => await shop.PurchasedAsync(buyer) == 0m);
        await shop.Get<SandboxCharges>().DecideAsync(intentId, isWon: true, Cancel);
        await Eventually.TrueAsync(async () => await shop.PurchasedAsync(buyer) == 5000m);
        Assert.Empty(await NotesAsync(shop, buyer));

        var (other, _, otherIntent) = await BuyAsync(shop);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => shop.SendAsync(Disputed(otherIntent, "charge.dispute.closed", "won"))));
        await shop.SendAsync(Disputed(otherIntent, "charge.dispute.created", "needs_response"));
        Assert.Equal(5000m, await shop.PurchasedAsync(other));

        var (loser, _, lostIntent) = await BuyAsync(shop);
        await shop.SendAsync(Disputed(lostIntent, "charge.dispute.closed", "lost"));
        await shop.SendAsync(Disputed(lostIntent, "charge.dispute.created", "needs_response"));
        Assert.Equal(0m, await shop.PurchasedAsync(loser));
        Assert.Equal(3900, Assert.Single(await NotesAsync(shop, loser)).AmountCents.Cents);
        await shop.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task An_event_about_a_payment_that_is_not_settled_yet_is_kept_and_applied_when_it_is()
    {
        var clock = new SetClock(Noon);
        await using var shop = Shop.Open(store.Database, clock);
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);
        await shop.PayAsync(order);
        var intentId = await shop.QueryAsync(db => db.Set<SandboxIntent>().Where(row => row.PaymentId == order.PaymentId).Select(row => row.Id).SingleAsync(Cancel));

        Assert.Equal(HttpStatusCode.OK, await shop.SendAsync(Refunded(intentId, 3900)));
        Assert.Equal(1, await UnappliedAsync(shop, intentId));
        await shop.PassTimeUntilAsync(clock, async () => (await shop.PaymentAsync(buyer, order.PaymentId)).Refunded.Cents == 3900);

        Assert.Equal(0m, await shop.PurchasedAsync(buyer));
        Assert.Equal(HttpStatusCode.OK, await shop.SendAsync(Refunded("pi_of_nobody", 100)));
        clock.Now += TimeSpan.FromDays(4);
        await shop.PassTimeUntilAsync(clock, async () => await UnappliedAsync(shop, "pi_of_nobody") == 0);
    }

    [Theory]
    [InlineData(3901, "usd", false, "amount_mismatch")]
    [InlineData(3900, "eur", false, "currency_mismatch")]
    [InlineData(3900, "usd", true, "livemode_mismatch")]
    public async Task A_refund_that_contradicts_its_payment_takes_nothing(int cents, string currency, bool live, string problem)
    {
        await using var shop = Shop.Open(store.Database);
        var (buyer, _, intentId) = await BuyAsync(shop);
        var told = Refunded(intentId, cents, currency, live);

        Assert.Equal(HttpStatusCode.OK, await shop.SendAsync(told));

        Assert.Equal(5000m, await shop.PurchasedAsync(buyer));
        Assert.True(await shop.QueryAsync(db => db.Set<GatewayEventRow>().AnyAsync(row => row.Problem == problem && row.Type == "charge.refunded", Cancel)));
    }

    [Fact]
    public async Task An_administrator_gives_back_in_parts_once_for_each_wish_and_never_more_than_was_paid()
    {
        var clock = new SetClock(Noon);
        await using var shop = Shop.Open(store.Database, clock, UnreliableGateway.Use);
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);
        await shop.PayAsync(order);
        await shop.Tracker.ArriveAsync(buyer, order.PaymentId, Cancel);
        var refunds = shop.Get<Refunds>();
        foreach (var caller in new[] { buyer, Caller.ForKey("key_1", buyer.OrganizationId, [Scopes.BillingRead], mintsCredit: true) })
        {
            await Assert.ThrowsAsync<AccessDeniedException>(() => refunds.RefundAsync(caller, order.PaymentId, null, "no", null, Cancel));
        }

        Assert.IsType<RefundResult.NoSuchPayment>(await refunds.RefundAsync(Administrator, "pay_none", null, "why", null, Cancel));
        Assert.Equal(3900, Assert.IsType<RefundResult.NotRefundable>(await refunds.RefundAsync(Administrator, order.PaymentId, Money.FromCents(3901), "why", null, Cancel)).Left.Cents);

        shop.Gateway().LosesAnswers = true;
        var pending = Assert.IsType<RefundResult.Accepted>(await refunds.RefundAsync(Administrator, order.PaymentId, Money.FromCents(1950), "Half", "k", Cancel)).Refund;
        Assert.Equal(RefundState.Pending, pending.State);
        shop.Gateway().LosesAnswers = false;
        var done = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => refunds.RefundAsync(Administrator, order.PaymentId, Money.FromCents(1950), "Half", "k", Cancel)));
        Assert.All(done, result => Assert.Equal(pending.Id, Assert.IsType<RefundResult.Accepted>(result).Refund.Id));
        Assert.Equal(2500m, await shop.PurchasedAsync(buyer));
        Assert.Equal("Half", Assert.Single(await NotesAsync(shop, buyer)).Reason);

        Assert.IsType<RefundResult.Accepted>(await refunds.RefundAsync(Administrator, order.PaymentId, null, "Rest", null, Cancel));
        Assert.Equal(0m, await shop.PurchasedAsync(buyer));
        Assert.Equal(Money.Zero, Assert.IsType<RefundResult.NotRefundable>(await refunds.RefundAsync(Administrator, order.PaymentId, null, "More", null, Cancel)).Left);
        await shop.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task A_refund_that_fails_at_the_bank_gives_the_credit_again_annuls_its_note_and_may_be_made_anew()
    {
        await using var shop = Shop.Open(store.Database);
        var (buyer, paymentId, intentId) = await BuyAsync(shop);
        var refunds = shop.Get<Refunds>();
        var refund = Assert.IsType<RefundResult.Accepted>(await refunds.RefundAsync(Administrator, paymentId, Money.FromCents(1950), "Half", null, Cancel)).Refund;
        Assert.Equal(2500m, await shop.PurchasedAsync(buyer));

        await shop.Get<SandboxCharges>().FailRefundAsync(refund.GatewayRefundId!, Cancel);

        await Eventually.TrueAsync(async () => await shop.PurchasedAsync(buyer) == 5000m);
        Assert.Equal([1950L, -1950L], (await NotesAsync(shop, buyer)).OrderBy(note => note.Id, StringComparer.Ordinal).Select(note => note.AmountCents.Cents));
        Assert.Equal(RefundState.Failed, await shop.QueryAsync(db => db.Set<PaymentRefund>().Where(row => row.Id == refund.Id).Select(row => row.State).SingleAsync(Cancel)));
        Assert.Equal(Money.Zero, (await shop.PaymentAsync(buyer, paymentId)).Refunded);
        Assert.Single(await shop.QueryAsync(db => db.Set<OutboxEvent>().Where(row => row.OrganizationId == buyer.OrganizationId && row.Type == "payment.refund_failed").ToListAsync(Cancel)));

        // Told late of what is past, and again of the failure: nothing moves.
        await Task.WhenAll(
            shop.SendAsync(Refunded(intentId, 1950)), shop.SendAsync(FailedRefund(intentId, refund.GatewayRefundId!)), shop.SendAsync(FailedRefund(intentId, refund.GatewayRefundId!)));
        Assert.Equal(5000m, await shop.PurchasedAsync(buyer));

        Assert.IsType<RefundResult.Accepted>(await refunds.RefundAsync(Administrator, paymentId, Money.FromCents(1950), "Half, another way", null, Cancel));
        Assert.Equal(2500m, await shop.PurchasedAsync(buyer));
        Assert.Equal(1950, (await NotesAsync(shop, buyer)).Sum(note => note.AmountCents.Cents));
        await shop.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task A_failure_that_is_told_before_its_refund_takes_nothing_and_nor_does_the_refund()
    {
        await using var shop = Shop.Open(store.Database);
        var (buyer, _, intentId) = await BuyAsync(shop);

        await shop.SendAsync(FailedRefund(intentId, "re_1"));
        await shop.SendAsync(Refunded(intentId, 3900));

        Assert.Equal(5000m, await shop.PurchasedAsync(buyer));
        Assert.Empty(await NotesAsync(shop, buyer));
        Assert.Equal(HttpStatusCode.OK, await shop.SendAsync(FailedRefund("pi_unheard_of", "re_1")));
        Assert.Equal(1, await UnappliedAsync(shop, "pi_unheard_of"));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<(Caller Buyer, string PaymentId, string IntentId)> BuyAsync(Shop shop)
    {
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);
        await shop.PayAsync(order);
        await shop.Tracker.ArriveAsync(buyer, order.PaymentId, Cancel);
        Assert.Equal(5000m, await shop.PurchasedAsync(buyer));
        return (buyer, order.PaymentId, await shop.QueryAsync(db => db.Set<Payment>().Where(row => row.Id == order.PaymentId).Select(row => row.PaymentIntentId!).SingleAsync(Cancel)));
    }

    private static async Task<decimal> TakenAsync(Shop shop, Caller buyer) => 5000m - await shop.PurchasedAsync(buyer);

    private static Task<int> UnappliedAsync(Shop shop, string intentId) =>
        shop.QueryAsync(db => db.Set<GatewayEventRow>().CountAsync(row => row.State == GatewayEventState.Received && row.Payload.Contains(intentId), Cancel));

    private static async Task<IReadOnlyList<CreditNote>> NotesAsync(Shop shop, Caller buyer) =>
        await shop.QueryAsync(db => db.Set<CreditNote>().Where(row => row.OrganizationId == buyer.OrganizationId).ToListAsync(Cancel));

    private static string Refunded(string intentId, int total, string currency = "usd", bool live = false) => $$"""
        { "id": "evt_{{Guid.NewGuid():N}}", "object": "event", "type": "charge.refunded", "data": { "object": {
          "id": "ch_1", "object": "charge", "amount": 3900, "amount_refunded": {{total}}, "currency": "{{currency}}", "livemode": {{(live ? "true" : "false")}},
          "payment_intent": "{{intentId}}", "metadata": {} } } }
        """;

    private static string FailedRefund(string intentId, string refundId) => $$"""
        { "id": "evt_{{Guid.NewGuid():N}}", "object": "event", "type": "refund.updated", "data": { "object": {
          "id": "{{refundId}}", "object": "refund", "amount": 1950, "currency": "usd", "status": "failed", "failure_reason": "expired_or_canceled_card",
          "payment_intent": "{{intentId}}", "metadata": {} } } }
        """;

    private static string Disputed(string intentId, string type, string status) => $$"""
        { "id": "evt_{{Guid.NewGuid():N}}", "object": "event", "type": "{{type}}", "data": { "object": {
          "id": "dp_{{intentId}}", "object": "dispute", "amount": 3900, "currency": "usd", "livemode": false, "status": "{{status}}", "payment_intent": "{{intentId}}" } } }
        """;
}

public sealed class ReversalTestsOnSqlite(StoreFixture<SqliteEngine> store) : ReversalTests<SqliteEngine>(store);

public sealed class ReversalTestsOnPostgres(StoreFixture<PostgresEngine> store) : ReversalTests<PostgresEngine>(store);

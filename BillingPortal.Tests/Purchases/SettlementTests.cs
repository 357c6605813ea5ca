using System.Net;
using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Invoices;
using BillingPortal.Payments;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Purchases;

public abstract class SettlementTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Fact]
    public async Task A_paid_pack_is_credited_invoiced_and_told_in_one_commit()
    {
        await using var shop = Shop.Open(store.Database);
        var person = await shop.NewPersonAsync();
        var buyer = person.Caller;
        var order = await shop.BuyAsync(buyer);

        await shop.PayAsync(order, tells: true);

        var payment = await shop.UntilAsync(buyer, order.PaymentId, payment => payment.IsCredited);
        Assert.Equal(5000m, await shop.PurchasedAsync(buyer));
        Assert.False(payment.IsLate);
        Assert.NotNull(payment.AcceptedAt);
        Assert.NotNull(payment.ConfirmedAt);
        Assert.NotNull(payment.SettledAt);
        Assert.Null(payment.CheckoutUrl);

        var invoice = await shop.Get<InvoiceBook>().FindByPaymentAsync(buyer, order.PaymentId, Cancel);
        Assert.NotNull(invoice);
        Assert.Matches("^[0-9]{4}-[0-9]{6}$", invoice.Number);
        Assert.Equal(person.Email.Split('@')[0], invoice.BuyerName);
        Assert.Equal(3900, invoice.TotalCents.Cents);
        Assert.Equal("Growth Pack, 5,000 credits", Assert.Single(invoice.Lines).Description);

        var transaction = await shop.QueryAsync(db => db.Set<PostedReferenceRow>()
            .SingleAsync(row => row.OrganizationId == buyer.OrganizationId && row.Reference == $"payment:{order.PaymentId}", Cancel));
        var events = await shop.QueryAsync(db => db.Set<OutboxEvent>().Where(row => row.OrganizationId == buyer.OrganizationId).OrderBy(row => row.Type).ToListAsync(Cancel));
        Assert.Equal(["credits.purchased", "invoice.paid"], events.Select(told => told.Type));
        Assert.Contains(transaction.ResultId!, events[0].Data, StringComparison.Ordinal);
        Assert.Contains(invoice.Number, events[1].Data, StringComparison.Ordinal);
        await shop.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task Copies_of_an_event_in_a_row_and_at_once_credit_once()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);
        var told = StripeEvent.Completed(order).ToString();

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => shop.SendAsync(told)));
        var again = await shop.SendAsync(told);

        Assert.All(answers.Append(again), answer => Assert.Equal(HttpStatusCode.OK, answer));
        Assert.Equal(5000m, await shop.PurchasedAsync(buyer));
        Assert.Equal(1, await shop.QueryAsync(db => db.Set<Invoice>().CountAsync(row => row.PaymentId == order.PaymentId, Cancel)));
    }

    [Fact]
    public async Task Different_events_of_one_payment_at_once_credit_once()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);

        await Task.WhenAll(Enumerable.Range(0, 6).Select(i =>
            shop.SendAsync((i % 2 == 0 ? StripeEvent.Completed(order) : StripeEvent.Arrived(order)).ToString())));

        Assert.Equal(5000m, await shop.PurchasedAsync(buyer));
        await shop.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task Events_in_any_order_end_the_same()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync("pro");
        Func<BillingPortal.Purchases.PurchaseStart.Ready, StripeEvent>[] events = [StripeEvent.Unpaid, StripeEvent.Arrived, StripeEvent.Completed];
        int[][] orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        string[] packs = ["credits_1000", Shop.Pack];

        foreach (var (index, sequence) in orders.Index())
        {
            var order = await shop.BuyAsync(buyer, packs[index % 2]);
            foreach (var told in sequence)
            {
                var cents = index % 2 == 0 ? 900 : 3900;
                Assert.Equal(HttpStatusCode.OK, await shop.SendAsync((events[told](order) with { Cents = cents }).ToString()));
            }

            Assert.Equal(PaymentState.Succeeded, (await shop.PaymentAsync(buyer, order.PaymentId)).State);
        }

        Assert.Equal((3 * 1000m) + (3 * 5000m), await shop.PurchasedAsync(buyer));
    }

    [Fact]
    public async Task A_checkout_completed_but_unpaid_waits_and_is_credited_when_the_money_arrives()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);

        await shop.SendAsync(StripeEvent.Unpaid(order).ToString());
        var waiting = await shop.PaymentAsync(buyer, order.PaymentId);
        Assert.True(waiting.IsPending);
        Assert.NotNull(waiting.AcceptedAt);
        Assert.Null(waiting.ConfirmedAt);
        Assert.Null(waiting.CheckoutUrl);
        Assert.Equal(0m, await shop.PurchasedAsync(buyer));

        await shop.SendAsync(StripeEvent.Arrived(order).ToString());
        Assert.Equal(5000m, await shop.PurchasedAsync(buyer));
    }

    [Fact]
    public async Task Money_that_does_not_arrive_closes_the_order_and_says_why()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);

        await shop.SendAsync(StripeEvent.Unpaid(order).ToString());
        await shop.SendAsync(StripeEvent.Bounced(order).ToString());

        var payment = await shop.PaymentAsync(buyer, order.PaymentId);
        Assert.Equal(PaymentState.Failed, payment.State);
        Assert.Equal("payment_failed", payment.Problem);
        Assert.Equal(0m, await shop.PurchasedAsync(buyer));
    }

    [Theory]
    [InlineData("amount_mismatch")]
    [InlineData("currency_mismatch")]
    [InlineData("livemode_mismatch")]
    [InlineData("checkout_mismatch")]
    [InlineData("unknown_payment")]
    public async Task An_event_that_contradicts_the_order_is_accepted_kept_and_credits_nothing(string problem)
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);
        var genuine = StripeEvent.Completed(order);
        var told = problem switch
        {
            "amount_mismatch" => genuine with { Cents = 3899 },
            "currency_mismatch" => genuine with { Currency = "eur" },
            "livemode_mismatch" => genuine with { Live = true },
            "checkout_mismatch" => genuine with { SessionId = "cs_test_other" },
            _ => genuine with { PaymentId = "pay_of_nobody" },
        };

        Assert.Equal(HttpStatusCode.OK, await shop.SendAsync(told.ToString()));

        var row = await shop.QueryAsync(db => db.Set<GatewayEventRow>().SingleAsync(stored => stored.Id == told.Id, Cancel));
        Assert.Equal((GatewayEventState.Refused, problem), (row.State, row.Problem));
        Assert.Null(row.NextAttemptAt);
        Assert.True((await shop.PaymentAsync(buyer, order.PaymentId)).IsPending);
        Assert.Equal(0m, await shop.PurchasedAsync(buyer));
    }

    [Fact]
    public async Task A_forged_event_is_refused_and_leaves_no_trace()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);
        var body = System.Text.Encoding.UTF8.GetBytes(StripeEvent.Completed(order).ToString());
        var genuine = WebhookSignature.Sign(Shop.Secret, body, shop.Clock.GetUtcNow());
        string?[] forgeries =
        [
            null, "", "garbage", WebhookSignature.Sign("whsec_guess", body, shop.Clock.GetUtcNow()),
            genuine.Replace("v1=", "v0=", StringComparison.Ordinal), WebhookSignature.Sign(Shop.Secret, [.. body, 32], shop.Clock.GetUtcNow()),
            WebhookSignature.Sign(Shop.Secret, body, shop.Clock.GetUtcNow().AddMinutes(-10)),
        ];

        foreach (var forgery in forgeries)
        {
            Assert.Equal(HttpStatusCode.BadRequest, await shop.SendSignedAsync(body, forgery));
        }

        Assert.Equal(0, await shop.QueryAsync(db => db.Set<GatewayEventRow>().CountAsync(row => row.PaymentId == order.PaymentId, Cancel)));
        Assert.True((await shop.PaymentAsync(buyer, order.PaymentId)).IsPending);
        Assert.Equal(HttpStatusCode.OK, await shop.SendSignedAsync(body, genuine));
    }

    [Fact]
    public async Task An_oversized_or_unreadable_body_is_refused()
    {
        await using var shop = Shop.Open(store.Database);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await shop.SendAsync(new string('x', 300_000)));
        Assert.Equal(HttpStatusCode.BadRequest, await shop.SendAsync("not json"));
        Assert.Equal(HttpStatusCode.BadRequest, await shop.SendAsync("{}"));
        Assert.Equal(HttpStatusCode.BadRequest, await shop.SendAsync("""{"id":"evt_1","type":"checkout.session.completed","data":7}"""));
    }

    [Fact]
    public async Task An_event_of_another_kind_is_accepted_and_ignored()
    {
        await using var shop = Shop.Open(store.Database);

        Assert.Equal(HttpStatusCode.OK, await shop.SendAsync("""{"id":"evt_other","type":"customer.created","data":{"object":{"id":"cus_1"}}}"""));

        Assert.Equal(GatewayEventState.Ignored, await shop.QueryAsync(db => db.Set<GatewayEventRow>().Where(row => row.Id == "evt_other").Select(row => row.State).SingleAsync(Cancel)));
    }

    [Fact]
    public async Task Either_of_two_configured_secrets_signs_events()
    {
        await using var shop = Shop.Open(store.Database, settings: new()
        {
            ["Stripe:WebhookSecret"] = null,
            ["Stripe:WebhookSecret:0"] = "whsec_new",
            ["Stripe:WebhookSecret:1"] = Shop.Secret,
        });
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);

        Assert.Equal(HttpStatusCode.OK, await shop.SendAsync(StripeEvent.Completed(order).ToString()));

        Assert.Equal(5000m, await shop.PurchasedAsync(buyer));
    }

    [Fact]
    public async Task A_payment_reported_three_days_late_is_credited_and_marked_late()
    {
        var clock = new SetClock(TimeProvider.System.GetUtcNow());
        await using var shop = Shop.Open(store.Database, clock);
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);
        await shop.SendAsync(StripeEvent.Expired(order).ToString());
        Assert.Equal(PaymentState.Expired, (await shop.PaymentAsync(buyer, order.PaymentId)).State);

        clock.Now += TimeSpan.FromDays(3);
        Assert.Equal(HttpStatusCode.OK, await shop.SendAsync(StripeEvent.Completed(order).ToString()));

        var payment = await shop.PaymentAsync(buyer, order.PaymentId);
        Assert.True(payment is { IsCredited: true, IsLate: true });
        Assert.Equal(5000m, await shop.PurchasedAsync(buyer));
    }

    [Fact]
    public async Task A_redelivery_a_week_later_is_accepted_and_changes_nothing()
    {
        var clock = new SetClock(TimeProvider.System.GetUtcNow());
        await using var shop = Shop.Open(store.Database, clock);
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);
        var told = StripeEvent.Completed(order).ToString();
        await shop.SendAsync(told);

        clock.Now += TimeSpan.FromDays(7);

        Assert.Equal(HttpStatusCode.OK, await shop.SendAsync(told));
        Assert.Equal(5000m, await shop.PurchasedAsync(buyer));
    }

    [Fact]
    public async Task An_expiry_that_is_told_after_the_payment_takes_nothing_back()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);

        await shop.SendAsync(StripeEvent.Completed(order).ToString());
        await shop.SendAsync(StripeEvent.Expired(order).ToString());
        await shop.SendAsync(StripeEvent.Bounced(order).ToString());

        Assert.True((await shop.PaymentAsync(buyer, order.PaymentId)).IsCredited);
        Assert.Equal(5000m, await shop.PurchasedAsync(buyer));
    }

    [Fact]
    public async Task A_lost_webhook_is_healed_within_a_minute()
    {
        var clock = new ManualClock();
        await using var shop = Shop.Open(store.Database, clock);
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);
        await shop.PayAsync(order, tells: false);

        for (var waited = TimeSpan.Zero; waited < TimeSpan.FromMinutes(1); waited += TimeSpan.FromSeconds(5))
        {
            clock.Advance(TimeSpan.FromSeconds(5));
            await Task.Delay(20, Cancel);
        }

        await shop.UntilAsync(buyer, order.PaymentId, payment => payment.IsCredited);
        Assert.Equal(5000m, await shop.PurchasedAsync(buyer));
    }

    [Fact]
    public async Task A_browser_that_comes_back_makes_the_portal_ask_and_alone_proves_nothing()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);

        var unpaid = await shop.Tracker.ArriveAsync(buyer, order.PaymentId, Cancel);
        Assert.True(unpaid!.IsPending);
        Assert.Equal(0m, await shop.PurchasedAsync(buyer));

        await shop.PayAsync(order, tells: false);
        var returns = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => shop.Tracker.ArriveAsync(buyer, order.PaymentId, Cancel)));

        Assert.All(returns, paid => Assert.True(paid!.IsCredited));
        Assert.Equal(5000m, await shop.PurchasedAsync(buyer));
    }

    [Fact]
    public async Task Another_organization_finds_no_payment()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();
        var stranger = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);

        Assert.Null(await shop.Tracker.GetAsync(stranger, order.PaymentId, Cancel));
        Assert.Null(await shop.Tracker.ArriveAsync(stranger, order.PaymentId, Cancel));
        Assert.Empty(await shop.Tracker.ListOpenAsync(stranger, Cancel));
        Assert.Equal(order.PaymentId, Assert.Single(await shop.Tracker.ListOpenAsync(buyer, Cancel)).Id);
        Assert.Null(await shop.Get<InvoiceBook>().FindByPaymentAsync(stranger, order.PaymentId, Cancel));
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            shop.Tracker.GetAsync(Caller.ForKey("key_1", buyer.OrganizationId, [Scopes.UsageWrite]), order.PaymentId, Cancel));
    }

    [Fact]
    public async Task A_plan_that_was_given_up_between_checkout_and_payment_does_not_void_it()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);
        await shop.QueryAsync(db => db.Set<Subscription>().Where(row => row.OrganizationId == buyer.OrganizationId)
            .ExecuteUpdateAsync(row => row.SetProperty(s => s.PlanId, "free"), Cancel));

        await shop.SendAsync(StripeEvent.Completed(order).ToString());

        Assert.Equal(5000m, await shop.PurchasedAsync(buyer));
    }

    [Fact]
    public async Task An_event_that_cannot_be_applied_is_kept_and_applied_later()
    {
        var clock = new ManualClock();
        await using var shop = Shop.Open(store.Database, clock, services =>
        {
            services.AddSingleton<BillingPortal.Purchases.PackFulfilment>();
            services.AddSingleton<IPaymentFulfilment, BrokenOnce>();
            services.Remove(services.First(service => service.ImplementationType == typeof(BillingPortal.Purchases.PackFulfilment) && service.ServiceType == typeof(IPaymentFulfilment)));
        });
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);

        Assert.Equal(HttpStatusCode.OK, await shop.SendAsync(StripeEvent.Completed(order).ToString()));
        Assert.Equal(0m, await shop.PurchasedAsync(buyer));

        clock.Advance(TimeSpan.FromSeconds(10));
        await shop.UntilAsync(buyer, order.PaymentId, payment => payment.IsCredited);
        Assert.Equal(5000m, await shop.PurchasedAsync(buyer));
    }

    [Fact]
    public async Task Invoice_numbers_have_no_gap_and_no_double()
    {
        await using var shop = Shop.Open(store.Database);
        var buyers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => shop.NewBuyerAsync()));
        var orders = await Task.WhenAll(buyers.SelectMany(buyer => Enumerable.Range(0, 3).Select(_ => shop.BuyAsync(buyer))));

        await Task.WhenAll(orders.Select(order => shop.SendAsync(StripeEvent.Completed(order).ToString())));

        var numbers = await shop.QueryAsync(db => db.Set<Invoice>().Select(row => row.Number).ToListAsync(Cancel));
        foreach (var year in numbers.GroupBy(number => number[..4]))
        {
            Assert.Equal(
                Enumerable.Range(1, year.Count()).Select(number => $"{year.Key}-{number:D6}"),
                year.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task An_api_pack_credits_the_price_less_the_fee_and_shows_the_fee_on_the_invoice()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync("free");
        var order = Assert.IsType<BillingPortal.Purchases.PurchaseStart.Ready>(await shop.Purchases.StartApiPackAsync(buyer, "starter", null, Cancel));

        await shop.SendAsync((StripeEvent.Completed(order) with { Cents = 999 }).ToString());

        Assert.Equal(949_050m, await shop.PurchasedAsync(buyer, CreditTypes.ApiCredits));
        var invoice = await shop.Get<InvoiceBook>().FindByPaymentAsync(buyer, order.PaymentId, Cancel);
        Assert.Equal([949L, 50L], invoice!.Lines.OrderBy(line => line.Position).Select(line => line.AmountCents.Cents));
        Assert.Equal(999, invoice.TotalCents.Cents);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private sealed class BrokenOnce(BillingPortal.Purchases.PackFulfilment inner) : IPaymentFulfilment
    {
        private int calls;

        public bool Fulfils(PaymentKind kind) => inner.Fulfils(kind);

        public WalletCommand Fulfil(Payment payment) => Interlocked.Increment(ref calls) == 1 ? throw new TimeoutException("broken for now") : inner.Fulfil(payment);
    }
}

public sealed class SettlementTestsOnSqlite(StoreFixture<SqliteEngine> store) : SettlementTests<SqliteEngine>(store);

public sealed class SettlementTestsOnPostgres(StoreFixture<PostgresEngine> store) : SettlementTests<PostgresEngine>(store);

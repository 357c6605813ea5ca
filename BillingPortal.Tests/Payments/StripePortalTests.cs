using System.Net;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Purchases;
using BillingPortal.Tests.Purchases;
using BillingPortal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BillingPortal.Tests.Payments;

/// <summary>The whole portal with Stripe as its provider, against a stand-in.</summary>
public abstract class StripePortalTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>, IAsyncLifetime
    where TEngine : IStoreEngine, new()
{
    private readonly LogSink log = new();
    private StripeStandIn stripe = null!;
    private Shop shop = null!;

    public async ValueTask InitializeAsync()
    {
        stripe = await StripeStandIn.StartAsync();
        shop = Shop.Open(
            store.Database,
            services: collection => collection.AddSingleton<ILoggerProvider>(log),
            settings: new()
            {
                ["Payments:Provider"] = "Stripe",
                ["Stripe:ApiKey"] = "sk_test_standin",
                ["Stripe:ApiBase"] = stripe.Address,
                ["Stripe:AttemptTimeout"] = "00:00:10",
                ["Stripe:MaxRetries"] = "1",
                ["Payments:InquiryTimeout"] = "00:00:20",
            });
    }

    public async ValueTask DisposeAsync()
    {
        await shop.DisposeAsync();
        await stripe.DisposeAsync();
        Assert.Empty(stripe.Unknown);
        Assert.DoesNotContain(log.Lines, line => line.Contains("sk_test_", StringComparison.Ordinal) || line.Contains(Shop.Secret, StringComparison.Ordinal) || line.Contains("_secret_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_pack_paid_at_stripe_is_credited_by_its_event_or_by_asking_and_never_twice()
    {
        var buyer = await shop.NewBuyerAsync();
        var told = await shop.BuyAsync(buyer);
        Assert.StartsWith("https://checkout.stripe.example/", told.CheckoutUrl, StringComparison.Ordinal);
        stripe.Pay(Shop.SessionOf(told));
        var completed = StripeEvent.Completed(told);
        Assert.Equal(HttpStatusCode.BadRequest, await shop.SendAsync(completed.ToString(), "t=1,v1=00"));
        Assert.Equal(HttpStatusCode.OK, await shop.SendAsync(completed.ToString()));
        Assert.Equal(HttpStatusCode.OK, await shop.SendAsync(completed.ToString()));
        Assert.Equal(5000m, await shop.PurchasedAsync(buyer));

        var lost = await shop.BuyAsync(buyer, "credits_1000");
        stripe.Pay(Shop.SessionOf(lost));
        Assert.True((await shop.Tracker.ArriveAsync(buyer, lost.PaymentId, Cancel))!.IsCredited);
        Assert.Equal(6000m, await shop.PurchasedAsync(buyer));
        Assert.True((await shop.Get<InvoiceBook>().FindByPaymentAsync(buyer, lost.PaymentId, Cancel))!.IsTest);

        var live = await shop.BuyAsync(buyer);
        Assert.Equal(HttpStatusCode.OK, await shop.SendAsync((StripeEvent.Completed(live) with { Live = true }).ToString()));
        Assert.Equal(6000m, await shop.PurchasedAsync(buyer));
        await shop.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task While_stripe_is_away_nothing_is_charged_and_the_same_order_goes_on_when_it_is_back()
    {
        var buyer = await shop.NewBuyerAsync();
        stripe.Fail(StripeFault.CutAfter, StripeFault.BrokenBefore);

        Assert.IsType<PurchaseStart.GatewayDown>(await shop.Purchases.StartAsync(buyer, Shop.Pack, "key-1", Cancel));
        var order = await shop.BuyAsync(buyer, key: "key-1");

        Assert.Single(stripe.All("checkout.session"), session => (string?)session["client_reference_id"] == order.PaymentId);
        Assert.Equal(order.PaymentId, (await shop.BuyAsync(buyer, key: "key-1")).PaymentId);
    }

    [Fact]
    public async Task A_charge_whose_answer_was_lost_is_settled_by_looking_and_never_made_again()
    {
        var buyer = await shop.NewBuyerAsync();
        Assert.IsType<CardSetupStart.Ready>(await shop.Cards.StartSetupAsync(buyer, "/payment-methods", Cancel));
        var customer = (string)stripe.All("customer").Single()["id"]!;
        stripe.Save(customer, StripeStandIn.GoodCard);
        Assert.Single(await shop.Cards.ArriveAsync(buyer, Cancel));
        stripe.Fail(StripeFault.CutAfter, StripeFault.CutBefore);

        var unknown = Assert.IsType<ChargeResult.Unknown>(await shop.ChargeAsync(buyer, Money.FromDollars(10)));
        Assert.Equal(0m, await shop.PurchasedAsync(buyer));
        Assert.True((await shop.Tracker.ArriveAsync(buyer, unknown.PaymentId, Cancel))!.IsCredited);

        Assert.Equal(1000m, await shop.PurchasedAsync(buyer));
        Assert.Single(stripe.All("payment_intent"));
        stripe.Save(customer, StripeStandIn.PoorCard);
        stripe.Delete(StripeStandIn.GoodCard);
        var missing = Assert.IsType<ChargeResult.Declined>(await shop.ChargeAsync(buyer, Money.FromDollars(10)));
        Assert.Equal(FailureCodes.CardMissing, missing.Code);
        Assert.Equal("insufficient_funds", Assert.IsType<ChargeResult.Declined>(await shop.ChargeAsync(buyer, Money.FromDollars(10))).Code);
        Assert.Equal(1000m, await shop.PurchasedAsync(buyer));
        await shop.AssertLedgerHoldsAsync();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}

public sealed class StripePortalTestsOnSqlite(StoreFixture<SqliteEngine> store) : StripePortalTests<SqliteEngine>(store);

public sealed class StripePortalTestsOnPostgres(StoreFixture<PostgresEngine> store) : StripePortalTests<PostgresEngine>(store);

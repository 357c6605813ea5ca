using BillingPortal.Access;
using BillingPortal.Payments;
using BillingPortal.Payments.Sandbox;
using BillingPortal.Purchases;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Tests.Purchases;

public abstract class PackPurchaseTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Fact]
    public async Task The_checkout_is_at_the_configured_address_and_leads_back_there()
    {
        await using var shop = Shop.Open(store.Database, settings: new() { ["Portal:PublicUrl"] = "https://billing.example.com/portal" });
        var buyer = await shop.NewBuyerAsync();

        var order = await shop.BuyAsync(buyer);

        Assert.Equal($"https://billing.example.com/portal/sandbox/checkout/{Shop.SessionOf(order)}", order.CheckoutUrl);
        var page = await shop.Sandbox.FindAsync(Shop.SessionOf(order), Cancel);
        Assert.Equal($"https://billing.example.com/portal/billing/payments/{order.PaymentId}", page!.SuccessUrl);
        Assert.Equal($"https://billing.example.com/portal/buy?pack={Shop.Pack}&canceled=1", page.CancelUrl);
    }

    [Fact]
    public async Task Without_a_configured_address_the_one_it_is_bound_to_serves()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();

        var order = await shop.BuyAsync(buyer);

        Assert.StartsWith(shop.Site.Address.ToString(), order.CheckoutUrl, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_key_is_the_same_order_however_often_and_however_fast()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();

        var orders = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => shop.BuyAsync(buyer, key: "form-1")));
        var again = await shop.BuyAsync(buyer, key: "form-1");

        Assert.All(orders, order => Assert.Equal((again.PaymentId, again.CheckoutUrl), (order.PaymentId, order.CheckoutUrl)));
        Assert.Single(orders, order => !order.IsRepeat);
        Assert.True(again is { IsRepeat: true, IsOver: false });
        Assert.Single(await shop.Tracker.ListOpenAsync(buyer, Cancel));
    }

    [Fact]
    public async Task A_key_for_another_pack_is_refused_and_keys_of_others_do_not_matter()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();
        var other = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer, key: "k");

        Assert.IsType<PurchaseStart.KeyReused>(await shop.Purchases.StartAsync(buyer, "credits_1000", "k", Cancel));
        Assert.NotEqual(order.PaymentId, (await shop.BuyAsync(other, key: "k")).PaymentId);
    }

    [Fact]
    public async Task A_key_whose_order_has_ended_says_so()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer, key: "k");
        await shop.SendAsync(StripeEvent.Completed(order).ToString());

        var again = await shop.BuyAsync(buyer, key: "k");

        Assert.Equal((order.PaymentId, true, true), (again.PaymentId, again.IsRepeat, again.IsOver));
    }

    [Fact]
    public async Task The_fourth_pack_of_a_kind_waits_for_the_next_cycle()
    {
        var clock = new SetClock(TimeProvider.System.GetUtcNow());
        await using var shop = Shop.Open(store.Database, clock);
        var buyer = await shop.NewBuyerAsync();
        for (var i = 0; i < 3; i++)
        {
            await shop.SendAsync(StripeEvent.Completed(await shop.BuyAsync(buyer)).ToString());
        }

        var standing = await shop.Get<PlanStandings>().GetAsync(buyer.OrganizationId, Cancel);
        var refused = Assert.IsType<PurchaseStart.LimitReached>(await shop.Purchases.StartAsync(buyer, Shop.Pack, null, Cancel));
        Assert.Equal(standing.CycleEnd, refused.NextAvailableAt);
        var offers = await shop.Purchases.GetOffersAsync(buyer, Cancel);
        Assert.Equal((0, false), offers.Where(offer => offer.Pack.Id == Shop.Pack).Select(offer => (offer.PlacesLeft, offer.IsOpen)).Single());
        Assert.Equal(3, offers.Single(offer => offer.Pack.Id == "credits_1000").PlacesLeft);
        await shop.BuyAsync(buyer, "credits_1000");

        clock.Now = standing.CycleEnd;
        await shop.BuyAsync(buyer);
    }

    [Fact]
    public async Task Of_five_that_race_for_the_last_place_one_wins()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();
        await shop.BuyAsync(buyer);
        await shop.BuyAsync(buyer);

        var starts = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => shop.Purchases.StartAsync(buyer, Shop.Pack, null, Cancel)));

        Assert.Single(starts.OfType<PurchaseStart.Ready>());
        Assert.Equal(4, starts.OfType<PurchaseStart.LimitReached>().Count());
    }

    [Fact]
    public async Task A_checkout_that_expires_frees_its_place_and_can_no_longer_be_paid()
    {
        var clock = new ManualClock();
        await using var shop = Shop.Open(store.Database, clock);
        var buyer = await shop.NewBuyerAsync();
        var orders = new[] { await shop.BuyAsync(buyer), await shop.BuyAsync(buyer), await shop.BuyAsync(buyer) };
        var full = Assert.IsType<PurchaseStart.LimitReached>(await shop.Purchases.StartAsync(buyer, Shop.Pack, null, Cancel));
        Assert.Equal(clock.GetUtcNow() + TimeSpan.FromMinutes(30), full.NextAvailableAt);

        clock.MoveTo(full.NextAvailableAt);
        await shop.BuyAsync(buyer);

        Assert.Equal(SandboxAnswer.Over, await shop.Sandbox.PayAsync(Shop.SessionOf(orders[0]), SandboxMethod.CardThatPays, false, SandboxWebhooks.AsTheyShould, Cancel));
        var closed = await shop.UntilAsync(buyer, orders[0].PaymentId, payment => !payment.IsPending);
        Assert.Equal(PaymentState.Expired, closed.State);
        Assert.Equal(0m, await shop.PurchasedAsync(buyer));
    }

    [Fact]
    public async Task A_place_that_was_paid_for_at_the_last_moment_is_not_given_away()
    {
        var clock = new ManualClock();
        await using var shop = Shop.Open(store.Database, clock);
        var buyer = await shop.NewBuyerAsync();
        var orders = new[] { await shop.BuyAsync(buyer), await shop.BuyAsync(buyer), await shop.BuyAsync(buyer) };
        clock.Advance(TimeSpan.FromMinutes(29));
        foreach (var order in orders)
        {
            await shop.PayAsync(order, tells: false);
        }

        clock.Advance(TimeSpan.FromMinutes(2));

        Assert.IsType<PurchaseStart.LimitReached>(await shop.Purchases.StartAsync(buyer, Shop.Pack, null, Cancel));
        Assert.Equal(15_000m, await shop.PurchasedAsync(buyer));
    }

    [Fact]
    public async Task Buying_needs_a_plan_that_may_a_role_that_may_and_a_pack_that_is()
    {
        await using var shop = Shop.Open(store.Database);
        var free = await shop.NewBuyerAsync("free");
        var buyer = await shop.NewBuyerAsync();

        var upgrade = Assert.IsType<PurchaseStart.UpgradeRequired>(await shop.Purchases.StartAsync(free, Shop.Pack, null, Cancel));
        Assert.Equal("lite", upgrade.Required.Id);
        Assert.All(await shop.Purchases.GetOffersAsync(free, Cancel), offer => Assert.Equal("lite", offer.RequiredPlan!.Id));
        Assert.IsType<PurchaseStart.NoSuchPack>(await shop.Purchases.StartAsync(buyer, "credits_7", null, Cancel));
        var member = Caller.ForUser("usr_m", buyer.OrganizationId, MemberRole.Member);
        await Assert.ThrowsAsync<AccessDeniedException>(() => shop.Purchases.StartAsync(member, Shop.Pack, null, Cancel));
        var meter = Caller.ForKey("key_1", buyer.OrganizationId, [Scopes.UsageWrite]);
        await Assert.ThrowsAsync<AccessDeniedException>(() => shop.Purchases.StartAsync(meter, Shop.Pack, null, Cancel));
        var reader = Caller.ForKey("key_2", buyer.OrganizationId, [Scopes.BillingRead]);
        await shop.BuyAsync(reader);
        await Assert.ThrowsAsync<AccessDeniedException>(() => shop.Purchases.StartApiPackAsync(reader, "starter", null, Cancel));
    }

    [Fact]
    public async Task A_gateway_that_is_away_costs_nothing_and_the_same_key_goes_on()
    {
        await using var shop = Shop.Open(store.Database, services: UnreliableGateway.Use);
        var gateway = (UnreliableGateway)shop.Get<IPaymentGateway>();
        var buyer = await shop.NewBuyerAsync();
        gateway.IsAway = true;

        for (var i = 0; i < 4; i++)
        {
            Assert.IsType<PurchaseStart.GatewayDown>(await shop.Purchases.StartAsync(buyer, Shop.Pack, $"k{i}", Cancel));
        }

        Assert.IsType<PurchaseStart.GatewayDown>(await shop.Purchases.StartAsync(buyer, Shop.Pack, "k0", Cancel));
        Assert.Equal(3, (await shop.Purchases.GetOffersAsync(buyer, Cancel)).Single(offer => offer.Pack.Id == Shop.Pack).PlacesLeft);

        gateway.IsAway = false;
        var orders = new[] { await shop.BuyAsync(buyer, key: "k0"), await shop.BuyAsync(buyer, key: "k1"), await shop.BuyAsync(buyer, key: "k2") };
        Assert.Equal(3, orders.Select(order => order.PaymentId).Distinct().Count());
        Assert.IsType<PurchaseStart.LimitReached>(await shop.Purchases.StartAsync(buyer, Shop.Pack, "k3", Cancel));
    }

    [Fact]
    public async Task A_gateway_that_hangs_is_given_up_in_time()
    {
        await using var shop = Shop.Open(
            store.Database, services: UnreliableGateway.Use, settings: new() { ["Payments:CheckoutTimeout"] = "00:00:00.3" });
        ((UnreliableGateway)shop.Get<IPaymentGateway>()).Hangs = true;
        var buyer = await shop.NewBuyerAsync();

        Assert.IsType<PurchaseStart.GatewayDown>(await shop.Purchases.StartAsync(buyer, Shop.Pack, null, Cancel));
    }

    [Fact]
    public async Task A_payment_told_before_the_gateway_has_answered_is_credited_once()
    {
        await using var shop = Shop.Open(store.Database, services: UnreliableGateway.Use);
        var gateway = (UnreliableGateway)shop.Get<IPaymentGateway>();
        var buyer = await shop.NewBuyerAsync();
        gateway.BeforeAnswer = async (order, session) =>
        {
            var told = new StripeEvent("checkout.session.completed", session, order.PaymentId);
            Assert.Equal(System.Net.HttpStatusCode.OK, await shop.SendAsync(told.ToString()));
        };

        var order = await shop.BuyAsync(buyer, key: "k");
        await shop.SendAsync(StripeEvent.Completed(order).ToString());

        Assert.True((await shop.PaymentAsync(buyer, order.PaymentId)).IsCredited);
        Assert.Equal(5000m, await shop.PurchasedAsync(buyer));
    }

    [Fact]
    public async Task An_order_whose_checkout_never_opened_ends_with_its_time_and_its_key_is_free()
    {
        var clock = new ManualClock();
        await using var shop = Shop.Open(store.Database, clock, UnreliableGateway.Use);
        var gateway = (UnreliableGateway)shop.Get<IPaymentGateway>();
        var buyer = await shop.NewBuyerAsync();
        gateway.IsAway = true;
        Assert.IsType<PurchaseStart.GatewayDown>(await shop.Purchases.StartAsync(buyer, Shop.Pack, "k", Cancel));

        gateway.IsAway = false;
        clock.Advance(TimeSpan.FromMinutes(31));
        await Eventually.TrueAsync(() => shop.QueryAsync(db => db.Set<Payment>()
            .AnyAsync(row => row.OrganizationId == buyer.OrganizationId && row.State == PaymentState.Expired && row.IdempotencyKey == null, Cancel)));

        Assert.False((await shop.BuyAsync(buyer, key: "k")).IsRepeat);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}

public sealed class PackPurchaseTestsOnSqlite(StoreFixture<SqliteEngine> store) : PackPurchaseTests<SqliteEngine>(store);

public sealed class PackPurchaseTestsOnPostgres(StoreFixture<PostgresEngine> store) : PackPurchaseTests<PostgresEngine>(store);

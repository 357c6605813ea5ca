using BillingPortal.Access;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Payments.Sandbox;
using BillingPortal.Purchases;
using BillingPortal.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Tests.Purchases;

public abstract class CardTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static readonly Money Ten = Money.FromDollars(10);

    [Fact]
    public async Task A_card_saved_on_its_page_is_listed_and_charged_and_another_one_takes_its_place()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();

        await shop.SaveCardAsync(buyer);

        var first = Assert.Single(await shop.Cards.ListAsync(buyer, Cancel));
        Assert.Equal(("visa", "4242", true, false), (first.Brand, first.Last4, first.IsDefault, first.IsExpired));
        var charged = Assert.IsType<ChargeResult.Succeeded>(await shop.ChargeAsync(buyer, Ten));
        Assert.Equal(1000m, await shop.PurchasedAsync(buyer));
        Assert.NotNull(await shop.Get<InvoiceBook>().FindByPaymentAsync(buyer, charged.PaymentId, Cancel));

        await shop.SaveCardAsync(buyer, SandboxMethod.CardThatAsks);
        Assert.Equal(["3155", "4242"], (await shop.Cards.ListAsync(buyer, Cancel)).Select(card => card.Last4));
        Assert.True(await shop.Cards.MakeDefaultAsync(buyer, first.Id, Cancel));
        Assert.Equal("4242", (await shop.Cards.FindDefaultAsync(buyer.OrganizationId, Cancel))!.Last4);
        await shop.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task Nothing_is_saved_or_charged_for_who_may_not_and_another_organizations_card_is_not_there()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();
        var stranger = await shop.NewBuyerAsync();
        await shop.SaveCardAsync(buyer);
        var card = Assert.Single(await shop.Cards.ListAsync(buyer, Cancel));

        Assert.Empty(await shop.Cards.ListAsync(stranger, Cancel));
        Assert.False(await shop.Cards.RemoveAsync(stranger, card.Id, Cancel));
        Assert.False(await shop.Cards.MakeDefaultAsync(stranger, card.Id, Cancel));
        Assert.IsType<ChargeResult.NoCard>(await shop.ChargeAsync(stranger, Ten));
        var member = Caller.ForUser("usr_m", buyer.OrganizationId, MemberRole.Member);
        var key = Caller.ForKey("key_1", buyer.OrganizationId, [Scopes.BillingRead]);
        foreach (var caller in new[] { member, key })
        {
            await Assert.ThrowsAsync<AccessDeniedException>(() => shop.Cards.StartSetupAsync(caller, "/payment-methods", Cancel));
            await Assert.ThrowsAsync<AccessDeniedException>(() => shop.Cards.RemoveAsync(caller, card.Id, Cancel));
            await Assert.ThrowsAsync<AccessDeniedException>(() => shop.Cards.MakeDefaultAsync(caller, card.Id, Cancel));
            await Assert.ThrowsAsync<AccessDeniedException>(() => shop.Get<TopUps>().StartAsync(caller, Ten, false, null, Cancel));
            await Assert.ThrowsAsync<AccessDeniedException>(() => shop.Get<TopUps>().StartIntentAsync(caller, Ten, null, Cancel));
        }

        Assert.Single(await shop.Cards.ListAsync(buyer, Cancel));
    }

    [Fact]
    public async Task A_removed_card_is_charged_no_more_and_the_next_one_serves()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();
        await shop.SaveCardAsync(buyer);
        await shop.SaveCardAsync(buyer, SandboxMethod.CardThatDeclinesLater);
        var cards = await shop.Cards.ListAsync(buyer, Cancel);
        Assert.Equal(["0341", "4242"], cards.Select(card => card.Last4));

        Assert.True(await shop.Cards.RemoveAsync(buyer, cards[0].Id, Cancel));
        Assert.IsType<ChargeResult.Succeeded>(await shop.ChargeAsync(buyer, Ten));
        Assert.True(await shop.Cards.RemoveAsync(buyer, cards[1].Id, Cancel));

        Assert.False(await shop.Cards.RemoveAsync(buyer, cards[1].Id, Cancel));
        Assert.Empty(await shop.Cards.ArriveAsync(buyer, Cancel));
        Assert.IsType<ChargeResult.NoCard>(await shop.ChargeAsync(buyer, Ten));
    }

    [Theory]
    [InlineData(SandboxMethod.CardThatDeclinesLater, "card_declined", false)]
    [InlineData(SandboxMethod.CardWithoutFunds, "insufficient_funds", false)]
    [InlineData(SandboxMethod.CardThatAlwaysAsks, "authentication_required", true)]
    public async Task A_card_that_refuses_says_why_and_nothing_is_credited(SandboxMethod method, string code, bool needsOwner)
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();
        await shop.SaveCardAsync(buyer, method);

        var declined = Assert.IsType<ChargeResult.Declined>(await shop.ChargeAsync(buyer, Ten));

        Assert.Equal((code, needsOwner), (declined.Code, declined.NeedsOwner));
        Assert.Equal(PaymentState.Failed, (await shop.PaymentAsync(buyer, declined.PaymentId)).State);
        Assert.Equal(0m, await shop.PurchasedAsync(buyer));
        await Eventually.TrueAsync(() => shop.QueryAsync(db => db.Set<GatewayEventRow>()
            .AnyAsync(row => row.PaymentId == declined.PaymentId && row.Type == "payment_intent.payment_failed" && row.State == GatewayEventState.Applied, Cancel)));
    }

    [Fact]
    public async Task A_slow_card_is_pending_until_the_money_is_there()
    {
        await using var shop = Shop.Open(store.Database, settings: new() { ["Payments:Sandbox:BankDelay"] = "00:00:01" });
        var buyer = await shop.NewBuyerAsync();
        await shop.SaveCardAsync(buyer, SandboxMethod.CardThatIsSlow);

        var unknown = Assert.IsType<ChargeResult.Unknown>(await shop.ChargeAsync(buyer, Ten));

        Assert.NotNull((await shop.PaymentAsync(buyer, unknown.PaymentId)).AcceptedAt);
        await shop.UntilAsync(buyer, unknown.PaymentId, payment => payment.IsCredited);
        Assert.Equal(1000m, await shop.PurchasedAsync(buyer));
    }

    [Fact]
    public async Task An_answer_that_is_lost_is_looked_up_and_the_card_is_charged_once()
    {
        var clock = new ManualClock();
        await using var shop = Shop.Open(store.Database, clock, UnreliableGateway.Use);
        var gateway = (UnreliableGateway)shop.Get<IPaymentGateway>();
        var buyer = await shop.NewBuyerAsync();
        await shop.SaveCardAsync(buyer);
        gateway.LosesAnswers = true;

        var unknown = Assert.IsType<ChargeResult.Unknown>(await shop.ChargeAsync(buyer, Ten, "renewal:1"));
        Assert.IsType<ChargeResult.Unknown>(await shop.ChargeAsync(buyer, Ten, "renewal:1"));
        gateway.LosesAnswers = false;
        var asked = gateway.Charges;
        clock.Advance(TimeSpan.FromSeconds(30));
        await shop.UntilAsync(buyer, unknown.PaymentId, payment => payment.IsCredited);

        Assert.Equal(asked, gateway.Charges);
        Assert.IsType<ChargeResult.Succeeded>(await shop.ChargeAsync(buyer, Ten, "renewal:1"));
        Assert.Equal(1, await shop.QueryAsync(db => db.Set<SandboxIntent>().CountAsync(row => row.PaymentId == unknown.PaymentId, Cancel)));
        Assert.Equal(1000m, await shop.PurchasedAsync(buyer));
        await shop.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task A_gateway_that_is_away_for_an_hour_charges_once_when_it_is_back()
    {
        var clock = new ManualClock();
        await using var shop = Shop.Open(store.Database, clock, UnreliableGateway.Use);
        var gateway = (UnreliableGateway)shop.Get<IPaymentGateway>();
        var buyer = await shop.NewBuyerAsync();
        await shop.SaveCardAsync(buyer);
        gateway.IsAway = true;
        var unknown = Assert.IsType<ChargeResult.Unknown>(await shop.ChargeAsync(buyer, Ten));

        clock.Advance(TimeSpan.FromHours(1));
        gateway.IsAway = false;
        clock.Advance(TimeSpan.FromMinutes(1));

        await shop.UntilAsync(buyer, unknown.PaymentId, payment => payment.IsCredited);
        Assert.Equal(1000m, await shop.PurchasedAsync(buyer));
    }

    [Fact]
    public async Task An_order_given_up_before_the_gateway_heard_of_it_is_never_charged()
    {
        var clock = new ManualClock();
        await using var shop = Shop.Open(store.Database, clock, UnreliableGateway.Use);
        var gateway = (UnreliableGateway)shop.Get<IPaymentGateway>();
        var buyer = await shop.NewBuyerAsync();
        await shop.SaveCardAsync(buyer);
        gateway.IsAway = true;
        var unknown = Assert.IsType<ChargeResult.Unknown>(await shop.ChargeAsync(buyer, Ten));

        await shop.Get<CardCharges>().GiveUpAsync(unknown.PaymentId, Cancel);
        gateway.IsAway = false;
        clock.Advance(TimeSpan.FromMinutes(1));

        var closed = await shop.UntilAsync(buyer, unknown.PaymentId, payment => !payment.IsPending);
        Assert.Equal((PaymentState.Failed, FailureCodes.GivenUp), (closed.State, closed.Problem));
        Assert.False(await shop.QueryAsync(db => db.Set<SandboxIntent>().AnyAsync(row => row.PaymentId == unknown.PaymentId, Cancel)));
    }

    [Fact]
    public async Task A_card_removed_at_the_gateway_fails_cleanly_and_is_listed_no_more()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();
        await shop.SaveCardAsync(buyer);
        var card = (await shop.Cards.FindDefaultAsync(buyer.OrganizationId, Cancel))!;
        await shop.Get<SandboxCharges>().RemoveCardAsync(card.PaymentMethodId, Cancel);

        var declined = Assert.IsType<ChargeResult.Declined>(await shop.ChargeAsync(buyer, Ten));

        Assert.Equal(FailureCodes.CardMissing, declined.Code);
        Assert.Empty(await shop.Cards.ListAsync(buyer, Cancel));
    }

    [Fact]
    public async Task A_checkout_can_keep_its_card_even_if_its_events_are_lost()
    {
        var clock = new SetClock(TimeProvider.System.GetUtcNow());
        await using var shop = Shop.Open(store.Database, clock);
        var buyer = await shop.NewBuyerAsync();
        var order = Assert.IsType<TopUpStart.Ready>(await shop.Get<TopUps>().StartAsync(buyer, Ten, keepsCard: true, "k", Cancel));
        Assert.Equal(
            SandboxAnswer.Accepted,
            await shop.Sandbox.PayAsync(Shop.SessionOf(order.Url), SandboxMethod.CardThatPays, isAuthenticated: false, SandboxWebhooks.Lost, Cancel));

        await shop.PassTimeUntilAsync(clock, async () => (await shop.PaymentAsync(buyer, order.PaymentId)).IsCredited);

        await shop.PassTimeUntilAsync(clock, async () => (await shop.Cards.ListAsync(buyer, Cancel)).Count == 1);
        Assert.IsType<ChargeResult.Succeeded>(await shop.ChargeAsync(buyer, Ten));
        Assert.Equal(2000m, await shop.PurchasedAsync(buyer));
    }

    [Fact]
    public async Task A_top_up_readied_for_a_page_of_the_buyers_own_can_be_paid_in_one_way_only()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync("free");
        var stranger = await shop.NewBuyerAsync();
        var ready = Assert.IsType<TopUpStart.Ready>(await shop.Get<TopUps>().StartIntentAsync(buyer, Ten, "k", Cancel));
        var again = Assert.IsType<TopUpStart.Ready>(await shop.Get<TopUps>().StartIntentAsync(buyer, Ten, "k", Cancel));
        Assert.Equal((ready.PaymentId, ready.ClientSecret, true), (again.PaymentId, again.ClientSecret, again.IsRepeat));
        Assert.IsType<TopUpStart.KeyReused>(await shop.Get<TopUps>().StartIntentAsync(buyer, Money.FromDollars(11), "k", Cancel));

        Assert.Null(await shop.Get<PaymentOrders>().OpenPageAsync(stranger, ready.PaymentId, "/buy", Cancel));
        var page = Assert.IsType<OrderResult.Ready>(await shop.Get<PaymentOrders>().OpenPageAsync(buyer, ready.PaymentId, "/buy", Cancel));
        var intentId = ready.ClientSecret!.Split("_secret_")[0];
        Assert.Null(await shop.Get<IPaymentGateway>().FindIntentAsync(intentId, Cancel));
        await shop.Sandbox.PayAsync(Shop.SessionOf(page.CheckoutUrl), SandboxMethod.CardThatPays, false, SandboxWebhooks.AsTheyShould, Cancel);

        await shop.UntilAsync(buyer, ready.PaymentId, payment => payment.IsCredited);
        Assert.Equal(1000m, await shop.PurchasedAsync(buyer));
        var over = Assert.IsType<TopUpStart.Ready>(await shop.Get<TopUps>().StartIntentAsync(buyer, Ten, "k", Cancel));
        Assert.True(over.IsOver);
    }

    [Fact]
    public async Task A_top_up_left_unpaid_is_withdrawn_when_its_time_is_over()
    {
        var clock = new ManualClock();
        await using var shop = Shop.Open(store.Database, clock);
        var buyer = await shop.NewBuyerAsync();
        var ready = Assert.IsType<TopUpStart.Ready>(await shop.Get<TopUps>().StartIntentAsync(buyer, Ten, null, Cancel));

        clock.Advance(TimeSpan.FromMinutes(32));

        Assert.Equal(PaymentState.Expired, (await shop.UntilAsync(buyer, ready.PaymentId, payment => !payment.IsPending)).State);
        Assert.Null(await shop.Get<IPaymentGateway>().FindIntentAsync(ready.ClientSecret!.Split("_secret_")[0], Cancel));
    }

    [Fact]
    public async Task The_event_of_a_charge_settles_it_and_a_declined_card_of_an_open_page_does_not_close_it()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();
        var ready = Assert.IsType<TopUpStart.Ready>(await shop.Get<TopUps>().StartIntentAsync(buyer, Ten, null, Cancel));
        var intentId = ready.ClientSecret!.Split("_secret_")[0];

        await shop.SendAsync(IntentEvent("payment_intent.payment_failed", intentId, ready.PaymentId, "requires_payment_method"));
        Assert.True((await shop.PaymentAsync(buyer, ready.PaymentId)).IsPending);
        await shop.SendAsync(IntentEvent("payment_intent.succeeded", "pi_of_another", ready.PaymentId, "succeeded"));
        Assert.True((await shop.PaymentAsync(buyer, ready.PaymentId)).IsPending);
        await shop.SendAsync(IntentEvent("payment_intent.succeeded", intentId, ready.PaymentId, "succeeded"));

        Assert.True((await shop.PaymentAsync(buyer, ready.PaymentId)).IsCredited);
        Assert.Equal(1000m, await shop.PurchasedAsync(buyer));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string IntentEvent(string type, string intentId, string paymentId, string status) => $$"""
        {
          "id": "evt_{{Guid.NewGuid():N}}", "object": "event", "type": "{{type}}", "livemode": false,
          "data": { "object": {
            "id": "{{intentId}}", "object": "payment_intent", "amount": 1000, "currency": "usd", "livemode": false, "status": "{{status}}",
            "last_payment_error": { "code": "card_declined", "decline_code": "generic_decline" }, "metadata": { "payment_id": "{{paymentId}}" }
          } }
        }
        """;
}

public sealed class CardTestsOnSqlite(StoreFixture<SqliteEngine> store) : CardTests<SqliteEngine>(store);

public sealed class CardTestsOnPostgres(StoreFixture<PostgresEngine> store) : CardTests<PostgresEngine>(store);

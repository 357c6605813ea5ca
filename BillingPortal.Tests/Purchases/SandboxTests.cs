using BillingPortal.Access;
using BillingPortal.Payments;
using BillingPortal.Payments.Sandbox;
using BillingPortal.Purchases;
using BillingPortal.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Tests.Purchases;

public abstract class SandboxTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Fact]
    public async Task A_declined_card_charges_nothing_and_another_may_be_tried()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);
        var session = Shop.SessionOf(order);

        Assert.Equal(SandboxAnswer.Declined, await shop.Sandbox.PayAsync(session, SandboxMethod.CardThatDeclines, false, SandboxWebhooks.AsTheyShould, Cancel));
        Assert.True((await shop.PaymentAsync(buyer, order.PaymentId)).IsPending);

        await shop.PayAsync(order, SandboxMethod.CardThatPays, tells: true);
        await shop.UntilAsync(buyer, order.PaymentId, payment => payment.IsCredited);
    }

    [Fact]
    public async Task A_card_that_asks_pays_only_after_the_buyer_has_confirmed()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);
        var session = Shop.SessionOf(order);

        Assert.Equal(SandboxAnswer.AuthenticationNeeded, await shop.Sandbox.PayAsync(session, SandboxMethod.CardThatAsks, false, SandboxWebhooks.AsTheyShould, Cancel));
        Assert.False((await shop.Sandbox.FindAsync(session, Cancel))!.IsPaid);
        Assert.Equal(SandboxAnswer.Accepted, await shop.Sandbox.PayAsync(session, SandboxMethod.CardThatAsks, true, SandboxWebhooks.AsTheyShould, Cancel));

        await shop.UntilAsync(buyer, order.PaymentId, payment => payment.IsCredited);
    }

    [Fact]
    public async Task A_bank_transfer_is_credited_when_it_arrives()
    {
        await using var shop = Shop.Open(store.Database, settings: new() { ["Payments:Sandbox:BankDelay"] = "00:00:02" });
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);

        await shop.PayAsync(order, SandboxMethod.BankThatPays, tells: true);

        var accepted = await shop.UntilAsync(buyer, order.PaymentId, payment => payment.AcceptedAt is not null);
        Assert.True(accepted.IsPending);
        await shop.UntilAsync(buyer, order.PaymentId, payment => payment.IsCredited);
        Assert.Equal(5000m, await shop.PurchasedAsync(buyer));
    }

    [Fact]
    public async Task A_bank_transfer_that_fails_is_told_and_credits_nothing()
    {
        await using var shop = Shop.Open(store.Database, settings: new() { ["Payments:Sandbox:BankDelay"] = "00:00:01" });
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);

        await shop.PayAsync(order, SandboxMethod.BankThatFails, tells: true);

        var failed = await shop.UntilAsync(buyer, order.PaymentId, payment => !payment.IsPending);
        Assert.Equal((PaymentState.Failed, "payment_failed"), (failed.State, failed.Problem));
        Assert.Equal(0m, await shop.PurchasedAsync(buyer));
    }

    [Fact]
    public async Task Pressed_five_times_at_once_it_pays_once()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ =>
            shop.Sandbox.PayAsync(Shop.SessionOf(order), SandboxMethod.CardThatPays, false, SandboxWebhooks.AsTheyShould, Cancel)));

        Assert.Single(answers, SandboxAnswer.Accepted);
        await shop.UntilAsync(buyer, order.PaymentId, payment => payment.IsCredited);
        Assert.Equal(5000m, await shop.PurchasedAsync(buyer));
    }

    [Fact]
    public async Task A_door_that_is_shut_is_knocked_at_again()
    {
        Caller buyer;
        PurchaseStart.Ready order;
        await using (var elsewhere = Shop.Open(store.Database, settings: new() { ["Payments:Sandbox:WebhookUrl"] = "http://localhost:1/nobody" }))
        {
            buyer = await elsewhere.NewBuyerAsync();
            order = await elsewhere.BuyAsync(buyer);
            await elsewhere.PayAsync(order, tells: true);
            await Eventually.TrueAsync(() => elsewhere.QueryAsync(db => db.Set<SandboxEvent>().AnyAsync(row => row.Attempts > 0 && row.DeliveredAt == null, Cancel)));
            Assert.True((await elsewhere.PaymentAsync(buyer, order.PaymentId)).IsPending);
        }

        await using var open = Shop.Open(store.Database);

        await open.UntilAsync(buyer, order.PaymentId, payment => payment.IsCredited);
    }

    [Fact]
    public async Task Without_a_configured_secret_the_installation_makes_its_own()
    {
        await using var shop = Shop.Open(store.Database, settings: new() { ["Stripe:WebhookSecret"] = null });
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);

        await shop.PayAsync(order, tells: true);

        await shop.UntilAsync(buyer, order.PaymentId, payment => payment.IsCredited);
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, await shop.SendAsync(StripeEvent.Completed(order).ToString()));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}

public sealed class SandboxTestsOnSqlite(StoreFixture<SqliteEngine> store) : SandboxTests<SqliteEngine>(store);

public sealed class SandboxTestsOnPostgres(StoreFixture<PostgresEngine> store) : SandboxTests<PostgresEngine>(store);

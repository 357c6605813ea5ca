using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Payments.Sandbox;
using BillingPortal.Purchases;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Tests.Purchases;

public abstract class AutoReloadTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    // A jump of this clock fires no timers: a month passes without a month of background work.
    private static readonly DateTimeOffset Noon = new(2026, 6, 16, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Strictly_below_the_threshold_the_card_is_charged_for_the_smallest_multiple_that_reaches_it()
    {
        var clock = new SetClock(Noon);
        await using var shop = Shop.Open(store.Database, clock);
        var buyer = await shop.NewBuyerAsync();
        await shop.SaveCardAsync(buyer);
        await shop.ReloadAsync(buyer, threshold: 20, amount: 8);
        Assert.IsType<AutoReloadDecision.Idle>(await shop.Get<AutoReloadEngine>().EvaluateAsync(buyer.OrganizationId, Cancel));

        await shop.LeaveAsync(buyer, 1100);

        await Eventually.TrueAsync(async () => await shop.PurchasedAsync(buyer) == 1600m);
        var done = Assert.Single((await shop.Get<AutoReloads>().ListAttemptsAsync(buyer, null, 10, Cancel)).Attempts, attempt => attempt.State is not AutoReloadState.Skipped);
        Assert.Equal((AutoReloadState.Succeeded, 1600L, 1100m), (done.State, done.AmountCents.Cents, done.AvailableMicros.ToDecimal()));
        Assert.NotNull(done.EndedAt);
        Assert.Equal(1600, (await shop.Get<AutoReloads>().GetAsync(buyer, Cancel)).ChargedThisMonth.Cents);
        Assert.Equal(["auto_reload.succeeded", "credits.purchased", "invoice.paid"], await TypesAsync(shop, buyer));

        // Below it again too soon: said once, however often it is due, and done when the time has come.
        await shop.LeaveAsync(buyer, 1700);
        await Eventually.TrueAsync(async () => (await StatesAsync(shop, buyer)).Count == 2);
        await shop.SpendAsync(buyer, 1);
        await shop.Get<AutoReloadEngine>().EvaluateAsync(buyer.OrganizationId, Cancel);
        Assert.Equal([("skipped", "cooldown"), ("succeeded", null)], (await StatesAsync(shop, buyer)).Order());
        clock.Now += TimeSpan.FromMinutes(11);
        await shop.EvaluateUntilAsync(buyer, async () => (await StatesAsync(shop, buyer)).Count(attempt => attempt.State == "succeeded") == 2);
        Assert.Equal([("skipped", "cooldown"), ("succeeded", null), ("succeeded", null)], (await StatesAsync(shop, buyer)).Order());
        await shop.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task A_hundred_charges_at_once_cross_the_threshold_and_one_reload_starts_on_two_instances()
    {
        await using var shop = Shop.Open(store.Database, services: UnreliableGateway.Use);
        await using var other = Shop.Open(store.Database, services: UnreliableGateway.Use);
        var buyer = await shop.NewBuyerAsync();
        await shop.SaveCardAsync(buyer, SandboxMethod.CardThatIsSlow);
        await shop.ReloadAsync(buyer, threshold: 19, amount: 10);
        await shop.LeaveAsync(buyer, 1950);

        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => shop.SpendAsync(buyer, 1)));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            (i % 2 == 0 ? shop : other).Get<AutoReloadEngine>().EvaluateAsync(buyer.OrganizationId, Cancel)));

        await Eventually.TrueAsync(async () => (await StatesAsync(shop, buyer)).Any(attempt => attempt.State == "open"));
        Assert.Single(await StatesAsync(shop, buyer), attempt => attempt.State is "open" or "succeeded");
        Assert.Equal(1, shop.Charges() + other.Charges());
        Assert.Equal(1, await shop.QueryAsync(db => db.Set<Payment>().CountAsync(row => row.OrganizationId == buyer.OrganizationId, Cancel)));
    }

    [Fact]
    public async Task A_charge_refused_for_want_of_credit_starts_the_reload_that_has_become_due()
    {
        var clock = new SetClock(Noon);
        await using var shop = Shop.Open(store.Database, clock);
        var buyer = await shop.NewBuyerAsync();
        await shop.SaveCardAsync(buyer);
        await shop.ReloadAsync(buyer, threshold: 10, amount: 10);
        await shop.LeaveAsync(buyer, 900);
        await Eventually.TrueAsync(async () => await shop.PurchasedAsync(buyer) == 1000m);
        await shop.LeaveAsync(buyer, 0);
        await Eventually.TrueAsync(async () => (await StatesAsync(shop, buyer)).Count == 2);

        clock.Now += TimeSpan.FromMinutes(11);
        Assert.IsType<PostResult.Refused>(await shop.TrySpendAsync(buyer, 1));

        await Eventually.TrueAsync(async () => await shop.PurchasedAsync(buyer) == 1000m);
        await shop.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task Declined_it_waits_one_hour_then_six_asks_no_fourth_time_and_stops_a_day_later_until_a_new_card_is_there()
    {
        var clock = new SetClock(Noon);
        await using var shop = Shop.Open(store.Database, clock, UnreliableGateway.Use);
        var buyer = await shop.NewBuyerAsync();
        await shop.SaveCardAsync(buyer, SandboxMethod.CardWithoutFunds);
        await shop.ReloadAsync(buyer, threshold: 15, amount: 10);
        await shop.LeaveAsync(buyer, 1400);

        await Eventually.TrueAsync(async () => (await StatesAsync(shop, buyer)).Any(attempt => attempt == ("failed", "insufficient_funds")));
        clock.Now += TimeSpan.FromMinutes(59);
        await shop.EvaluateAsync(buyer);
        Assert.Equal(1, shop.Charges());
        clock.Now += TimeSpan.FromMinutes(8);
        await shop.EvaluateUntilAsync(buyer, async () => (await StatesAsync(shop, buyer)).Count(attempt => attempt.State == "failed") == 2);
        clock.Now += TimeSpan.FromHours(5.9);
        await shop.EvaluateAsync(buyer);
        Assert.Equal(2, shop.Charges());
        clock.Now += TimeSpan.FromHours(1);
        await shop.EvaluateUntilAsync(buyer, async () => (await StatesAsync(shop, buyer)).Count(attempt => attempt.State == "failed") == 3);
        var view = await shop.Get<AutoReloads>().GetAsync(buyer, Cancel);
        Assert.Equal((true, "declined"), (view.IsEnabled, view.Problem));
        Assert.NotNull(view.FailedPaymentId);
        clock.Now += TimeSpan.FromHours(23);
        await shop.EvaluateAsync(buyer);
        Assert.True((await shop.Get<AutoReloads>().GetAsync(buyer, Cancel)).IsEnabled);
        clock.Now += TimeSpan.FromHours(2);
        await shop.EvaluateUntilAsync(buyer, async () => (await shop.Get<AutoReloads>().GetAsync(buyer, Cancel)) is { IsEnabled: false, Problem: "stopped" });
        clock.Now += TimeSpan.FromDays(2);
        Assert.Null(await shop.Get<AutoReloadEngine>().EvaluateAsync(buyer.OrganizationId, Cancel));
        Assert.Equal(3, shop.Charges());
        Assert.Equal(4, (await TypesAsync(shop, buyer)).Count(type => type == "auto_reload.failed"));

        await shop.SaveCardAsync(buyer);

        await shop.EvaluateUntilAsync(buyer, async () => await shop.PurchasedAsync(buyer) == 1000m);
        Assert.Equal((true, null), await shop.Get<AutoReloads>().GetAsync(buyer, Cancel) is { } now ? (now.IsEnabled, now.Problem) : default);
    }

    [Fact]
    public async Task A_card_that_wants_its_owner_is_not_asked_again_until_they_have_paid_in_the_browser()
    {
        var clock = new SetClock(Noon);
        await using var shop = Shop.Open(store.Database, clock, UnreliableGateway.Use);
        var buyer = await shop.NewBuyerAsync();
        await shop.SaveCardAsync(buyer, SandboxMethod.CardThatAlwaysAsks);
        await shop.ReloadAsync(buyer, threshold: 15, amount: 10);
        await shop.LeaveAsync(buyer, 1400);
        await Eventually.TrueAsync(async () => (await StatesAsync(shop, buyer)).Any(attempt => attempt == ("failed", "authentication_required")));

        clock.Now += TimeSpan.FromHours(30);
        await shop.EvaluateAsync(buyer);
        Assert.Equal(1, shop.Charges());
        var view = await shop.Get<AutoReloads>().GetAsync(buyer, Cancel);
        Assert.Equal("authentication_required", view.Problem);
        var told = await shop.QueryAsync(db => db.Set<OutboxEvent>().Where(row => row.OrganizationId == buyer.OrganizationId && row.Type == "auto_reload.failed")
            .Select(row => row.Data).SingleAsync(Cancel));
        Assert.Contains($"/billing/payments/{view.FailedPaymentId}", told, StringComparison.Ordinal);

        Assert.Null(await shop.Get<TopUps>().FinishReloadAsync(await shop.NewBuyerAsync(), view.FailedPaymentId!, Cancel));
        var finish = Assert.IsType<TopUpStart.Ready>(await shop.Get<TopUps>().FinishReloadAsync(buyer, view.FailedPaymentId!, Cancel));
        Assert.Equal(finish.PaymentId, Assert.IsType<TopUpStart.Ready>(await shop.Get<TopUps>().FinishReloadAsync(buyer, view.FailedPaymentId!, Cancel)).PaymentId);
        await shop.Sandbox.PayAsync(Shop.SessionOf(finish.Url), SandboxMethod.CardThatPays, true, SandboxWebhooks.AsTheyShould, Cancel);
        await shop.PassTimeUntilAsync(
            clock, async () => await shop.PurchasedAsync(buyer) == 1000m && (await shop.Cards.ListAsync(buyer, Cancel)).Count == 2);
        Assert.Null((await shop.Get<AutoReloads>().GetAsync(buyer, Cancel)).Problem);
    }

    [Fact]
    public async Task An_hour_without_gateway_ends_in_one_reload_and_switching_off_meanwhile_in_none()
    {
        var clock = new SetClock(Noon);
        await using var shop = Shop.Open(store.Database, clock, UnreliableGateway.Use);
        var (stays, leaves) = (await shop.NewBuyerAsync(), await shop.NewBuyerAsync());
        foreach (var buyer in new[] { stays, leaves })
        {
            await shop.SaveCardAsync(buyer);
            await shop.ReloadAsync(buyer, threshold: 15, amount: 10);
        }

        shop.Gateway().IsAway = true;
        await shop.LeaveAsync(stays, 1400);
        await shop.LeaveAsync(leaves, 1400);
        await Eventually.TrueAsync(async () => (await StatesAsync(shop, stays)).Count + (await StatesAsync(shop, leaves)).Count == 2);
        await Eventually.TrueAsync(() => shop.Charges() >= 2);
        clock.Now += TimeSpan.FromHours(1);
        await shop.SpendAsync(stays, 10);
        Assert.IsType<AutoReloadChange.Saved>(await shop.Get<AutoReloads>().SaveAsync(leaves, false, null, Cancel));
        shop.Gateway().IsAway = false;

        await shop.PassTimeUntilAsync(
            clock, async () => await shop.PurchasedAsync(stays) == 1000m && (await StatesAsync(shop, leaves))[0] == ("failed", "given_up"));

        Assert.Equal(0m, await shop.PurchasedAsync(leaves));
        Assert.DoesNotContain("auto_reload.failed", await TypesAsync(shop, leaves));
        Assert.Equal(1, await shop.QueryAsync(db => db.Set<SandboxIntent>().CountAsync(
            row => db.Set<Payment>().Any(payment => payment.Id == row.PaymentId && (payment.OrganizationId == stays.OrganizationId || payment.OrganizationId == leaves.OrganizationId)), Cancel)));
        Assert.Single(await StatesAsync(shop, stays), attempt => attempt.State == "succeeded");
    }

    [Fact]
    public async Task Who_may_not_spend_may_look_and_wrong_rules_change_nothing()
    {
        await using var shop = Shop.Open(store.Database);
        var buyer = await shop.NewBuyerAsync();
        var reloads = shop.Get<AutoReloads>();
        var rule = new AutoReloadRule(Money.FromDollars(20), Money.FromDollars(10), null);
        foreach (var caller in new[] { Caller.ForUser("usr_m", buyer.OrganizationId, MemberRole.Member), Caller.ForKey("key_1", buyer.OrganizationId, [Scopes.BillingRead]) })
        {
            await Assert.ThrowsAsync<AccessDeniedException>(() => reloads.SaveAsync(caller, true, rule, Cancel));
            Assert.Null((await reloads.GetAsync(caller, Cancel)).Rule);
        }

        Assert.Equal("thresholdUsd", Assert.IsType<AutoReloadChange.Invalid>(await reloads.SaveAsync(buyer, true, null, Cancel)).Field);
        Assert.Equal("thresholdUsd", Assert.IsType<AutoReloadChange.Invalid>(await reloads.SaveAsync(buyer, true, rule with { Threshold = Money.Zero }, Cancel)).Field);
        Assert.Equal("amountUsd", Assert.IsType<AutoReloadChange.Invalid>(await reloads.SaveAsync(buyer, true, rule with { Amount = Money.FromCents(499) }, Cancel)).Field);
        Assert.Equal(
            "monthlyLimitUsd", Assert.IsType<AutoReloadChange.Invalid>(await reloads.SaveAsync(buyer, true, rule with { MonthlyLimit = Money.FromDollars(9) }, Cancel)).Field);
        Assert.Null((await reloads.GetAsync(buyer, Cancel)).Rule);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => reloads.SaveAsync(buyer, true, rule, Cancel)));
        Assert.Equal((true, "no_card"), await reloads.GetAsync(buyer, Cancel) is { } view ? (view.IsEnabled, view.Problem) : default);
        await shop.LeaveAsync(buyer, 1999);
        await Eventually.TrueAsync(async () => (await StatesAsync(shop, buyer)).SequenceEqual([("skipped", "no_card")]));
        Assert.Empty((await reloads.ListAttemptsAsync(await shop.NewBuyerAsync(), null, 10, Cancel)).Attempts);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // Whether somebody looked while an attempt was open is a matter of moments.
    private static async Task<IReadOnlyList<(string State, string? Reason)>> StatesAsync(Shop shop, Caller buyer) =>
    [
        .. (await shop.Get<AutoReloads>().ListAttemptsAsync(buyer, null, 50, Cancel)).Attempts
            .Where(attempt => attempt.Reason != "attempt_open").Select(attempt => (attempt.State.Text(), attempt.Reason)),
    ];

    private static async Task<IReadOnlyList<string>> TypesAsync(Shop shop, Caller buyer) =>
        await shop.QueryAsync(db => db.Set<OutboxEvent>().Where(row => row.OrganizationId == buyer.OrganizationId && row.Type != "credits.granted").OrderBy(row => row.Type).Select(row => row.Type).ToListAsync(Cancel));
}

public sealed class AutoReloadTestsOnSqlite(StoreFixture<SqliteEngine> store) : AutoReloadTests<SqliteEngine>(store);

public sealed class AutoReloadTestsOnPostgres(StoreFixture<PostgresEngine> store) : AutoReloadTests<PostgresEngine>(store);

/// <summary>What tests of auto-reload do in a shop.</summary>
internal static class ReloadingShop
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static UnreliableGateway Gateway(this Shop shop) => (UnreliableGateway)shop.Get<IPaymentGateway>();

    /// <summary>How often a card was to be charged through this instance.</summary>
    public static int Charges(this Shop shop) => shop.Gateway().Charges;

    public static async Task ReloadAsync(this Shop shop, Caller buyer, long threshold, long amount, long? monthlyLimit = null) =>
        Assert.IsType<AutoReloadChange.Saved>(await shop.Get<AutoReloads>().SaveAsync(
            buyer, true,
            new AutoReloadRule(Money.FromDollars(threshold), Money.FromDollars(amount), monthlyLimit is { } limit ? Money.FromDollars(limit) : null), Cancel));

    /// <summary>Spends all but so many whole credits.</summary>
    public static async Task LeaveAsync(this Shop shop, Caller buyer, long credits)
    {
        var balance = await shop.Get<CurrentWallets>().GetBalanceAsync(buyer, CreditTypes.Credits, Cancel);
        await shop.SpendAsync(buyer, (long)balance.Available.ToDecimal() - credits);
    }

    public static async Task SpendAsync(this Shop shop, Caller buyer, long credits) =>
        Assert.IsType<PostResult.Posted>(await shop.TrySpendAsync(buyer, credits));

    public static Task<PostResult> TrySpendAsync(this Shop shop, Caller buyer, long credits) => shop.Get<WalletWriter>().ExecuteAsync(
        new Charge
        {
            OrganizationId = buyer.OrganizationId,
            Reference = $"event:{Guid.NewGuid():N}",
            Source = "test",
            Actor = "system:test",
            CreditType = CreditTypes.Credits,
            Amount = Credits.FromWhole(credits),
        },
        Cancel);

    public static Task<AutoReloadDecision?> EvaluateAsync(this Shop shop, Caller buyer) =>
        shop.Get<AutoReloadEngine>().EvaluateAsync(buyer.OrganizationId, Cancel);

    /// <summary>Has it decided, as the sweep does, until something is so.</summary>
    public static Task EvaluateUntilAsync(this Shop shop, Caller buyer, Func<Task<bool>> wanted) => Eventually.TrueAsync(async () =>
    {
        await shop.EvaluateAsync(buyer);
        return await wanted();
    });

    /// <summary>Lets half minutes pass, each with the questions to the gateway that are due in it, until something is so.</summary>
    public static async Task PassTimeUntilAsync(this Shop shop, SetClock clock, Func<Task<bool>> wanted)
    {
        for (var round = 0; round < 20; round++)
        {
            clock.Now += TimeSpan.FromSeconds(30);
            await shop.Get<GatewayInbox>().RetryDueAsync(Cancel);
            await shop.Get<PaymentInquiry>().AskDueAsync(Cancel);
            for (var look = 0; look < 25; look++)
            {
                if (await wanted())
                {
                    return;
                }

                await Task.Delay(20, Cancel);
            }
        }

        Assert.Fail("It did not come true in ten minutes of its clock.");
    }
}

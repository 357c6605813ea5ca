using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Payments.Sandbox;
using BillingPortal.Purchases;
using BillingPortal.Reconciliation;
using BillingPortal.Tests.Purchases;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Tests.Reconciliation;

public abstract class ReconciliationTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    // Gave the password just now, whatever the clock of a test says.
    private static readonly Caller Administrator =
        Caller.ForUser("usr_admin", "org_admin", MemberRole.Owner, isPlatformAdministrator: true) with { ConfirmedAt = DateTimeOffset.MaxValue - Caller.ConfirmationLasts };
    private static readonly DateTimeOffset Noon = new(2026, 6, 16, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [MemberData(nameof(InjectedDifferences.All), MemberType = typeof(InjectedDifferences))]
    public async Task Each_difference_is_found_once_and_healed_by_settling_or_reversing(string kind, string cause, decimal credits, long noted)
    {
        var clock = new SetClock(Noon);
        await using var shop = Shop.Open(store.Database, clock);
        var (buyer, payment) = await InjectAsync(shop, clock, cause);
        clock.Now += TimeSpan.FromHours(2);

        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => shop.Get<Reconciliations>().RunDueAsync(Cancel)));
        Assert.Equal(ComparisonResult.Done, await shop.Get<Reconciliations>().CompareAsync(Administrator, payment, Cancel));

        var difference = Assert.Single(await OpenAsync(shop, payment));
        Assert.Equal((kind, buyer.OrganizationId), (difference.Kind.ToString(), difference.OrganizationId));
        var healed = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => shop.Get<Healing>().HealAsync(Administrator, difference.Id, Cancel)));
        Assert.Contains(healed, result => result is HealResult.Healed);
        Assert.All(healed, result => Assert.True(result is HealResult.Healed or HealResult.Gone, $"{result}"));

        Assert.Empty(await OpenAsync(shop, payment));
        Assert.Equal(Math.Max(credits, 0m), await shop.PurchasedAsync(buyer));
        var invoice = await shop.Get<InvoiceBook>().FindByPaymentAsync(buyer, payment, Cancel);
        Assert.Equal(credits == 0m && noted == 0 && kind == nameof(DifferenceKind.NotClosed) ? null : 3900, invoice?.TotalCents.Cents);
        Assert.Equal(noted, await shop.QueryAsync(async db => (await db.Set<CreditNote>().Where(row => row.OrganizationId == buyer.OrganizationId).ToListAsync(Cancel)).Sum(note => note.AmountCents.Cents)));
        Assert.Equal(noted, invoice?.CreditedCents.Cents ?? 0);
        await shop.AssertLedgerHoldsAsync();
    }

    [Theory]
    [InlineData("amount moved in its row alone", nameof(DifferenceKind.Contradiction))]
    [InlineData("invoice over another amount", nameof(DifferenceKind.InvoiceDiffers))]
    public async Task What_only_a_person_can_decide_is_listed_and_left_as_it_is(string cause, string kind)
    {
        var clock = new SetClock(Noon);
        await using var shop = Shop.Open(store.Database, clock);
        var (buyer, payment) = await InjectAsync(shop, clock, cause);

        await shop.Get<Reconciliations>().CompareAsync(Administrator, payment, Cancel);

        var difference = Assert.Single(await OpenAsync(shop, payment));
        Assert.Equal(kind, difference.Kind.ToString());
        Assert.False(Healing.CanHeal(difference.Kind));
        Assert.IsType<HealResult.Persists>(await shop.Get<Healing>().HealAsync(Administrator, difference.Id, Cancel));
        Assert.Equal(5000m, await shop.PurchasedAsync(buyer));
        Assert.Single(await OpenAsync(shop, payment));
    }

    [Fact]
    public async Task Payments_that_agree_are_not_listed_whatever_was_done_with_them()
    {
        var clock = new SetClock(Noon);
        await using var shop = Shop.Open(store.Database, clock, UnreliableGateway.Use);
        var (_, settled) = await SettledAsync(shop);
        var (buyer, refunded) = await SettledAsync(shop);
        await shop.Get<Refunds>().RefundAsync(Administrator, refunded, Money.FromCents(1234), "A part", null, Cancel);
        await shop.Get<Refunds>().RefundAsync(Administrator, refunded, null, "The rest", null, Cancel);
        var (_, disputed) = await SettledAsync(shop);
        await shop.Get<SandboxCharges>().DisputeAsync(await IntentAsync(shop, disputed), Cancel);
        await shop.SaveCardAsync(buyer, SandboxMethod.CardWithoutFunds);
        var declined = Assert.IsType<ChargeResult.Declined>(await shop.ChargeAsync(buyer, Money.FromDollars(10)));
        var open = await shop.BuyAsync(buyer);
        await Eventually.TrueAsync(() => shop.QueryAsync(db => db.Set<PaymentDispute>().AnyAsync(row => row.PaymentId == disputed, Cancel)));

        foreach (var payment in new[] { settled, refunded, disputed, declined.PaymentId, open.PaymentId })
        {
            await shop.Get<Reconciliations>().CompareAsync(Administrator, payment, Cancel);
            Assert.Empty(await OpenAsync(shop, payment));
        }
    }

    [Fact]
    public async Task Every_payment_is_compared_once_it_has_rested_and_again_later_and_what_agrees_by_then_is_gone()
    {
        var clock = new SetClock(Noon);
        await using var database = await store.CreateDatabaseAsync();
        await using var shop = Shop.Open(database, clock, UnreliableGateway.Use);
        var reconciliations = shop.Get<Reconciliations>();
        var (_, payment) = await InjectAsync(shop, clock, "refunded there and never told");
        await reconciliations.RunDueAsync(Cancel);
        Assert.Null((await reconciliations.SummarizeAsync(Administrator, Cancel)).LastAt);

        clock.Now += TimeSpan.FromHours(1.5);
        shop.Gateway().IsAway = true;
        await reconciliations.RunDueAsync(Cancel);
        Assert.Empty(await OpenAsync(shop, payment));
        Assert.Equal(ComparisonResult.GatewayDown, await reconciliations.CompareAsync(Administrator, payment, Cancel));

        shop.Gateway().IsAway = false;
        clock.Now += TimeSpan.FromHours(1.5);
        await Eventually.TrueAsync(async () =>
        {
            await reconciliations.RunDueAsync(Cancel);
            return (await reconciliations.SummarizeAsync(Administrator, Cancel)) is { Open: 1, Compared: 1, Waiting: 0 };
        });

        await ExecuteAsync(shop, $"UPDATE sandbox_intents SET refunded_cents = 0 WHERE payment_id = {payment}");
        await reconciliations.CompareAllAsync(Administrator, Cancel);
        await Eventually.TrueAsync(async () =>
        {
            await reconciliations.RunDueAsync(Cancel);
            return (await OpenAsync(shop, payment)).Count == 0;
        });
        Assert.Equal(DifferenceState.Gone, Assert.Single((await reconciliations.ListAsync(Administrator, new DifferenceQuery(State: null), Cancel)).Differences).State);
    }

    [Fact]
    public async Task The_report_is_paged_and_for_platform_administrators_only()
    {
        await using var shop = Shop.Open(store.Database);
        var (buyer, first) = await InjectAsync(shop, new SetClock(Noon), "invoice lost");
        var (_, second) = await InjectAsync(shop, new SetClock(Noon), "invoice lost");
        var reconciliations = shop.Get<Reconciliations>();
        await reconciliations.CompareAsync(Administrator, first, Cancel);
        await reconciliations.CompareAsync(Administrator, second, Cancel);

        var newest = await reconciliations.ListAsync(Administrator, new DifferenceQuery(Limit: 1), Cancel);
        Assert.Equal(second, Assert.Single(newest.Differences).PaymentId);
        var next = await reconciliations.ListAsync(Administrator, new DifferenceQuery(Before: newest.NextBefore, Limit: 1), Cancel);
        Assert.Equal(first, Assert.Single(next.Differences).PaymentId);
        Assert.Equal(ComparisonResult.NoSuchPayment, await reconciliations.CompareAsync(Administrator, "pay_none", Cancel));
        Assert.IsType<HealResult.NoSuchDifference>(await shop.Get<Healing>().HealAsync(Administrator, "diff_none", Cancel));

        foreach (var caller in new[] { buyer, Caller.ForKey("key_1", buyer.OrganizationId, [Scopes.BillingRead]) })
        {
            await Assert.ThrowsAsync<AccessDeniedException>(() => reconciliations.ListAsync(caller, new DifferenceQuery(), Cancel));
            await Assert.ThrowsAsync<AccessDeniedException>(() => reconciliations.SummarizeAsync(caller, Cancel));
            await Assert.ThrowsAsync<AccessDeniedException>(() => reconciliations.CompareAsync(caller, first, Cancel));
            await Assert.ThrowsAsync<AccessDeniedException>(() => reconciliations.CompareAllAsync(caller, Cancel));
            await Assert.ThrowsAsync<AccessDeniedException>(() => shop.Get<Healing>().HealAsync(caller, newest.Differences[0].Id, Cancel));
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<IReadOnlyList<PaymentDifference>> OpenAsync(Shop shop, string paymentId) =>
        (await shop.Get<Reconciliations>().ListAsync(Administrator, new DifferenceQuery(PaymentId: paymentId), Cancel)).Differences;

    /// <summary>Brings a payment into a state that nothing in the portal leads to, or that what was lost on the way does.</summary>
    private static async Task<(Caller Buyer, string PaymentId)> InjectAsync(Shop shop, SetClock clock, string cause)
    {
        if (cause is "paid and never told" or "left, and forgotten at the gateway" or "credited by an event that was not true" or "succeeded in its row alone")
        {
            return await InjectOpenAsync(shop, clock, cause);
        }

        var (buyer, payment) = await SettledAsync(shop);
        switch (cause)
        {
            case "pending in its row alone":
                await ExecuteAsync(shop, $"UPDATE payments SET state = 'pending', settled_at = NULL WHERE id = {payment}");
                break;
            case "refunded in its row alone":
                await ExecuteAsync(shop, $"UPDATE payments SET refunded_cents = 100 WHERE id = {payment}");
                break;
            case "worth more in its row alone":
                await ExecuteAsync(shop, $"UPDATE payments SET credit_micros = credit_micros + 1000000 WHERE id = {payment}");
                break;
            case "amount moved in its row alone":
                await ExecuteAsync(shop, $"UPDATE payments SET amount_cents = amount_cents + 1 WHERE id = {payment}");
                break;
            case "invoice lost":
                await ExecuteAsync(shop, $"DELETE FROM invoice_lines WHERE invoice_id IN (SELECT id FROM invoices WHERE payment_id = {payment})");
                await ExecuteAsync(shop, $"DELETE FROM invoices WHERE payment_id = {payment}");
                break;
            case "invoice over another amount":
                await ExecuteAsync(shop, $"UPDATE invoices SET total_cents = total_cents + 1, subtotal_cents = subtotal_cents + 1 WHERE payment_id = {payment}");
                break;
            case "taken back without a reason":
                await TakeAsync(shop, buyer, payment);
                break;
            case "credit note lost":
                await shop.Get<Refunds>().RefundAsync(Administrator, payment, Money.FromCents(1950), "Half", null, Cancel);
                await ExecuteAsync(shop, $"DELETE FROM credit_notes WHERE organization_id = {buyer.OrganizationId}");
                await ExecuteAsync(shop, $"UPDATE invoices SET credited_cents = 0 WHERE payment_id = {payment}");
                break;
            case "refunded there and never told":
                await ExecuteAsync(shop, $"UPDATE sandbox_intents SET refunded_cents = 1950 WHERE payment_id = {payment}");
                break;
            case "refunded by an event that was not true":
                await shop.SendAsync($$"""
                    { "id": "evt_{{Guid.NewGuid():N}}", "object": "event", "type": "charge.refunded", "data": { "object": {
                      "id": "ch_1", "object": "charge", "amount": 3900, "amount_refunded": 1950, "currency": "usd", "livemode": false,
                      "payment_intent": "{{await IntentAsync(shop, payment)}}", "metadata": {} } } }
                    """);
                break;
            case "disputed and never told":
                await ExecuteAsync(shop, $"UPDATE sandbox_intents SET dispute_status = 'needs_response' WHERE payment_id = {payment}");
                break;
            default:
                Assert.Equal("dispute lost and never told", cause);
                await ExecuteAsync(shop, $"UPDATE sandbox_intents SET dispute_status = 'lost' WHERE payment_id = {payment}");
                break;
        }

        return (buyer, payment);
    }

    private static async Task<(Caller Buyer, string PaymentId)> InjectOpenAsync(Shop shop, SetClock clock, string cause)
    {
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);

        // Nothing but the comparison asks about it.
        await ExecuteAsync(shop, $"UPDATE payments SET next_check_at = NULL WHERE id = {order.PaymentId}");
        switch (cause)
        {
            case "paid and never told":
                await shop.PayAsync(order);
                break;
            case "left, and forgotten at the gateway":
                await ExecuteAsync(shop, $"DELETE FROM sandbox_sessions WHERE payment_id = {order.PaymentId}");
                break;
            case "credited by an event that was not true":
                await shop.SendAsync(StripeEvent.Completed(order).ToString());
                Assert.Equal(5000m, await shop.PurchasedAsync(buyer));
                break;
            default:
                await shop.PayAsync(order);
                await ExecuteAsync(shop, $"UPDATE payments SET state = 'succeeded', settled_at = {clock.Now.ToUnixTimeMilliseconds()} WHERE id = {order.PaymentId}");
                break;
        }

        return (buyer, order.PaymentId);
    }

    private static async Task<(Caller Buyer, string PaymentId)> SettledAsync(Shop shop)
    {
        var buyer = await shop.NewBuyerAsync();
        var order = await shop.BuyAsync(buyer);
        await shop.PayAsync(order);
        await shop.Tracker.ArriveAsync(buyer, order.PaymentId, Cancel);
        Assert.Equal(5000m, await shop.PurchasedAsync(buyer));
        return (buyer, order.PaymentId);
    }

    private static async Task TakeAsync(Shop shop, Caller buyer, string payment) =>
        Assert.IsType<PostResult.Posted>(await shop.Get<WalletWriter>().ExecuteAsync(
            new ClawBack
            {
                OrganizationId = buyer.OrganizationId,
                Reference = $"refund:{payment}:1950",
                Source = "refund",
                Actor = "system:test",
                CreditType = CreditTypes.Credits,
                Origin = payment,
                Amount = Credits.FromWhole(2500),
            },
            Cancel));

    private static Task<string> IntentAsync(Shop shop, string payment) =>
        shop.QueryAsync(db => db.Set<SandboxIntent>().Where(row => row.PaymentId == payment).Select(row => row.Id).SingleAsync(Cancel));

    private static Task<int> ExecuteAsync(Shop shop, FormattableString sql) => shop.QueryAsync(db => db.Database.ExecuteSqlAsync(sql, Cancel));
}

public sealed class ReconciliationTestsOnSqlite(StoreFixture<SqliteEngine> store) : ReconciliationTests<SqliteEngine>(store);

public sealed class ReconciliationTestsOnPostgres(StoreFixture<PostgresEngine> store) : ReconciliationTests<PostgresEngine>(store);

/// <summary>Differences that are put there by hand.</summary>
public static class InjectedDifferences
{
    /// <summary>Its kind, its cause, what is bought and unspent once it is healed, and what the credit notes come to.</summary>
    public static TheoryData<string, string, decimal, long> All => new()
    {
        { nameof(DifferenceKind.NotCredited), "paid and never told", 5000m, 0 },
        { nameof(DifferenceKind.NotClosed), "left, and forgotten at the gateway", 0m, 0 },
        { nameof(DifferenceKind.NotPaid), "credited by an event that was not true", 0m, 3900 },
        { nameof(DifferenceKind.NotPosted), "succeeded in its row alone", 5000m, 0 },
        { nameof(DifferenceKind.RowBehind), "pending in its row alone", 5000m, 0 },
        { nameof(DifferenceKind.RowBehind), "refunded in its row alone", 5000m, 0 },
        { nameof(DifferenceKind.RowBehind), "worth more in its row alone", 5000m, 0 },
        { nameof(DifferenceKind.NotInvoiced), "invoice lost", 5000m, 0 },
        { nameof(DifferenceKind.ReversalsDiffer), "taken back without a reason", 5000m, 0 },
        { nameof(DifferenceKind.NotesDiffer), "credit note lost", 2500m, 1950 },
        { nameof(DifferenceKind.RefundNotTaken), "refunded there and never told", 2500m, 1950 },
        { nameof(DifferenceKind.RefundNotGiven), "refunded by an event that was not true", 5000m, 0 },
        { nameof(DifferenceKind.DisputeNotTaken), "disputed and never told", 0m, 0 },
        { nameof(DifferenceKind.DisputeNotTaken), "dispute lost and never told", 0m, 3900 },
    };
}

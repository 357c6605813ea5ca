using System.Text;
using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Invoices;
using BillingPortal.Payments;
using BillingPortal.Purchases;
using BillingPortal.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Tests.Purchases;

/// <summary>Many payments with random faults in between: events doubled, lost, reordered, at once. What was paid is credited, exactly once.</summary>
public abstract class PaymentDrill<TEngine>(StoreFixture<TEngine> store, int payments) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private const int Buyers = 20;
    private const int Callers = 16;

    [Fact]
    public async Task Every_payment_is_credited_exactly_once_whatever_happens_to_its_events()
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var clock = new ManualClock();
        await using var shop = Shop.Open(store.Database, clock);
        var buyers = new List<Caller>();
        for (var i = 0; i < Buyers; i++)
        {
            buyers.Add(await shop.NewBuyerAsync("free"));
        }

        var plans = Enumerable.Range(0, payments).Select(_ => Plan(random)).ToList();
        var paid = new int[Buyers];
        await Parallel.ForEachAsync(plans.Index(), new ParallelOptions { MaxDegreeOfParallelism = Callers, CancellationToken = Cancel }, async (item, _) =>
        {
            var buyer = item.Index % Buyers;
            var order = Assert.IsType<PurchaseStart.Ready>(await shop.Purchases.StartApiPackAsync(buyers[buyer], "starter", null, Cancel));
            if (item.Item.IsPaid)
            {
                Interlocked.Increment(ref paid[buyer]);
                await shop.PayAsync(order, tells: false);
            }

            var told = item.Item.Events.Select(make => (make(order) with { Cents = 999 }).ToString()).ToList();
            await Task.WhenAll(item.Item.Shuffle.Select(index => ReceiveAsync(shop, told[index])));
        });

        // What no event told, the gateway tells when asked; the portal's own job asks too, and may have some of them in hand.
        clock.Advance(TimeSpan.FromMinutes(31));
        await Eventually.TrueAsync(async () =>
        {
            await shop.Get<PaymentInquiry>().AskDueAsync(Cancel);
            return await shop.QueryAsync(db => db.Set<Payment>().AllAsync(row => row.State != PaymentState.Pending, Cancel));
        });

        for (var i = 0; i < Buyers; i++)
        {
            Assert.True(949_050m * paid[i] == await shop.PurchasedAsync(buyers[i], CreditTypes.ApiCredits), $"Seed {seed}: buyer {i} paid {paid[i]} times.");
        }

        var states = await shop.QueryAsync(db => db.Set<Payment>().GroupBy(row => row.State).Select(group => new { group.Key, Count = group.Count() }).ToListAsync(Cancel));
        Assert.Equal(paid.Sum(), states.Single(state => state.Key is PaymentState.Succeeded).Count);
        Assert.DoesNotContain(states, state => state.Key is PaymentState.Pending);
        Assert.Equal(paid.Sum(), await shop.QueryAsync(db => db.Set<Invoice>().CountAsync(Cancel)));
        Assert.Equal($"2026-{paid.Sum():D6}", await shop.QueryAsync(db => db.Set<Invoice>().MaxAsync(row => row.Number, Cancel)));
        await shop.AssertLedgerHoldsAsync();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task ReceiveAsync(Shop shop, string told)
    {
        var body = Encoding.UTF8.GetBytes(told);
        Assert.True(await shop.Get<GatewayInbox>().ReceiveAsync(body, WebhookSignature.Sign(Shop.Secret, body, shop.Clock.GetUtcNow()), Cancel));
    }

    /// <summary>One in ten is never paid; of the others some events are lost, a third are doubled, all come in any order.</summary>
    private static PlannedPayment Plan(Random random)
    {
        var isPaid = random.Next(10) > 0;
        Func<PurchaseStart.Ready, StripeEvent>[] events = isPaid
            ? random.Next(3) == 0 ? [StripeEvent.Unpaid, StripeEvent.Arrived] : [StripeEvent.Completed]
            : random.Next(2) == 0 ? [StripeEvent.Expired] : [StripeEvent.Unpaid, StripeEvent.Bounced];
        var deliveries = Enumerable.Range(0, events.Length)
            .Where(_ => random.Next(10) > 0)
            .SelectMany(index => Enumerable.Repeat(index, random.Next(3) == 0 ? 2 + random.Next(2) : 1))
            .ToArray();
        random.Shuffle(deliveries);
        return new PlannedPayment(isPaid, events, deliveries);
    }

    private sealed record PlannedPayment(bool IsPaid, Func<PurchaseStart.Ready, StripeEvent>[] Events, int[] Shuffle);
}

public sealed class PaymentDrillOnSqlite(StoreFixture<SqliteEngine> store) : PaymentDrill<SqliteEngine>(store, 250);

public sealed class PaymentDrillOnPostgres(StoreFixture<PostgresEngine> store) : PaymentDrill<PostgresEngine>(store, 1750);

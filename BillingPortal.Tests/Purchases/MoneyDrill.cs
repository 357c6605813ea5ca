using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Payments.Sandbox;
using BillingPortal.Purchases;
using BillingPortal.Reconciliation;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Tests.Purchases;

/// <summary>
/// Thousands of random steps with money: purchases, plans, reloads, refunds from both sides, disputes, renewals, with events that are lost, late, doubled and in any order,
/// answers that are lost, callers that go away half-way, and a second portal that is killed. In the end every book agrees with the gateway's.
/// </summary>
public abstract class MoneyDrill<TEngine>(StoreFixture<TEngine> store, int steps) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private const int Customers = 12;
    private const int Callers = 6;
    private const int Kills = 3;

    // How many steps time stands still.
    private const int Stretch = 50;

    // The sandbox's own delivery reaches nobody: the drill brings its events, or does not.
    private const string Nowhere = "http://127.0.0.1:9/";

    private static readonly Caller Administrator =
        Caller.ForUser("usr_admin", "org_admin", MemberRole.Owner, isPlatformAdministrator: true) with { ConfirmedAt = DateTimeOffset.MaxValue - Caller.ConfirmationLasts };
    private static readonly string[] Plans = ["lite", "starter", "pro", "team"];

    private static readonly SandboxMethod[] Methods =
    [
        SandboxMethod.CardThatPays, SandboxMethod.CardThatPays, SandboxMethod.CardThatPays, SandboxMethod.CardThatAsks, SandboxMethod.CardThatDeclines, SandboxMethod.BankThatPays,
        SandboxMethod.BankThatFails, SandboxMethod.CardWithLostAnswer,
    ];

    private static readonly SandboxMethod[] Saved =
    [
        SandboxMethod.CardThatPays, SandboxMethod.CardThatPays, SandboxMethod.CardWithLostAnswer, SandboxMethod.CardThatIsSlow, SandboxMethod.CardThatDeclinesLater,
        SandboxMethod.CardThatAlwaysAsks,
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_happens_to_money_on_its_way_every_book_agrees_in_the_end()
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var database = await store.CreateDatabaseAsync();
        var clock = new SetClock(DateTimeOffset.UtcNow);
        await using var shop = Shop.Open(
            database, clock, UnreliableGateway.Use,
            new() { ["Payments:Sandbox:WebhookUrl"] = Nowhere, ["RateLimits:PerMinute"] = "0", ["Demo:Enabled"] = "false" });
        var customers = await OpenAsync(shop, random);

        await KillAsync(shop, database, clock, customers, random);
        foreach (var stretch in Enumerable.Range(0, steps).Select(_ => random.Next()).Chunk(Stretch).ToArray())
        {
            await Parallel.ForEachAsync(
                stretch, new ParallelOptions { MaxDegreeOfParallelism = Callers, CancellationToken = Cancel }, async (step, _) => await StepAsync(shop, customers, new Random(step)));

            // Between stretches, for an event whose signature grows old on its way is refused.
            clock.Now += random.Next(3) == 0 ? TimeSpan.FromDays(random.Next(1, 12)) : TimeSpan.FromMinutes(random.Next(1, 300));
            await WorkAsync(shop, Cancel);
        }

        await SettleAsync(shop, clock, seed);

        await AssertAgreementAsync(shop, seed);
    }

    /// <summary>Customers with a card of some kind, and a rule that reloads.</summary>
    private static async Task<Customer[]> OpenAsync(Shop shop, Random random)
    {
        var customers = new Customer[Customers];
        for (var i = 0; i < Customers; i++)
        {
            var person = await shop.NewPersonAsync(Plans[random.Next(2)]);
            using var client = await shop.Site.NewUserClientAsync(person);
            customers[i] = new Customer(person.Caller, client.DefaultRequestHeaders.Authorization!.Parameter!);
            await shop.SaveCardAsync(person.Caller, Saved[i % Saved.Length]);
            if (i % 2 == 0)
            {
                await shop.ReloadAsync(person.Caller, threshold: 15, amount: 10, monthlyLimit: 200);
            }
        }

        return customers;
    }

    /// <summary>Buys and tells through a second portal on the same rows, which dies in the middle of it.</summary>
    private static async Task KillAsync(Shop shop, TestDatabase database, SetClock clock, Customer[] customers, Random random)
    {
        var port = PortalProcess.FreePort();
        for (var kill = 0; kill < Kills; kill++)
        {
            clock.Now = DateTimeOffset.UtcNow;
            await using var victim = await PortalProcess.StartAsync(
                database, port, Cancel, $"--Stripe:WebhookSecret={Shop.Secret}", $"--Payments:Sandbox:WebhookUrl={Nowhere}", $"--Portal:PublicUrl={shop.Site.Address}");
            using var stop = new CancellationTokenSource();
            var answered = 0;
            var load = customers.Take(Callers).Select(customer => (customer, new Random(random.Next()))).Select(async pair =>
            {
                while (!stop.IsCancellationRequested)
                {
                    try
                    {
                        await BuyThroughAsync(shop, victim.Address, pair.customer, pair.Item2, stop.Token);
                        Interlocked.Increment(ref answered);
                    }
                    catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException or JsonException)
                    {
                        // It died with the answer under way; whoever asked does not know.
                        return;
                    }
                }
            }).ToArray();
            await Eventually.TrueAsync(() => Volatile.Read(ref answered) > Callers);
            await Task.Delay(random.Next(300), Cancel);
            await victim.KillAsync();
            await stop.CancelAsync();
            await Task.WhenAll(load);
        }

        clock.Now = DateTimeOffset.UtcNow;
    }

    private static async Task BuyThroughAsync(Shop shop, Uri portal, Customer customer, Random random, CancellationToken stop)
    {
        using var client = new HttpClient { BaseAddress = portal, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", customer.Token) } };
        using var response = await client.PostAsJsonAsync("/api/v1/credits/purchase", new { pack = "credits_1000" }, stop);
        if (response.StatusCode is HttpStatusCode.OK)
        {
            var order = await response.Content.ReadFromJsonAsync<JsonElement>(stop);
            await shop.Sandbox.PayAsync(Shop.SessionOf(order.GetProperty("url").GetString()!), SandboxMethod.CardThatPays, isAuthenticated: true, random.Next(3) == 0 ? SandboxWebhooks.Lost : SandboxWebhooks.AsTheyShould, Cancel);
        }
        else
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        }

        foreach (var told in await PickEventsAsync(shop, random))
        {
            var body = Encoding.UTF8.GetBytes(told);
            using var request = new HttpRequestMessage(HttpMethod.Post, "/webhooks/stripe") { Content = new ByteArrayContent(body) };
            request.Headers.TryAddWithoutValidation("Stripe-Signature", WebhookSignature.Sign(Shop.Secret, body, DateTimeOffset.UtcNow));
            using var answer = await client.SendAsync(request, stop);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    private static async Task StepAsync(Shop shop, Customer[] customers, Random random)
    {
        var customer = customers[random.Next(Customers)].Caller;

        // One in ten goes away half-way.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        if (random.Next(10) == 0)
        {
            patience.CancelAfter(random.Next(10));
        }

        var ct = patience.Token;
        try
        {
            await (random.Next(100) switch
            {
                < 20 => BuyAsync(shop, customer, random, ct),
                < 50 => TellAsync(shop, random),
                < 66 => SpendAsync(shop, customer, random, ct),
                < 72 => RefundAsync(shop, random, ct),
                < 75 => RefundAtGatewayAsync(shop, random),
                < 78 => FailRefundAsync(shop, random),
                < 81 => DisputeAsync(shop, random),
                < 90 => ChangePlanAsync(shop, customer, random, ct),
                < 92 => shop.Get<PlanBilling>().CancelAsync(customer, ct),
                < 94 => shop.Get<PlanBilling>().ResumeAsync(customer, ct),
                < 98 => WorkAsync(shop, ct),
                _ => BreakLineAsync(shop, random),
            });
        }
        catch (Exception exception) when (exception is GatewayException or GatewayRefusedException || ct.IsCancellationRequested)
        {
            // Whoever asked does not know what became of it, and does not ask again.
        }
    }

    private static async Task BuyAsync(Shop shop, Caller customer, Random random, CancellationToken ct)
    {
        var url = random.Next(3) switch
        {
            0 => (await shop.Purchases.StartAsync(customer, random.Next(2) == 0 ? "credits_1000" : Shop.Pack, null, ct) as PurchaseStart.Ready)?.CheckoutUrl,
            1 => (await shop.Purchases.StartApiPackAsync(customer, "starter", null, ct) as PurchaseStart.Ready)?.CheckoutUrl,
            _ => (await shop.Get<TopUps>().StartAsync(customer, Money.FromCents(random.Next(500, 5000)), random.Next(2) == 0, Guid.NewGuid().ToString("N"), ct) as TopUpStart.Ready)?.Url,
        };
        if (url is not null && random.Next(6) > 0)
        {
            await shop.Sandbox.PayAsync(Shop.SessionOf(url), Methods[random.Next(Methods.Length)], isAuthenticated: true, random.Next(5) == 0 ? SandboxWebhooks.Lost : SandboxWebhooks.AsTheyShould, Cancel);
        }
    }

    /// <summary>Brings some of the gateway's latest events, each once or more, at once and in any order; what is not brought is lost.</summary>
    private static async Task TellAsync(Shop shop, Random random)
    {
        var events = await PickEventsAsync(shop, random);
        var deliveries = events.SelectMany(told => Enumerable.Repeat(told, random.Next(1, 4))).ToArray();
        random.Shuffle(deliveries);
        Assert.All(await Task.WhenAll(deliveries.Select(told => shop.SendAsync(told))), status => Assert.Equal(HttpStatusCode.OK, status));
    }

    private static async Task<List<string>> PickEventsAsync(Shop shop, Random random) => await shop.QueryAsync(db => db.Set<SandboxEvent>().AsNoTracking()
        .OrderByDescending(row => row.Id).Skip(random.Next(40)).Take(3).Select(row => row.Payload).ToListAsync(Cancel));

    private static async Task SpendAsync(Shop shop, Caller customer, Random random, CancellationToken ct) => await shop.Get<WalletWriter>().ExecuteAsync(
        new Charge
        {
            OrganizationId = customer.OrganizationId,
            Reference = $"event:{Guid.NewGuid():N}",
            Source = "test",
            Actor = "system:test",
            CreditType = CreditTypes.Credits,
            Amount = Credits.FromWhole(random.Next(1, 900)),
        },
        ct);

    private static async Task RefundAsync(Shop shop, Random random, CancellationToken ct)
    {
        if (await PickPaymentAsync(shop, random) is { } payment)
        {
            var part = random.Next(3) == 0 ? (Money?)null : Money.FromCents(random.Next(1, 1000));
            await shop.Get<Refunds>().RefundAsync(Administrator, payment.Id, part, "Drill", random.Next(2) == 0 ? "same" : null, ct);
        }
    }

    private static async Task RefundAtGatewayAsync(Shop shop, Random random)
    {
        if (await PickPaymentAsync(shop, random) is { PaymentIntentId: { } intentId })
        {
            await shop.Get<SandboxCharges>().RefundAsync(new RefundOrder($"theirs_{Guid.NewGuid():N}", intentId, Money.FromCents(random.Next(1, 800))), Cancel);
        }
    }

    private static async Task FailRefundAsync(Shop shop, Random random)
    {
        var refunds = await shop.QueryAsync(db => db.Set<SandboxRefund>().Where(row => !row.HasFailed).OrderByDescending(row => row.Id).Select(row => row.Id).Take(20).ToListAsync(Cancel));
        if (refunds.Count > 0)
        {
            await shop.Get<SandboxCharges>().FailRefundAsync(refunds[random.Next(refunds.Count)], Cancel);
        }
    }

    private static async Task DisputeAsync(Shop shop, Random random)
    {
        var open = await shop.QueryAsync(db => db.Set<SandboxIntent>().Where(row => row.DisputeStatus == "needs_response").Select(row => row.Id).Take(10).ToListAsync(Cancel));
        if (open.Count > 0 && random.Next(2) == 0)
        {
            await shop.Get<SandboxCharges>().DecideAsync(open[random.Next(open.Count)], random.Next(2) == 0, Cancel);
        }
        else if (await PickPaymentAsync(shop, random) is { PaymentIntentId: { } intentId })
        {
            await shop.Get<SandboxCharges>().DisputeAsync(intentId, Cancel);
        }
    }

    private static async Task ChangePlanAsync(Shop shop, Caller customer, Random random, CancellationToken ct)
    {
        var plans = shop.Get<PlanBilling>();
        var request = new PlanRequest(Plans[random.Next(Plans.Length)], random.Next(4) == 0 ? BillingInterval.Yearly : BillingInterval.Monthly, random.Next(1, 4));
        var result = random.Next(2) == 0
            ? await plans.ChangeWithCardAsync(customer, request, Money.FromDollars(100_000), Guid.NewGuid().ToString("N"), ct)
            : await plans.ChangeAsync(customer, request, null, ct);
        if (result is PlanChangeResult.Checkout checkout && random.Next(5) > 0)
        {
            await shop.Sandbox.PayAsync(Shop.SessionOf(checkout.Url), Methods[random.Next(Methods.Length)], isAuthenticated: true, random.Next(5) == 0 ? SandboxWebhooks.Lost : SandboxWebhooks.AsTheyShould, Cancel);
        }
    }

    private static async Task WorkAsync(Shop shop, CancellationToken ct)
    {
        await shop.Get<GatewayInbox>().RetryDueAsync(ct);
        await shop.Get<PaymentInquiry>().AskDueAsync(ct);
        await shop.Get<Refunds>().RetryDueAsync(ct);
        await shop.Get<Renewals>().RunDueAsync(ct);
        await shop.Get<AutoReloadEngine>().SweepAsync(ct);
    }

    private static async Task BreakLineAsync(Shop shop, Random random)
    {
        var gateway = shop.Gateway();
        (gateway.LosesAnswers, gateway.IsAway) = random.Next(2) == 0 ? (true, false) : (false, true);
        await Task.Delay(random.Next(60), Cancel);
        (gateway.LosesAnswers, gateway.IsAway) = (false, false);
    }

    private static async Task<Payment?> PickPaymentAsync(Shop shop, Random random)
    {
        var payments = await shop.QueryAsync(db => db.Set<Payment>().AsNoTracking()
            .Where(row => row.State == PaymentState.Succeeded).OrderByDescending(row => row.Id).Take(40).ToListAsync(Cancel));
        return payments.Count == 0 ? null : payments[random.Next(payments.Count)];
    }

    /// <summary>Lets the portal find out by itself what it was not told, and heals what only the reconciliation can find: money that went back in silence.</summary>
    private static async Task SettleAsync(Shop shop, SetClock clock, int seed)
    {
        (shop.Gateway().LosesAnswers, shop.Gateway().IsAway) = (false, false);
        await shop.QueryAsync(db => db.Database.ExecuteSqlAsync($"UPDATE auto_reload_settings SET is_enabled = false", Cancel));
        await Eventually.TrueAsync(async () =>
        {
            clock.Now += TimeSpan.FromMinutes(31);
            await WorkAsync(shop, Cancel);
            return !await shop.QueryAsync(async db =>
                await db.Set<Payment>().AnyAsync(row => row.State == PaymentState.Pending, Cancel) || await db.Set<PaymentRefund>().AnyAsync(row => row.State == RefundState.Pending, Cancel));
        });

        var reconciliations = shop.Get<Reconciliations>();
        clock.Now += TimeSpan.FromHours(2);
        foreach (var payment in await shop.QueryAsync(db => db.Set<Payment>().Select(row => row.Id).ToListAsync(Cancel)))
        {
            await reconciliations.CompareAsync(Administrator, payment, Cancel);
            foreach (var difference in (await reconciliations.ListAsync(Administrator, new DifferenceQuery(PaymentId: payment), Cancel)).Differences)
            {
                Assert.True(
                    difference.Kind is DifferenceKind.RefundNotTaken or DifferenceKind.RefundNotGiven or DifferenceKind.DisputeNotTaken,
                    $"Seed {seed}: {payment} {difference.Kind}: {difference.Detail}");
                Assert.True(await shop.Get<Healing>().HealAsync(Administrator, difference.Id, Cancel) is HealResult.Healed, $"Seed {seed}: {payment} {difference.Kind} was not healed.");
            }

            // What healed first may have stood before something else.
            foreach (var difference in (await reconciliations.ListAsync(Administrator, new DifferenceQuery(PaymentId: payment), Cancel)).Differences)
            {
                Assert.True(await shop.Get<Healing>().HealAsync(Administrator, difference.Id, Cancel) is HealResult.Healed, $"Seed {seed}: {payment} {difference.Kind} was not healed.");
            }
        }

        Assert.True((await reconciliations.SummarizeAsync(Administrator, Cancel)).Open == 0, $"Seed {seed}: differences are left.");
    }

    /// <summary>Reckons from the gateway's books alone what there must be in the portal's.</summary>
    private static async Task AssertAgreementAsync(Shop shop, int seed)
    {
        await shop.AssertLedgerHoldsAsync();
        var intents = await shop.QueryAsync(db => db.Set<SandboxIntent>().AsNoTracking().Where(row => row.FailureCode == null && row.ClientSecret == null).ToListAsync(Cancel));
        var payments = await shop.QueryAsync(db => db.Set<Payment>().AsNoTracking().ToDictionaryAsync(row => row.Id, Cancel));
        var invoices = await shop.QueryAsync(db => db.Set<Invoice>().AsNoTracking().Include(row => row.CreditNotes).ToListAsync(Cancel));
        var disputes = (await shop.QueryAsync(db => db.Set<PaymentDispute>().AsNoTracking().ToListAsync(Cancel))).ToLookup(row => row.PaymentId);
        Assert.True(intents.Count > 50, $"Seed {seed}: only {intents.Count} payments came.");

        var credits = Credits.Zero;
        foreach (var intent in intents)
        {
            var payment = payments[intent.PaymentId];
            var lost = intent.DisputeStatus is "lost" ? intent.AmountCents - intent.RefundedCents : Money.Zero;
            var held = intent.DisputeStatus is "lost" or "needs_response" ? intent.AmountCents - intent.RefundedCents : Money.Zero;
            var invoice = Assert.Single(invoices, invoice => invoice.PaymentId == payment.Id);
            Assert.True(
                (payment.State, payment.AmountCents, payment.RefundedCents, payment.PaymentIntentId) == (PaymentState.Succeeded, intent.AmountCents, intent.RefundedCents, intent.Id),
                $"Seed {seed}: {payment.Id} is {payment.State}, {payment.RefundedCents} of {payment.AmountCents} refunded; the gateway says {intent.RefundedCents} of {intent.AmountCents}.");
            Assert.True(
                (invoice.TotalCents, invoice.CreditedCents, invoice.CreditNotes.Aggregate(Money.Zero, (sum, note) => sum + note.AmountCents))
                    == (payment.AmountCents, payment.RefundedCents + lost, payment.RefundedCents + lost),
                $"Seed {seed}: invoice {invoice.Number} says {invoice.TotalCents}, {invoice.CreditedCents} given back; {lost} was lost.");
            Assert.True(held == Money.Zero || disputes[payment.Id].Any(dispute => dispute.State is not DisputeState.Won), $"Seed {seed}: the dispute of {payment.Id} is not known.");
            credits += payment.CreditMicros - Reversals.ShareOf(payment, intent.RefundedCents) - Reversals.ShareOf(payment, held);
        }

        // Settled less clawed back, and nothing besides.
        Assert.Equal(intents.Count, payments.Values.Count(payment => payment.State is PaymentState.Succeeded));
        Assert.Equal(intents.Count, invoices.Count);
        foreach (var year in invoices.GroupBy(invoice => invoice.Number[..4]))
        {
            Assert.Equal(Enumerable.Range(1, year.Count()).Select(number => $"{year.Key}-{number:D6}"), year.Select(invoice => invoice.Number).Order(StringComparer.Ordinal));
        }

        var posted = await shop.QueryAsync(db => db.Set<TransactionRow>()
            .Where(row => row.Type == TransactionType.Purchase || row.Type == TransactionType.ClawedBack || row.Source == "refund_failed" || row.Source == "dispute_won" || row.Source == "reconciliation")
            .Select(row => row.AmountMicros).ToListAsync(Cancel));
        Assert.True(credits == Credits.Sum(posted), $"Seed {seed}: {credits} credits were paid for and kept; the ledger has {Credits.Sum(posted)}.");
    }

    private sealed record Customer(Caller Caller, string Token);
}

public sealed class MoneyDrillOnSqlite(StoreFixture<SqliteEngine> store) : MoneyDrill<SqliteEngine>(store, 2000);

public sealed class MoneyDrillOnPostgres(StoreFixture<PostgresEngine> store) : MoneyDrill<PostgresEngine>(store, 2000);

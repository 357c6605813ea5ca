using System.Net;
using System.Text;
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
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Purchases;

/// <summary>A portal that sells packs, its customers, and the gateway's side of every payment.</summary>
public sealed class Shop : IAsyncDisposable
{
    public const string Secret = "whsec_of_the_tests";
    public const string Pack = "credits_5000";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly HttpClient http;

    private Shop(Site site, TimeProvider clock)
    {
        (Site, Clock) = (site, clock);
        http = site.NewClient();
    }

    public Site Site { get; }

    public TimeProvider Clock { get; }

    public PackPurchases Purchases => Get<PackPurchases>();

    public PaymentTracker Tracker => Get<PaymentTracker>();

    public SavedCards Cards => Get<SavedCards>();

    internal SandboxCheckout Sandbox => Get<SandboxCheckout>();

    public static Shop Open(
        TestDatabase database, TimeProvider? clock = null, Action<IServiceCollection>? services = null, Dictionary<string, string?>? settings = null)
    {
        Dictionary<string, string?> all = new() { ["Stripe:WebhookSecret"] = Secret };
        foreach (var (key, value) in settings ?? [])
        {
            all[key] = value;
        }

        var site = Site.Start(database, all, collection =>
        {
            if (clock is not null)
            {
                collection.AddSingleton(clock);
            }

            services?.Invoke(collection);
        });
        return new Shop(site, clock ?? TimeProvider.System);
    }

    public T Get<T>()
        where T : notnull => Site.Services.GetRequiredService<T>();

    /// <summary>Somebody new whose organization is on a plan.</summary>
    internal async Task<Person> NewPersonAsync(string plan = "lite")
    {
        var person = await Site.SignUpAsync();
        await Get<PlanSubscriptions>().StartAsync(person.OrganizationId, plan, BillingInterval.Monthly, 1, Clock.Now(), "system:test", Cancel);
        return person;
    }

    /// <summary>The owner of a new organization on a plan.</summary>
    public async Task<Caller> NewBuyerAsync(string plan = "lite") => (await NewPersonAsync(plan)).Caller;

    public async Task<PurchaseStart.Ready> BuyAsync(Caller buyer, string pack = Pack, string? key = null) =>
        Assert.IsType<PurchaseStart.Ready>(await Purchases.StartAsync(buyer, pack, key, Cancel));

    /// <summary>Pays at the sandbox; unless told otherwise the gateway says nothing of it, and the test speaks for it.</summary>
    public async Task PayAsync(PurchaseStart.Ready order, SandboxMethod method = SandboxMethod.CardThatPays, bool tells = false) =>
        Assert.Equal(SandboxAnswer.Accepted, await Sandbox.PayAsync(SessionOf(order), method, isAuthenticated: true, tells ? SandboxWebhooks.AsTheyShould : SandboxWebhooks.Lost, Cancel));

    public static string SessionOf(PurchaseStart.Ready order) => SessionOf(order.CheckoutUrl);

    public static string SessionOf(string checkoutUrl) => checkoutUrl[(checkoutUrl.LastIndexOf('/') + 1)..];

    /// <summary>Saves a card on the gateway's page, and comes back from there.</summary>
    public async Task SaveCardAsync(Caller buyer, SandboxMethod method = SandboxMethod.CardThatPays)
    {
        var setup = Assert.IsType<CardSetupStart.Ready>(await Cards.StartSetupAsync(buyer, "/payment-methods", Cancel));
        Assert.Equal(SandboxAnswer.Accepted, await Sandbox.PayAsync(SessionOf(setup.Url), method, isAuthenticated: true, SandboxWebhooks.AsTheyShould, Cancel));
        await Cards.ArriveAsync(buyer, Cancel);
    }

    /// <summary>Charges a top-up to the saved card while its owner is away.</summary>
    public Task<ChargeResult> ChargeAsync(Caller buyer, Money amount, string? key = null)
    {
        var charges = Get<CardCharges>();
        var now = Clock.Now();
        return charges.ChargeAsync(
            new Payment
            {
                Id = Ids.New("pay", now),
                OrganizationId = buyer.OrganizationId,
                Actor = "system:test",
                BuyerName = "Buyer",
                Kind = PaymentKind.TopUp,
                Item = "usd_test",
                Description = "Top-up",
                AmountCents = amount,
                CreditType = CreditTypes.Credits,
                CreditMicros = CreditValue.Of(amount),
                IdempotencyKey = key ?? Guid.NewGuid().ToString("N"),
                CreatedAt = now,
                ExpiresAt = charges.NextExpiry,
            },
            Cancel);
    }

    /// <summary>What is bought and not spent, in whole credits; the plan's allowance left out.</summary>
    public async Task<decimal> PurchasedAsync(Caller buyer, string creditType = CreditTypes.Credits)
    {
        var wallet = await Get<WalletReader>().GetWalletAsync(buyer, creditType, Cancel);
        return Credits.Sum(wallet.Buckets.Where(bucket => bucket.Kind is BucketKind.Purchased).Select(bucket => bucket.Remaining)).ToDecimal();
    }

    public async Task<PaymentView> PaymentAsync(Caller buyer, string paymentId) =>
        await Tracker.GetAsync(buyer, paymentId, Cancel) ?? throw new InvalidOperationException($"{paymentId} is not there.");

    /// <summary>Waits until a payment is as wanted, as one does who watches its page.</summary>
    public async Task<PaymentView> UntilAsync(Caller buyer, string paymentId, Func<PaymentView, bool> wanted)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var payment = await PaymentAsync(buyer, paymentId);
            if (wanted(payment))
            {
                return payment;
            }

            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience, $"Still waiting: {payment}");
            await Task.Delay(25, Cancel);
        }
    }

    /// <summary>Sends an event as the gateway would, and gives the answer's status.</summary>
    public async Task<HttpStatusCode> SendAsync(string body, string? signature = null)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        return await SendSignedAsync(bytes, signature ?? WebhookSignature.Sign(Secret, bytes, Clock.GetUtcNow()));
    }

    public async Task<HttpStatusCode> SendSignedAsync(byte[] body, string? signature)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "webhooks/stripe") { Content = new ByteArrayContent(body) };
        if (signature is not null)
        {
            request.Headers.TryAddWithoutValidation("Stripe-Signature", signature);
        }

        using var response = await http.SendAsync(request, Cancel);
        return response.StatusCode;
    }

    public async Task<TResult> QueryAsync<TResult>(Func<BillingDbContext, Task<TResult>> query)
    {
        await using var db = await Get<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Cancel);
        return await query(db);
    }

    /// <summary>Fails unless every invariant of the ledger holds.</summary>
    public async Task AssertLedgerHoldsAsync() => Assert.Empty((await Get<LedgerVerification>().VerifyAsync(null, Cancel)).Faults);

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await Site.DisposeAsync();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}

/// <summary>Events in the words of the gateway, written out by hand.</summary>
internal sealed record StripeEvent(string Type, string SessionId, string PaymentId)
{
    public string Id { get; init; } = $"evt_{Guid.NewGuid():N}";

    public long Cents { get; init; } = 3900;

    public string Currency { get; init; } = "usd";

    public string Status { get; init; } = "complete";

    public string PaymentStatus { get; init; } = "paid";

    public bool Live { get; init; }

    public static StripeEvent Completed(PurchaseStart.Ready order) => new("checkout.session.completed", Shop.SessionOf(order), order.PaymentId);

    public static StripeEvent Unpaid(PurchaseStart.Ready order) => Completed(order) with { PaymentStatus = "unpaid" };

    public static StripeEvent Arrived(PurchaseStart.Ready order) => Completed(order) with { Type = "checkout.session.async_payment_succeeded" };

    public static StripeEvent Bounced(PurchaseStart.Ready order) => Unpaid(order) with { Type = "checkout.session.async_payment_failed" };

    public static StripeEvent Expired(PurchaseStart.Ready order) => Unpaid(order) with { Type = "checkout.session.expired", Status = "expired" };

    public override string ToString() => $$"""
        {
          "id": "{{Id}}", "object": "event", "api_version": "2025-09-30.clover", "created": 1780000000, "livemode": {{(Live ? "true" : "false")}},
          "type": "{{Type}}", "pending_webhooks": 1, "request": { "id": null, "idempotency_key": null },
          "data": { "object": {
            "id": "{{SessionId}}", "object": "checkout.session", "amount_total": {{Cents}}, "currency": "{{Currency}}", "livemode": {{(Live ? "true" : "false")}},
            "mode": "payment", "status": "{{Status}}", "payment_status": "{{PaymentStatus}}", "payment_intent": "pi_123", "customer_email": null,
            "client_reference_id": "{{PaymentId}}", "metadata": { "payment_id": "{{PaymentId}}" }
          } }
        }
        """;
}

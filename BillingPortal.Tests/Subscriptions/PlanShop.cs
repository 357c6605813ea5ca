using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Payments.Sandbox;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Purchases;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Tests.Subscriptions;

/// <summary>A portal that sells plans, for the tests of one class, on a clock that they set.</summary>
public sealed class PlanShop<TEngine> : IAsyncLifetime
    where TEngine : IStoreEngine, new()
{
    private readonly StoreFixture<TEngine> store = new();
    private Shop? shop;

    /// <summary>Noon on the last of January.</summary>
    public static readonly DateTimeOffset Start = new(2027, 1, 31, 12, 0, 0, TimeSpan.Zero);

    public SetClock Clock { get; } = new(Start);

    public Shop Shop => shop ?? throw new InvalidOperationException("The fixture has not been started.");

    public PlanBilling Plans => Shop.Get<PlanBilling>();

    internal UnreliableGateway Gateway => (UnreliableGateway)Shop.Get<IPaymentGateway>();

    /// <summary>One more portal on the same rows and the same clock. The caller disposes it.</summary>
    public Shop OpenAnother() => Shop.Open(store.Database, Clock, UnreliableGateway.Use, Settings);

    public async ValueTask InitializeAsync()
    {
        await store.InitializeAsync();
        shop = OpenAnother();
    }

    public async ValueTask DisposeAsync()
    {
        if (shop is not null)
        {
            await shop.DisposeAsync();
        }

        await store.DisposeAsync();
    }

    /// <summary>Somebody new on the free plan, at <see cref="Start"/>.</summary>
    public async Task<Caller> NewCustomerAsync()
    {
        Clock.Now = Start;
        return (await Shop.Site.SignUpAsync()).Caller;
    }

    /// <summary>Somebody new who has chosen a plan and paid, with a card that was kept.</summary>
    public async Task<Caller> NewSubscriberAsync(
        string plan, BillingInterval interval = BillingInterval.Monthly, int? seats = null, SandboxMethod method = SandboxMethod.CardThatPays, DateTimeOffset? at = null)
    {
        var customer = await NewCustomerAsync();
        Clock.Now = at ?? Start;
        await ChangeAsync(customer, plan, interval, seats, method);
        return customer;
    }

    /// <summary>Changes the plan, and pays if that is needed.</summary>
    public async Task<PlanStanding> ChangeAsync(
        Caller customer, string plan, BillingInterval? interval = null, int? seats = null, SandboxMethod method = SandboxMethod.CardThatPays)
    {
        if (await Plans.ChangeAsync(customer, new PlanRequest(plan, interval, seats), null, Cancel) is PlanChangeResult.Checkout checkout)
        {
            await PayAsync(customer, checkout, method);
        }

        return await StandingAsync(customer);
    }

    public async Task<PlanChangeResult.Checkout> OrderAsync(Caller customer, string plan, BillingInterval? interval = null, int? seats = null, string? key = null) =>
        Assert.IsType<PlanChangeResult.Checkout>(await Plans.ChangeAsync(customer, new PlanRequest(plan, interval, seats), key, Cancel));

    /// <summary>Pays a checkout; the portal learns of it by asking, and keeps the card.</summary>
    public async Task PayAsync(Caller customer, PlanChangeResult.Checkout checkout, SandboxMethod method = SandboxMethod.CardThatPays)
    {
        var session = checkout.Url[(checkout.Url.LastIndexOf('/') + 1)..];
        Assert.Equal(SandboxAnswer.Accepted, await Shop.Sandbox.PayAsync(session, method, isAuthenticated: true, SandboxWebhooks.Lost, Cancel));
        await Eventually.TrueAsync(async () => (await Shop.Tracker.ArriveAsync(customer, checkout.PaymentId, Cancel))!.IsCredited);
        var payment = await Shop.QueryAsync(db => db.Set<Payment>().AsNoTracking().SingleAsync(row => row.Id == checkout.PaymentId, Cancel));

        // A busy machine may not list the cards in the time that an inquiry has.
        await Eventually.TrueAsync(() => Shop.Get<PaymentInquiry>().AskAsync(payment, Cancel));
    }

    /// <summary>Moves the clock and renews what is due then.</summary>
    public async Task<PlanStanding> RenewAtAsync(Caller customer, DateTimeOffset instant)
    {
        Clock.Now = instant;
        await Shop.Get<Renewals>().RunDueAsync(Cancel);
        return await StandingAsync(customer);
    }

    public Task<PlanStanding> StandingAsync(Caller customer) => Plans.GetAsync(customer, Cancel);

    /// <summary>Plan credits that can be spent, in whole credits.</summary>
    public Task<decimal> PlanCreditsAsync(Caller customer) => CreditsAsync(customer, BucketKind.Plan);

    public async Task<decimal> CreditsAsync(Caller customer, BucketKind kind, string creditType = CreditTypes.Credits)
    {
        var wallet = await Shop.Get<CurrentWallets>().GetWalletAsync(customer, creditType, Cancel);
        return Credits.Sum(wallet.Buckets.Where(bucket => bucket.Kind == kind && bucket.IsLiveAt(Clock.Now)).Select(bucket => bucket.Remaining)).ToDecimal();
    }

    /// <summary>What was paid, oldest first, by kind.</summary>
    public Task<List<Payment>> PaymentsAsync(Caller customer) => Shop.QueryAsync(db => db.Set<Payment>().AsNoTracking()
        .Where(row => row.OrganizationId == customer.OrganizationId).OrderBy(row => row.CreatedAt).ThenBy(row => row.Id).ToListAsync(Cancel));

    /// <summary>Grants of plan credits ever posted.</summary>
    public async Task<IReadOnlyList<TransactionView>> GrantsAsync(Caller customer) => (await Shop.Get<TransactionHistory>().ListAsync(
        Caller.ForSystem("test", customer.OrganizationId), new TransactionQuery(CreditTypes.Credits, [TransactionType.Grant], Limit: 100), Cancel)).Transactions;

    public Task<List<string>> EventsAsync(Caller customer, string type) => Shop.QueryAsync(db => db.Set<OutboxEvent>()
        .Where(row => row.OrganizationId == customer.OrganizationId && row.Type == type).OrderBy(row => row.OccurredAt).ThenBy(row => row.Id).Select(row => row.Data).ToListAsync(Cancel));

    // Events are kept for a year, so that the months a test moves through sweep none of what it counts.
    private static Dictionary<string, string?> Settings => new() { ["RateLimits:PerMinute"] = "0", ["Webhooks:RetentionDays"] = "365" };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}

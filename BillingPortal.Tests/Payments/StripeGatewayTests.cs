using System.Collections.Concurrent;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Payments.Stripe;
using BillingPortal.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BillingPortal.Tests.Payments;

public sealed class StripeGatewayTests : IAsyncLifetime
{
    private const string Key = "sk_test_standin";
    private const string Secret = "whsec_never_to_be_seen";

    private readonly LogSink log = new();
    private StripeStandIn stripe = null!;
    private ServiceProvider services = null!;
    private IPaymentGateway gateway = null!;

    public async ValueTask InitializeAsync()
    {
        stripe = await StripeStandIn.StartAsync();
        (services, gateway) = Open(new() { ["Stripe:AttemptTimeout"] = "00:00:01" });
    }

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        await stripe.DisposeAsync();
        Assert.Empty(stripe.Unknown);
        Assert.All(stripe.Requests, request => Assert.Equal((StripeClient.Version, $"Bearer {Key}"), (request.Version, request.Authorization)));
        Assert.All(stripe.Requests.Where(request => request.Method == "POST"), request => Assert.False(string.IsNullOrEmpty(request.Key), request.Path));
        Assert.DoesNotContain(log.Lines, line => line.Contains(Key, StringComparison.Ordinal) || line.Contains("standin", StringComparison.Ordinal) || line.Contains("whsec_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_checkout_carries_the_order_and_is_found_again()
    {
        var order = NewOrder("pay_1") with { CustomerId = await gateway.CreateCustomerAsync("org_1", Cancel), KeepsCard = true };

        var page = await gateway.OpenCheckoutAsync(order, Cancel);

        Assert.Equal($"https://checkout.stripe.example/c/pay/{page.SessionId}", page.Url);
        var sent = stripe.Requests.Single(request => request.Path == "/v1/checkout/sessions").Fields;
        Assert.Equal(("payment", "pay_1", "pay_1", "3900", "usd", "off_session"), (
            sent["mode"], sent["client_reference_id"], sent["payment_intent_data[metadata][payment_id]"], sent["line_items[0][price_data][unit_amount]"],
            sent["line_items[0][price_data][currency]"], sent["payment_intent_data[setup_future_usage]"]));
        Assert.True(long.Parse(sent["expires_at"], null) > order.ExpiresAt.ToUnixTimeSeconds(), "Stripe refuses a page that is open for less than half an hour.");

        Assert.Equal(PaymentOutcome.Open, (await gateway.FindCheckoutAsync(page.SessionId, Cancel))!.Outcome);
        stripe.Pay(page.SessionId);
        var paid = await gateway.FindCheckoutAsync(page.SessionId, Cancel);
        Assert.Equal((PaymentOutcome.Paid, "pay_1", 3900L, "usd", false), (paid!.Outcome, paid.PaymentId, paid.Amount.Cents, paid.Currency, paid.IsLive));
        Assert.Null(await gateway.FindCheckoutAsync("cs_test_of_nobody", Cancel));
    }

    [Theory]
    [InlineData(nameof(StripeFault.BrokenBefore))]
    [InlineData(nameof(StripeFault.BrokenAfter))]
    [InlineData(nameof(StripeFault.CutBefore))]
    [InlineData(nameof(StripeFault.CutAfter))]
    [InlineData(nameof(StripeFault.Silence))]
    [InlineData(nameof(StripeFault.TooMany))]
    [InlineData(nameof(StripeFault.HalfAnswer))]
    public async Task What_may_be_better_next_time_is_sent_again_under_the_same_key_and_done_once(string fault)
    {
        var customer = await CustomerWithAsync(StripeStandIn.GoodCard);
        stripe.Fail(Enum.Parse<StripeFault>(fault));

        var report = await gateway.ChargeCardAsync(NewCharge("pay_1", customer), Cancel);

        Assert.Equal((PaymentOutcome.Paid, "pay_1", 3900L), (report.Outcome, report.PaymentId, report.Amount.Cents));
        Assert.Single(stripe.All("payment_intent"));
        var sent = stripe.Requests.Where(request => request.Path == "/v1/payment_intents").ToList();
        Assert.Equal(2, sent.Count);
        Assert.Equal("pay_1:charge", Assert.Single(sent.Select(request => request.Key).Distinct()));
        if (fault == nameof(StripeFault.TooMany))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(sent[0].At, sent[1].At) >= TimeSpan.FromSeconds(0.95), "Retry-After was not waited for.");
        }
    }

    [Fact]
    public async Task When_stripe_says_not_to_try_again_it_is_not_tried_again()
    {
        stripe.Fail(StripeFault.BrokenForGood);

        await Assert.ThrowsAsync<GatewayException>(() => gateway.OpenCheckoutAsync(NewOrder("pay_1"), Cancel));

        Assert.Single(stripe.Requests);
    }

    [Fact]
    public async Task A_stripe_that_stays_away_is_given_up_and_after_a_few_failures_not_asked_for_a_moment()
    {
        stripe.Fail([.. Enumerable.Repeat(StripeFault.CutBefore, 6)]);

        await Assert.ThrowsAsync<GatewayException>(() => gateway.OpenCheckoutAsync(NewOrder("pay_1"), Cancel));
        Assert.Equal(3, stripe.Requests.Count);
        await Assert.ThrowsAsync<GatewayException>(() => gateway.OpenCheckoutAsync(NewOrder("pay_1"), Cancel));
        var asked = stripe.Requests.Count;
        Assert.Equal(5, asked);
        await Assert.ThrowsAsync<GatewayException>(() => gateway.FindCheckoutAsync("cs_test_1", Cancel));
        Assert.Equal(asked, stripe.Requests.Count);
    }

    [Fact]
    public void The_breaker_lets_one_through_after_its_pause_and_all_once_stripe_answers()
    {
        var clock = new ManualClock();
        var breaker = new StripeBreaker(clock);
        for (var i = 0; i < 5; i++)
        {
            Assert.True(breaker.TryPass());
            breaker.Failed();
        }

        Assert.False(breaker.TryPass());
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.True(breaker.TryPass());
        Assert.False(breaker.TryPass());
        breaker.Failed();
        Assert.False(breaker.TryPass());
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.True(breaker.TryPass());
        breaker.Answered();
        Assert.True(breaker.TryPass());
        Assert.True(breaker.TryPass());
    }

    [Fact]
    public async Task A_charge_that_fails_says_why_in_the_banks_word()
    {
        var customer = await CustomerWithAsync(StripeStandIn.GoodCard, StripeStandIn.PoorCard, StripeStandIn.AskingCard);

        Assert.Equal((PaymentOutcome.Failed, "insufficient_funds"), Of(await ChargeAsync("pay_1", StripeStandIn.PoorCard)));
        Assert.Equal((PaymentOutcome.Failed, FailureCodes.AuthenticationRequired), Of(await ChargeAsync("pay_2", StripeStandIn.AskingCard)));
        stripe.Delete(StripeStandIn.GoodCard);
        var missing = await ChargeAsync("pay_3", StripeStandIn.GoodCard);
        Assert.Equal((PaymentOutcome.Failed, FailureCodes.CardMissing), Of(missing));
        Assert.Equal(("pay_3", 3900L), (missing.PaymentId, missing.Amount.Cents));
        stripe.Delete(customer);
        Assert.Equal((PaymentOutcome.Failed, FailureCodes.CardMissing), Of(await ChargeAsync("pay_4", StripeStandIn.PoorCard)));
        Assert.Null(await gateway.ListCardsAsync(customer, Cancel));

        static (PaymentOutcome Outcome, string? Failure) Of(PaymentReport report) => (report.Outcome, report.FailureCode);

        Task<PaymentReport> ChargeAsync(string payment, string card) => gateway.ChargeCardAsync(NewCharge(payment, customer) with { PaymentMethodId = card }, Cancel);
    }

    [Fact]
    public async Task A_charge_whose_answer_was_lost_is_found_among_many()
    {
        var customer = await CustomerWithAsync(StripeStandIn.GoodCard);
        stripe.Fail(StripeFault.CutAfter, StripeFault.CutBefore, StripeFault.CutBefore);
        await Assert.ThrowsAsync<GatewayException>(() => gateway.ChargeCardAsync(NewCharge("pay_lost", customer), Cancel));
        for (var i = 0; i < 103; i++)
        {
            await gateway.ChargeCardAsync(NewCharge($"pay_{i}", customer), Cancel);
        }

        Assert.Equal(PaymentOutcome.Paid, (await gateway.FindChargeAsync(NewCharge("pay_lost", customer), Cancel))!.Outcome);
        Assert.Null(await gateway.FindChargeAsync(NewCharge("pay_of_nobody", customer), Cancel));
    }

    [Fact]
    public async Task An_intent_is_readied_found_and_withdrawn_unless_it_is_paid()
    {
        var open = await gateway.OpenIntentAsync(new IntentOrder("pay_1", "Top-up", Money.FromDollars(10)), Cancel);
        Assert.Equal(open, await gateway.OpenIntentAsync(new IntentOrder("pay_1", "Top-up", Money.FromDollars(10)), Cancel));
        Assert.Equal(PaymentOutcome.Open, (await gateway.FindIntentAsync(open.PaymentIntentId, Cancel))!.Outcome);

        Assert.Equal((PaymentOutcome.Failed, FailureCodes.GivenUp), ((await gateway.CancelIntentAsync(open.PaymentIntentId, Cancel)) is { } gone ? (gone.Outcome, gone.FailureCode) : default));
        var paid = await gateway.OpenIntentAsync(new IntentOrder("pay_2", "Top-up", Money.FromDollars(10)), Cancel);
        stripe.Thing(paid.PaymentIntentId)["status"] = "succeeded";
        Assert.Equal(PaymentOutcome.Paid, (await gateway.CancelIntentAsync(paid.PaymentIntentId, Cancel))!.Outcome);
        Assert.Null(await gateway.CancelIntentAsync("pi_of_nobody", Cancel));
    }

    [Fact]
    public async Task Cards_are_saved_listed_and_forgotten_however_often()
    {
        var customer = await CustomerWithAsync(StripeStandIn.GoodCard);
        var page = await gateway.OpenCardSetupAsync(
            new CardSetupOrder("set_1", customer, "https://portal.example/done", "https://portal.example/back", TimeProvider.System.GetUtcNow().AddMinutes(30)), Cancel);
        Assert.Equal("setup", (string?)stripe.Thing(page.SessionId)["mode"]);

        var card = Assert.Single((await gateway.ListCardsAsync(customer, Cancel))!);
        Assert.Equal((StripeStandIn.GoodCard, "visa", "4242", 12, 2034), (card.PaymentMethodId, card.Brand, card.Last4, card.ExpiryMonth, card.ExpiryYear));
        await gateway.RemoveCardAsync(StripeStandIn.GoodCard, Cancel);
        await gateway.RemoveCardAsync(StripeStandIn.GoodCard, Cancel);
        await gateway.RemoveCardAsync("pm_of_nobody", Cancel);
        Assert.Empty((await gateway.ListCardsAsync(customer, Cancel))!);
    }

    [Fact]
    public async Task Money_is_given_back_once_for_its_refund_and_never_beyond_the_charge()
    {
        var customer = await CustomerWithAsync(StripeStandIn.GoodCard);
        var charge = await gateway.ChargeCardAsync(NewCharge("pay_1", customer), Cancel);
        stripe.Fail(StripeFault.CutAfter);

        var first = await gateway.RefundAsync(new RefundOrder("ref_1", charge.PaymentIntentId!, Money.FromCents(2000)), Cancel);

        Assert.Equal(first, await gateway.RefundAsync(new RefundOrder("ref_1", charge.PaymentIntentId!, Money.FromCents(2000)), Cancel));
        Assert.Single(stripe.All("refund"));
        var refused = await Assert.ThrowsAsync<GatewayRefusedException>(() => gateway.RefundAsync(new RefundOrder("ref_2", charge.PaymentIntentId!, Money.FromCents(2000)), Cancel));
        Assert.Equal("charge_already_refunded", refused.Code);
    }

    [Fact]
    public async Task What_went_back_is_added_up_without_refunds_that_failed_and_disputes_are_told_as_they_stand()
    {
        var customer = await CustomerWithAsync(StripeStandIn.GoodCard);
        var intentId = (await gateway.ChargeCardAsync(NewCharge("pay_1", customer), Cancel)).PaymentIntentId!;
        Assert.Equal((PaymentOutcome.Paid, 0L, 0), await gateway.FindMoneyAsync(intentId, Cancel) is { } untouched
            ? (untouched.Report.Outcome, untouched.Refunded.Cents, untouched.Disputes.Length) : default);

        var failed = await gateway.RefundAsync(new RefundOrder("ref_1", intentId, Money.FromCents(1000)), Cancel);
        await gateway.RefundAsync(new RefundOrder("ref_2", intentId, Money.FromCents(700)), Cancel);
        stripe.Thing(failed)["status"] = "failed";
        stripe.Dispute(intentId, "needs_response");

        var money = (await gateway.FindMoneyAsync(intentId, Cancel))!;
        Assert.Equal(700, money.Refunded.Cents);
        Assert.Equal((DisputeState.Open, 3900L, intentId), (Assert.Single(money.Disputes).State, money.Disputes[0].Amount.Cents, money.Disputes[0].PaymentIntentId));
        Assert.Null(await gateway.FindMoneyAsync("pi_of_nobody", Cancel));
    }

    [Fact]
    public async Task A_key_used_for_another_request_and_a_key_that_is_refused_are_our_faults_and_logged_as_such()
    {
        await gateway.OpenCheckoutAsync(NewOrder("pay_1"), Cancel);

        var reused = await Assert.ThrowsAsync<GatewayException>(() => gateway.OpenCheckoutAsync(NewOrder("pay_1") with { Amount = Money.FromDollars(1) }, Cancel));

        Assert.Contains("idempotency_error", reused.Message, StringComparison.Ordinal);
        Assert.Contains(log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains("idempotency_error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Events_signed_with_any_of_the_secrets_are_read_and_no_others()
    {
        var body = """{"id":"evt_1","type":"ping"}"""u8.ToArray();
        var now = TimeProvider.System.GetUtcNow();

        Assert.Equal("evt_1", (await gateway.ReadEventAsync(body, WebhookSignature.Sign(Secret, body, now), Cancel))!.Id);
        Assert.NotNull(await gateway.ReadEventAsync(body, WebhookSignature.Sign("whsec_next", body, now), Cancel));
        Assert.Null(await gateway.ReadEventAsync(body, WebhookSignature.Sign("whsec_other", body, now), Cancel));
        Assert.Null(await gateway.ReadEventAsync(body, WebhookSignature.Sign(Secret, body, now.AddMinutes(-6)), Cancel));
        Assert.Null(await gateway.ReadEventAsync(body, null, Cancel));
    }

    [Theory]
    [InlineData("sk_live_1", true)]
    [InlineData("rk_live_1", true)]
    [InlineData("rk_test_1", false)]
    public async Task The_key_says_whether_real_money_moves(string key, bool isLive)
    {
        var (provider, other) = Open(new() { ["Stripe:ApiKey"] = key });
        await using (provider)
        {
            Assert.Equal(isLive, other.IsLive);
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static CheckoutOrder NewOrder(string payment) => new(
        payment, "Growth Pack", Money.FromDollars(39), "https://portal.example/done", "https://portal.example/back", new DateTimeOffset(2034, 1, 1, 0, 0, 0, TimeSpan.Zero));

    private static CardCharge NewCharge(string payment, string customer) =>
        new(payment, "Auto-reload", Money.FromDollars(39), customer, StripeStandIn.GoodCard, new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    private async Task<string> CustomerWithAsync(params string[] cards)
    {
        var customer = await gateway.CreateCustomerAsync("org_1", Cancel);
        foreach (var card in cards)
        {
            stripe.Save(customer, card);
        }

        return customer;
    }

    private (ServiceProvider Services, IPaymentGateway Gateway) Open(Dictionary<string, string?> settings)
    {
        Dictionary<string, string?> all = new() { ["Stripe:ApiKey"] = Key, ["Stripe:ApiBase"] = stripe.Address, ["Stripe:WebhookSecret"] = $"{Secret}, whsec_next" };
        foreach (var (name, value) in settings)
        {
            all[name] = value;
        }

        var configuration = new ConfigurationBuilder().AddInMemoryCollection(all).Build();
        var provider = new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration)
            .AddSingleton(TimeProvider.System)
            .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(log))
            .AddStripe(configuration)
            .BuildServiceProvider();
        return (provider, provider.GetRequiredService<IPaymentGateway>());
    }
}

/// <summary>Keeps every line that is logged, with what was thrown.</summary>
internal sealed class LogSink : ILoggerProvider, ILogger
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");

    public void Dispose()
    {
    }
}

using System.Text.Json;
using BillingPortal.Ledger;
using Microsoft.Extensions.Options;

namespace BillingPortal.Payments.Stripe;

/// <summary>Stripe. Every parameter is named as Stripe's published API names it; every change carries an id of ours as its idempotency key.</summary>
/// <remarks>
/// Source: docs.stripe.com/api, /checkout/sessions, /payment_intents, /customers, /payment_methods, /refunds, /disputes. The portal keeps its own plans, prices,
/// invoices and dunning and has Stripe only take money: docs/decisions/0112.
/// </remarks>
internal sealed class StripeGateway(StripeClient client, StripeWebhookSecrets secrets, IOptions<StripeOptions> options, TimeProvider clock) : IPaymentGateway
{
    private const string Sessions = "/v1/checkout/sessions";
    private const string Intents = "/v1/payment_intents";
    private const int PageSize = 100;
    private const int MaxPages = 10;

    // Stripe wants a page to be open for half an hour at least, counted when it hears of it. The end is the order's and never the
    // moment's, for the same key must come with the same parameters.
    private static readonly TimeSpan ExtraTime = TimeSpan.FromMinutes(5);

    // Clocks of two companies differ.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    public bool IsLive => options.Value.IsLive;

    public async Task<OpenedCheckout> OpenCheckoutAsync(CheckoutOrder order, CancellationToken cancellationToken)
    {
        var form = new StripeForm()
            .Add("mode", "payment")
            .Add("client_reference_id", order.PaymentId)
            .Add($"metadata[{GatewayJson.PaymentIdKey}]", order.PaymentId)
            .Add("payment_intent_data[description]", order.Description)
            .Add($"payment_intent_data[metadata][{GatewayJson.PaymentIdKey}]", order.PaymentId)
            .Add("line_items[0][quantity]", 1)
            .Add("line_items[0][price_data][currency]", Money.Currency)
            .Add("line_items[0][price_data][unit_amount]", order.Amount.Cents)
            .Add("line_items[0][price_data][product_data][name]", order.Description)
            .Add("success_url", order.SuccessUrl)
            .Add("cancel_url", order.CancelUrl)
            .Add("expires_at", order.ExpiresAt + ExtraTime)
            .Add("customer", order.CustomerId)
            .Add("payment_intent_data[setup_future_usage]", order.KeepsCard ? "off_session" : null);
        return PageOf(await DoAsync(Sessions, form, $"{order.PaymentId}:checkout", cancellationToken));
    }

    public async Task<PaymentReport?> FindCheckoutAsync(string sessionId, CancellationToken cancellationToken) =>
        await FindAsync($"{Sessions}/{Uri.EscapeDataString(sessionId)}", cancellationToken) is { } session ? GatewayJson.ReadSession(session) : null;

    public async Task<OpenedIntent> OpenIntentAsync(IntentOrder order, CancellationToken cancellationToken)
    {
        var form = new StripeForm()
            .Add("amount", order.Amount.Cents)
            .Add("currency", Money.Currency)
            .Add("description", order.Description)
            .Add($"metadata[{GatewayJson.PaymentIdKey}]", order.PaymentId)
            .Add("automatic_payment_methods[enabled]", true);
        var intent = await DoAsync(Intents, form, $"{order.PaymentId}:intent", cancellationToken);
        return new OpenedIntent(Required(intent, "id"), Required(intent, "client_secret"));
    }

    public async Task<PaymentReport?> FindIntentAsync(string paymentIntentId, CancellationToken cancellationToken) =>
        await FindAsync($"{Intents}/{Uri.EscapeDataString(paymentIntentId)}", cancellationToken) is { } intent ? GatewayJson.ReadIntent(intent) : null;

    public async Task<PaymentReport?> CancelIntentAsync(string paymentIntentId, CancellationToken cancellationToken)
    {
        try
        {
            var form = new StripeForm().Add("cancellation_reason", "abandoned");
            return GatewayJson.ReadIntent(await client.PostAsync($"{Intents}/{Uri.EscapeDataString(paymentIntentId)}/cancel", form, $"{paymentIntentId}:cancel", cancellationToken));
        }
        catch (StripeException)
        {
            // Paid, on its way, canceled before, or unknown: what it is now is what counts.
            return await FindIntentAsync(paymentIntentId, cancellationToken);
        }
    }

    public async Task<string> CreateCustomerAsync(string organizationId, CancellationToken cancellationToken)
    {
        // A key of its own for each call: it makes only the attempts of this call one.
        var form = new StripeForm().Add("metadata[organization_id]", organizationId);
        return Required(await DoAsync("/v1/customers", form, $"customer:{Guid.NewGuid():N}", cancellationToken), "id");
    }

    public async Task<OpenedCheckout> OpenCardSetupAsync(CardSetupOrder order, CancellationToken cancellationToken)
    {
        var form = new StripeForm()
            .Add("mode", "setup")
            .Add("customer", order.CustomerId)
            .Add("payment_method_types[0]", "card")
            .Add("metadata[setup_id]", order.SetupId)
            .Add("success_url", order.SuccessUrl)
            .Add("cancel_url", order.CancelUrl)
            .Add("expires_at", order.ExpiresAt + ExtraTime);
        return PageOf(await DoAsync(Sessions, form, $"{order.SetupId}:setup", cancellationToken));
    }

    public async Task<IReadOnlyList<GatewayCard>?> ListCardsAsync(string customerId, CancellationToken cancellationToken)
    {
        var query = new StripeForm().Add("type", "card").Add("limit", PageSize);
        return await FindAsync(query.ToQuery($"/v1/customers/{Uri.EscapeDataString(customerId)}/payment_methods"), cancellationToken) is { } list
            ? [.. list.GetProperty("data").EnumerateArray().Select(CardOf)]
            : null;
    }

    public async Task RemoveCardAsync(string paymentMethodId, CancellationToken cancellationToken)
    {
        var path = $"/v1/payment_methods/{Uri.EscapeDataString(paymentMethodId)}";
        try
        {
            await client.PostAsync($"{path}/detach", new StripeForm(), $"{paymentMethodId}:detach", cancellationToken);
        }
        catch (StripeException refusal)
        {
            if (await FindAsync(path, cancellationToken) is { } method && method.TryGetProperty("customer", out var customer) && customer.ValueKind is JsonValueKind.String)
            {
                throw new GatewayException(refusal.Message, refusal);
            }
        }
    }

    public async Task<PaymentReport> ChargeCardAsync(CardCharge charge, CancellationToken cancellationToken)
    {
        var form = new StripeForm()
            .Add("amount", charge.Amount.Cents)
            .Add("currency", Money.Currency)
            .Add("customer", charge.CustomerId)
            .Add("payment_method", charge.PaymentMethodId)
            .Add("payment_method_types[0]", "card")
            .Add("off_session", true)
            .Add("confirm", true)
            .Add("description", charge.Description)
            .Add($"metadata[{GatewayJson.PaymentIdKey}]", charge.PaymentId);
        try
        {
            return GatewayJson.ReadIntent(await client.PostAsync(Intents, form, $"{charge.PaymentId}:charge", cancellationToken));
        }
        catch (StripeException refusal) when (refusal.Type is "card_error" || refusal.IsMissing)
        {
            var failed = refusal.PaymentIntent is { } intent
                ? GatewayJson.ReadIntent(intent)
                : new PaymentReport(null, charge.PaymentId, PaymentOutcome.Failed, charge.Amount, Money.Currency, IsLive, null, null);
            return failed with { Outcome = PaymentOutcome.Failed, FailureCode = GatewayJson.FailureOf(refusal.Error) };
        }
        catch (StripeException refusal)
        {
            throw new GatewayException(refusal.Message, refusal);
        }
    }

    /// <remarks>Listed and not searched: Stripe's search may not know of a charge for a minute or longer, and a charge must not be missed.</remarks>
    public async Task<PaymentReport?> FindChargeAsync(CardCharge charge, CancellationToken cancellationToken)
    {
        string? after = null;
        for (var page = 0; page < MaxPages; page++)
        {
            var query = new StripeForm()
                .Add("customer", charge.CustomerId)
                .Add("created[gte]", charge.OrderedAt - ClockSkew)
                .Add("limit", PageSize)
                .Add("starting_after", after);
            if (await FindAsync(query.ToQuery(Intents), cancellationToken) is not { } list)
            {
                return null;
            }

            foreach (var intent in list.GetProperty("data").EnumerateArray())
            {
                if (GatewayJson.ReadIntent(intent) is { } report && report.PaymentId == charge.PaymentId)
                {
                    return report;
                }

                after = Required(intent, "id");
            }

            if (!list.TryGetProperty("has_more", out var more) || more.ValueKind is not JsonValueKind.True)
            {
                return null;
            }
        }

        throw new GatewayException("The customer has more charges since then than are looked through.");
    }

    public async Task<string> RefundAsync(RefundOrder order, CancellationToken cancellationToken)
    {
        var form = new StripeForm()
            .Add("payment_intent", order.PaymentIntentId)
            .Add("amount", order.Amount.Cents)
            .Add($"metadata[{GatewayJson.RefundIdKey}]", order.RefundId);
        try
        {
            return Required(await client.PostAsync("/v1/refunds", form, $"{order.RefundId}:refund", cancellationToken), "id");
        }
        catch (StripeException refusal)
        {
            throw new GatewayRefusedException(refusal.Code ?? refusal.Type ?? "refused");
        }
    }

    /// <remarks>Refunds are added up one by one: what Stripe sums up on the charge does not say which of them failed.</remarks>
    public async Task<GatewayMoney?> FindMoneyAsync(string paymentIntentId, CancellationToken cancellationToken)
    {
        var path = new StripeForm().Add("expand[0]", "latest_charge").ToQuery($"{Intents}/{Uri.EscapeDataString(paymentIntentId)}");
        if (await FindAsync(path, cancellationToken) is not { } intent)
        {
            return null;
        }

        var charge = GatewayJson.Property(intent, "latest_charge");
        var ofIntent = () => new StripeForm().Add("payment_intent", paymentIntentId).Add("limit", PageSize);
        var refunded = Money.Zero;
        if (charge is { } refundable && GatewayJson.Amount(refundable, "amount_refunded") > Money.Zero
            && await FindAsync(ofIntent().ToQuery("/v1/refunds"), cancellationToken) is { } refunds)
        {
            refunded = refunds.GetProperty("data").EnumerateArray().Where(GatewayJson.CountsAsRefund)
                .Aggregate(Money.Zero, (sum, refund) => sum + GatewayJson.Amount(refund, "amount"));
        }

        IEnumerable<GatewaySubject.Dispute> disputes = charge is { } disputable && GatewayJson.IsTrue(disputable, "disputed")
            && await FindAsync(ofIntent().ToQuery("/v1/disputes"), cancellationToken) is { } list
                ? list.GetProperty("data").EnumerateArray().Select(GatewayJson.ReadDispute).OfType<GatewaySubject.Dispute>()
                : [];
        return new GatewayMoney(GatewayJson.ReadIntent(intent), refunded, [.. disputes]);
    }

    public ValueTask<GatewayEvent?> ReadEventAsync(ReadOnlyMemory<byte> body, string? signature, CancellationToken cancellationToken) =>
        ValueTask.FromResult(WebhookSignature.Verify(secrets.All, body.Span, signature, clock.GetUtcNow()) ? GatewayJson.ReadEvent(body) : null);

    private async Task<JsonElement> DoAsync(string path, StripeForm form, string key, CancellationToken cancellationToken)
    {
        try
        {
            return await client.PostAsync(path, form, key, cancellationToken);
        }
        catch (StripeException refusal)
        {
            throw new GatewayException(refusal.Message, refusal);
        }
    }

    private async Task<JsonElement?> FindAsync(string pathAndQuery, CancellationToken cancellationToken)
    {
        try
        {
            return await client.GetAsync(pathAndQuery, cancellationToken);
        }
        catch (StripeException refusal) when (refusal.IsMissing)
        {
            return null;
        }
        catch (StripeException refusal)
        {
            throw new GatewayException(refusal.Message, refusal);
        }
    }

    private static OpenedCheckout PageOf(JsonElement session) => new(Required(session, "id"), Required(session, "url"));

    private static GatewayCard CardOf(JsonElement method)
    {
        var card = method.GetProperty("card");
        return new GatewayCard(
            Required(method, "id"),
            Required(card, "brand"),
            Required(card, "last4"),
            card.GetProperty("exp_month").GetInt32(),
            card.GetProperty("exp_year").GetInt32(),
            DateTimeOffset.FromUnixTimeSeconds(method.GetProperty("created").GetInt64()));
    }

    private static string Required(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String
            ? value.GetString()!
            : throw new GatewayException($"Stripe's answer lacks {name}.");
}

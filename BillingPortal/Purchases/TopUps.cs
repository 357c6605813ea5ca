using System.Globalization;
using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Store;

namespace BillingPortal.Purchases;

/// <summary>What became of the wish to top up.</summary>
public abstract record TopUpStart
{
    private TopUpStart()
    {
    }

    /// <summary>There is a page on which to pay.</summary>
    /// <param name="PaymentId">pay_…</param>
    /// <param name="Url">Absolute: the gateway's checkout, or the portal's page of the payment, which leads there.</param>
    /// <param name="ClientSecret">What a page of the buyer's own confirms the charge with; null if the checkout is the only way.</param>
    /// <param name="IsRepeat">Whether the idempotency key had started it before.</param>
    /// <param name="IsOver">Whether that earlier one has ended.</param>
    public sealed record Ready(string PaymentId, string Url, string? ClientSecret, bool IsRepeat, bool IsOver) : TopUpStart;

    /// <summary>Less than <see cref="TopUps.Smallest"/> or more than <see cref="TopUps.Largest"/>.</summary>
    public sealed record AmountOutOfRange : TopUpStart;

    /// <summary>The idempotency key was used for another amount.</summary>
    public sealed record KeyReused : TopUpStart;

    /// <summary>The payment provider did not answer. Nothing was charged; the same key goes on where this stopped.</summary>
    public sealed record GatewayDown : TopUpStart;
}

/// <summary>Sells credit by the amount: $10 is 1,000 credits, on any plan.</summary>
public sealed class TopUps(PaymentOrders orders, PaymentTracker tracker, IBuyerNames buyers, PortalAddress address, TimeProvider clock)
{
    public static readonly Money Smallest = Money.FromDollars(5);
    public static readonly Money Largest = Money.FromDollars(10_000);

    private static readonly TimeSpan Round = TimeSpan.FromMinutes(30);

    /// <summary>Starts a top-up on the gateway's checkout page.</summary>
    /// <param name="caller">A person of role billing.</param>
    /// <param name="amount">From <see cref="Smallest"/> to <see cref="Largest"/>.</param>
    /// <param name="keepsCard">Whether the card is saved for later charges.</param>
    /// <param name="idempotencyKey">The same again is the same order; null: each call is an order of its own.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="AccessDeniedException">The caller may not spend money.</exception>
    public async Task<TopUpStart> StartAsync(Caller caller, Money amount, bool keepsCard, string? idempotencyKey, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Billing);
        return IsInRange(amount)
            ? StartOf(await orders.PlaceAsync(await OrderAsync(caller, amount, keepsCard, idempotencyKey, cancellationToken), null, CancelPath(amount), cancellationToken))
            : new TopUpStart.AmountOutOfRange();
    }

    /// <summary>Starts a top-up that a page of the buyer's own confirms with the gateway's script.</summary>
    /// <param name="caller">A person of role billing.</param>
    /// <param name="amount">From <see cref="Smallest"/> to <see cref="Largest"/>.</param>
    /// <param name="idempotencyKey">The same again is the same order; null: each call is an order of its own.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="AccessDeniedException">The caller may not spend money.</exception>
    public async Task<TopUpStart> StartIntentAsync(Caller caller, Money amount, string? idempotencyKey, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Billing);
        return IsInRange(amount)
            ? StartOf(await orders.PlaceIntentAsync(await OrderAsync(caller, amount, keepsCard: false, idempotencyKey, cancellationToken), cancellationToken))
            : new TopUpStart.AmountOutOfRange();
    }

    /// <summary>Starts a top-up that does what a failed reload could not: its owner pays in the browser, and the card is saved anew.</summary>
    /// <returns>The same order for whoever presses again within half an hour; null if the caller's organization has no such reload.</returns>
    /// <exception cref="AccessDeniedException">The caller may not spend money.</exception>
    public async Task<TopUpStart?> FinishReloadAsync(Caller caller, string paymentId, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Billing);
        if (await tracker.GetAsync(caller, paymentId, cancellationToken) is not { Kind: PaymentKind.AutoReload, State: PaymentState.Failed } failed)
        {
            return null;
        }

        var round = clock.Now().Ticks / Round.Ticks;
        return await StartAsync(caller, failed.Amount, keepsCard: true, string.Create(CultureInfo.InvariantCulture, $"finish:{paymentId}:{round}"), cancellationToken);
    }

    /// <summary>The page to come back to unpaid.</summary>
    public static string CancelPath(Money amount) => $"/buy?amount={amount.ToDecimal().ToString(CultureInfo.InvariantCulture)}&canceled=1";

    private static bool IsInRange(Money amount) => amount >= Smallest && amount <= Largest;

    private TopUpStart StartOf(OrderResult result) => result switch
    {
        OrderResult.Ready ready => new TopUpStart.Ready(
            ready.Payment.Id, ready.CheckoutUrl, null, ready.IsRepeat, ready.Payment.State is not PaymentState.Pending),
        OrderResult.IntentReady ready => new TopUpStart.Ready(
            ready.Payment.Id, address.Absolute(PaymentOrders.PathOf(ready.Payment.Id)), ready.ClientSecret, ready.IsRepeat,
            ready.Payment.State is not PaymentState.Pending),
        OrderResult.KeyReused => new TopUpStart.KeyReused(),
        _ => new TopUpStart.GatewayDown(),
    };

    private async Task<Payment> OrderAsync(Caller caller, Money amount, bool keepsCard, string? idempotencyKey, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        return new Payment
        {
            Id = Ids.New("pay", now),
            OrganizationId = caller.OrganizationId,
            UserId = caller.UserId,
            Actor = caller.Actor,
            BuyerName = await buyers.NameOfAsync(caller.OrganizationId, cancellationToken),
            Kind = PaymentKind.TopUp,
            // Another amount under the same key is another order.
            Item = $"usd_{amount.Cents}",
            Description = $"Top-up of {amount}",
            AmountCents = amount,
            CreditType = CreditTypes.Credits,
            CreditMicros = CreditValue.Of(amount),
            IdempotencyKey = idempotencyKey,
            KeepsCard = keepsCard,
            CreatedAt = now,
            ExpiresAt = orders.NextExpiry,
        };
    }
}

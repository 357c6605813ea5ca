using BillingPortal.Access;
using BillingPortal.Components.Shared;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Subscriptions;

namespace BillingPortal.Components;

/// <summary>A payment on its way, as its page shows it.</summary>
/// <param name="Payment">How it stands; null if the viewer's organization has none by that id.</param>
/// <param name="InvoiceNumber">Of its invoice, once there is one.</param>
/// <param name="Available">What can be spent of the credit it bought.</param>
/// <param name="AsOf">When this was so.</param>
public sealed record PaymentProgress(PaymentView? Payment, string? InvoiceNumber, Credits Available, DateTimeOffset AsOf)
{
    /// <summary>From here on waiting is longer than usual, and the page says so.</summary>
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(20);

    /// <summary>Whether a page that shows this has to look again.</summary>
    public bool IsMoving => Payment is { IsPending: true };

    /// <summary>Whether the buyer has done their part and the rest takes unusually long.</summary>
    public bool IsSlow => Payment?.AcceptedAt is { } accepted && AsOf - accepted > Usual;

    /// <summary>The way of the money, from the order to the credit.</summary>
    public IReadOnlyList<TimelineStep> Steps => Payment is not { } payment
        ? []
        :
        [
            new("Order placed", TimelineState.Done, payment.PlacedAt),
            new("Payment accepted", Accepted(payment), payment.AcceptedAt),
            new("Confirmed by the payment provider", Confirmed(payment), payment.IsCredited ? payment.ConfirmedAt : null),
            new(payment.IsForPlan ? "Plan in force" : "Credits added", payment.IsCredited ? TimelineState.Done : TimelineState.Waiting, payment.IsCredited ? payment.SettledAt : null),
        ];

    private static TimelineState Accepted(PaymentView payment) => payment switch
    {
        { AcceptedAt: not null } => TimelineState.Done,
        { IsPending: true } => TimelineState.Current,
        _ => TimelineState.Failed,
    };

    private static TimelineState Confirmed(PaymentView payment) => payment switch
    {
        { IsCredited: true } => TimelineState.Done,
        { AcceptedAt: null } => TimelineState.Waiting,
        { IsPending: true } => TimelineState.Current,
        _ => TimelineState.Failed,
    };
}

/// <summary>Puts together what the page of a payment shows.</summary>
public sealed class PaymentProgressReader(PaymentTracker tracker, InvoiceBook invoices, CurrentWallets wallets, TimeProvider clock)
{
    /// <param name="caller">Who looks.</param>
    /// <param name="paymentId">Whose progress.</param>
    /// <param name="asks">Whether the gateway is asked first: when a browser arrives.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<PaymentProgress> ReadAsync(Caller caller, string paymentId, bool asks, CancellationToken cancellationToken)
    {
        var payment = asks
            ? await tracker.ArriveAsync(caller, paymentId, cancellationToken)
            : await tracker.GetAsync(caller, paymentId, cancellationToken);
        var now = clock.GetUtcNow();
        if (payment is not { IsCredited: true })
        {
            return new PaymentProgress(payment, null, Credits.Zero, now);
        }

        var invoice = await invoices.FindByPaymentAsync(caller, paymentId, cancellationToken);
        var balance = await wallets.GetBalanceAsync(caller, payment.CreditType, cancellationToken);
        return new PaymentProgress(payment, invoice?.Number, balance.Available, now);
    }
}

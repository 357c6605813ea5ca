using BillingPortal.Components.Shared;
using BillingPortal.Ledger;
using BillingPortal.Payments;

namespace BillingPortal.Components;

/// <summary>What administrators read of payments.</summary>
public static class PaymentText
{
    public static string NameOf(PaymentKind kind) => kind switch
    {
        PaymentKind.Pack => "Pack",
        PaymentKind.ApiPack => "API credit pack",
        PaymentKind.TopUp => "Top-up",
        PaymentKind.Plan => "Plan",
        PaymentKind.Seats => "Seats",
        PaymentKind.Renewal => "Renewal",
        _ => "Auto-reload",
    };

    /// <summary>How a payment stands, in a word, and its colour.</summary>
    public static (Tone Tone, string Word) StandingOf(Payment payment) => payment.State switch
    {
        PaymentState.Succeeded when payment.RefundedCents >= payment.AmountCents => (Tone.Info, "Refunded"),
        PaymentState.Succeeded when payment.RefundedCents > Money.Zero => (Tone.Info, "Partly refunded"),
        PaymentState.Succeeded => (Tone.Good, payment.Late ? "Paid late" : "Paid"),
        PaymentState.Pending => (Tone.Warn, "Pending"),
        PaymentState.Expired => (Tone.Neutral, "Expired"),
        _ => (Tone.Bad, "Failed"),
    };
}

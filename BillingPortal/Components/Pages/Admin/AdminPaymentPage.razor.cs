using System.Globalization;
using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Components.Shared;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Purchases;
using BillingPortal.Reconciliation;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Pages.Admin;

/// <summary>What the page of a payment shows; nothing if there is none.</summary>
/// <param name="File">The payment with all that is known of it.</param>
/// <param name="Differences">Its open differences.</param>
/// <param name="Refundable">What giving all that is left back would do; null if nothing can be.</param>
/// <param name="Names">Of those who did something to it.</param>
public sealed record PaymentDossier(
    PaymentFile? File, IReadOnlyList<PaymentDifference> Differences, RefundPreview? Refundable, IReadOnlyDictionary<string, string> Names);

public sealed partial class AdminPaymentPage
{
    private ConfirmPassword? gate;
    private decimal? amount;
    private string reason = "";
    private RefundPreview? review;
    private bool busy;
    private (Tone Tone, string Text)? told;
    private string formKey = Guid.NewGuid().ToString("N");

    [Parameter]
    public string Id { get; set; } = "";

    [Inject]
    private PaymentDesk Desk { get; set; } = null!;

    [Inject]
    private Refunds Refunds { get; set; } = null!;

    [Inject]
    private Reconciliations Reconciliations { get; set; } = null!;

    [Inject]
    private ActorNames Names { get; set; } = null!;

    [Inject]
    private Viewer Viewer { get; set; } = null!;

    // A form is being filled in beside it.
    protected override bool IsLive => false;

    protected override async Task<PaymentDossier> ReadAsync(Caller caller, CancellationToken cancellationToken)
    {
        if (await Desk.FindAsync(caller, Id, cancellationToken) is not { } file)
        {
            NavigationManager.NotFound();
            return new PaymentDossier(null, [], null, new Dictionary<string, string>());
        }

        return new PaymentDossier(
            file,
            (await Reconciliations.ListAsync(caller, new DifferenceQuery(PaymentId: Id), cancellationToken)).Differences,
            await Refunds.PreviewAsync(caller, Id, null, cancellationToken),
            await Names.FindAsync(caller, file.Refunds.Select(refund => refund.Actor).Append(file.Payment.Actor), cancellationToken));
    }

    private async Task ReviewAsync()
    {
        told = null;
        if (await FindCallerAsync() is not { } caller)
        {
            return;
        }

        Money? wanted = amount is { } dollars && Money.TryFromDecimal(dollars, out var money) ? money : null;
        if ((amount is not null && wanted is null) || wanted <= Money.Zero || wanted > View?.Refundable?.Left)
        {
            told = (Tone.Bad, $"The amount is in dollars and cents, at most {Display.Price(View?.Refundable?.Left ?? Money.Zero)}. Nothing was given back.");
            return;
        }

        review = await Refunds.PreviewAsync(caller, Id, wanted, Gone);
    }

    private async Task RefundAsync()
    {
        if (busy || review is not { } preview || await FindCallerAsync() is not { } caller || gate?.Lets(caller) is not true)
        {
            return;
        }

        busy = true;
        try
        {
            told = await Desk.RefundAsync(caller, Id, preview.Amount, reason.Trim(), $"form:{formKey}", Gone) switch
            {
                RefundResult.Accepted { Refund.State: RefundState.Pending } => (Tone.Info, "The payment provider has not answered yet. The refund is asked for again until it does, and made once."),
                RefundResult.Accepted => (Tone.Good, $"{Display.Price(preview.Amount)} was given back, and its credit taken."),
                RefundResult.NotRefundable { Left: var left } => (Tone.Bad, $"At most {Display.Price(left)} can be given back by now. Nothing was."),
                RefundResult.Refused { Code: var code } => (Tone.Bad, $"The payment provider will not: {code.Replace('_', ' ')}. Nothing was given back."),
                _ => (Tone.Bad, "The payment is not there any more."),
            };
            (review, amount, reason, formKey) = (null, null, "", Guid.NewGuid().ToString("N"));
            await ReloadAsync();
        }
        finally
        {
            busy = false;
        }
    }

    private async Task ReplayAsync(string eventId)
    {
        if (busy || await FindCallerAsync() is not { } caller)
        {
            return;
        }

        if (gate?.Lets(caller) is not true)
        {
            told = (Tone.Warn, "Give your password under “Give money back” first, then press Replay again. Nothing was replayed.");
            return;
        }

        busy = true;
        try
        {
            told = await Desk.ReplayAsync(caller, eventId, Gone) switch
            {
                GatewayEventState.Applied => (Tone.Good, "Replayed and applied. What was applied before changed nothing."),
                GatewayEventState.Refused => (Tone.Bad, "Replayed and refused: it contradicts the payment."),
                GatewayEventState.Ignored => (Tone.Info, "Replayed. The portal does not act on such events."),
                GatewayEventState.Received => (Tone.Info, "Replayed. It cannot be applied yet and is tried again."),
                _ => (Tone.Bad, "The event is not there any more."),
            };
            await ReloadAsync();
        }
        finally
        {
            busy = false;
        }
    }

    private async Task CompareAsync()
    {
        if (busy || await FindCallerAsync() is not { } caller)
        {
            return;
        }

        busy = true;
        try
        {
            told = await Reconciliations.CompareAsync(caller, Id, Gone) switch
            {
                ComparisonResult.Done => (Tone.Info, "Compared. Whatever does not agree stands below."),
                ComparisonResult.GatewayDown => (Tone.Bad, "The payment provider did not answer. Try again in a moment."),
                _ => (Tone.Bad, "The payment is not there any more."),
            };
            await ReloadAsync();
        }
        finally
        {
            busy = false;
        }
    }

    private string Moment(DateTimeOffset? at) => at is { } instant ? Viewer.Moment(instant) : "Not yet";

    private static string Dollars(Money value) => value.ToDecimal().ToString(CultureInfo.InvariantCulture);

    private static Tone ToneOf(RefundState state) => state switch
    {
        RefundState.Done => Tone.Good,
        RefundState.Pending => Tone.Warn,
        _ => Tone.Bad,
    };

    private static Tone ToneOf(GatewayEventState state) => state switch
    {
        GatewayEventState.Applied => Tone.Good,
        GatewayEventState.Received => Tone.Warn,
        GatewayEventState.Refused => Tone.Bad,
        _ => Tone.Neutral,
    };
}

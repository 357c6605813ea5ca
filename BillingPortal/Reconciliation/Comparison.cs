using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Purchases;

namespace BillingPortal.Reconciliation;

/// <summary>A difference as it was found.</summary>
/// <param name="Kind">In what the books disagree.</param>
/// <param name="Detail">A sentence with the figures of both sides.</param>
public sealed record FoundDifference(DifferenceKind Kind, string Detail);

/// <summary>Compares what each of the books has of a payment. Pure.</summary>
internal static class Comparison
{
    /// <summary>Every difference there is. What was given back is compared with the gateway once the portal's own books agree on it.</summary>
    /// <param name="books">The payment in each of them.</param>
    /// <param name="isLive">Whether real money moves.</param>
    /// <param name="now">An open order is left alone until its time is over.</param>
    public static IReadOnlyList<FoundDifference> Of(PaymentBooks books, bool isLive, DateTimeOffset now)
    {
        if (ContradictionOf(books, isLive) is { } contradiction)
        {
            return [contradiction];
        }

        if (StateOf(books, now) is { } unlike)
        {
            return [unlike];
        }

        if (books.Payment.State is not PaymentState.Succeeded)
        {
            return [];
        }

        FoundDifference[] own = [.. InvoiceOf(books), .. GivenBackOf(books)];
        return own.Length > 0 ? own : [.. GatewayOf(books)];
    }

    private static FoundDifference? ContradictionOf(PaymentBooks books, bool isLive)
    {
        var payment = books.Payment;
        return books.Told switch
        {
            null or { Outcome: PaymentOutcome.Failed or PaymentOutcome.Expired } => null,
            { Amount: var amount } when amount != payment.AmountCents => new(
                DifferenceKind.Contradiction, $"The gateway collects {amount}; {payment.AmountCents} was ordered."),
            { Currency: var currency } when currency != Money.Currency => new(
                DifferenceKind.Contradiction, $"The gateway collects in {currency}; {Money.Currency} was ordered."),
            { IsLive: var live } when live != isLive => new(
                DifferenceKind.Contradiction, live ? "At the gateway real money moved; here none should." : "At the gateway no real money moved; here it should."),
            _ => null,
        };
    }

    private static FoundDifference? StateOf(PaymentBooks books, DateTimeOffset now)
    {
        var payment = books.Payment;
        var isPaid = books.Told?.Outcome is PaymentOutcome.Paid;
        var isOver = payment.ExpiresAt <= now;
        return (payment.State, books.IsPosted) switch
        {
            (PaymentState.Succeeded, false) => new(DifferenceKind.NotPosted, $"The payment says that it was credited; the ledger has nothing of it. {Told(books)}"),
            (PaymentState.Succeeded, true) when !isPaid && payment.RefundedCents + books.Lost < payment.AmountCents => new(
                DifferenceKind.NotPaid, $"{payment.AmountCents} was credited. {Told(books)}"),
            (PaymentState.Succeeded, true) when books.Credited != payment.CreditMicros => new(
                DifferenceKind.RowBehind, $"The payment says that {payment.CreditMicros} credits were bought; the ledger has {books.Credited}."),
            (PaymentState.Succeeded, true) => null,
            (_, true) => new(DifferenceKind.RowBehind, $"The ledger has credited it; the payment says {payment.State.ToString().ToLowerInvariant()}."),
            _ when isPaid => new(DifferenceKind.NotCredited, $"The gateway has {payment.AmountCents}; the payment is {payment.State.ToString().ToLowerInvariant()}."),
            (PaymentState.Pending, _) when isOver && books.Told is null or { Outcome: PaymentOutcome.Failed or PaymentOutcome.Expired } => new(
                DifferenceKind.NotClosed, $"The order's time is over and it is still open. {Told(books)}"),
            _ => null,
        };
    }

    private static IEnumerable<FoundDifference> InvoiceOf(PaymentBooks books)
    {
        if (books.Invoiced is not { } total)
        {
            yield return new(DifferenceKind.NotInvoiced, $"{books.Payment.AmountCents} was paid and there is no invoice.");
        }
        else if (total != books.Payment.AmountCents)
        {
            yield return new(DifferenceKind.InvoiceDiffers, $"The invoice says {total}; {books.Payment.AmountCents} was paid.");
        }
    }

    private static IEnumerable<FoundDifference> GivenBackOf(PaymentBooks books)
    {
        var payment = books.Payment;
        var noted = books.Noted - books.Lost;
        if (books.Invoiced is not null && noted != payment.RefundedCents)
        {
            if (noted >= Money.Zero && Reversals.ShareOf(payment, noted) == books.TakenForRefunds)
            {
                yield return new(DifferenceKind.RowBehind, $"The payment says that {payment.RefundedCents} was refunded; ledger and credit notes say {noted}.");
                yield break;
            }

            yield return new(DifferenceKind.NotesDiffer, $"{payment.RefundedCents + books.Lost} was given back; the credit notes come to {books.Noted}.");
        }

        if (Missing(books) is { IsZero: false } missing)
        {
            yield return new(DifferenceKind.ReversalsDiffer, missing.IsPositive
                ? $"{missing} credits less were taken back than refunds and disputes come to."
                : $"{-missing} credits more were taken back than refunds and disputes come to.");
        }
    }

    /// <summary>Credit that should have been taken back and was not; negative if more was.</summary>
    public static Credits Missing(PaymentBooks books) =>
        Reversals.ShareOf(books.Payment, books.Payment.RefundedCents)
        + Credits.Sum(books.Disputes.Where(dispute => dispute.State is not DisputeState.Won).Select(dispute => dispute.CreditMicros))
        - books.TakenForRefunds - books.TakenForDisputes - books.Mended;

    private static IEnumerable<FoundDifference> GatewayOf(PaymentBooks books)
    {
        var payment = books.Payment;
        if (books is not { Told.Outcome: PaymentOutcome.Paid, Money: { } money })
        {
            yield break;
        }

        if (money.Refunded > payment.RefundedCents)
        {
            yield return new(DifferenceKind.RefundNotTaken, $"The gateway gave back {money.Refunded}; credit was taken for {payment.RefundedCents}.");
        }
        else if (money.Refunded < payment.RefundedCents)
        {
            yield return new(DifferenceKind.RefundNotGiven, $"The gateway gave back {money.Refunded}; credit was taken for {payment.RefundedCents}.");
        }

        if (Unknown(books) is { } dispute)
        {
            yield return new(DifferenceKind.DisputeNotTaken, $"The gateway has a dispute over {dispute.Amount} that is {dispute.State.ToString().ToLowerInvariant()}; here it is not.");
        }
    }

    /// <summary>The first dispute that stands differently at the gateway; null if none does. One that was won before it was known changes nothing.</summary>
    public static GatewaySubject.Dispute? Unknown(PaymentBooks books) => books.Money?.Disputes.FirstOrDefault(told =>
        books.Disputes.FirstOrDefault(known => known.Id == told.DisputeId) is { } known ? known.State != told.State : told.State is not DisputeState.Won);

    private static string Told(PaymentBooks books) => books.Told?.Outcome switch
    {
        null => "The gateway knows of no such charge.",
        PaymentOutcome.Paid => "The gateway has the money.",
        PaymentOutcome.Processing => "The gateway says that the money is on its way.",
        PaymentOutcome.Failed => "The gateway says that it failed.",
        PaymentOutcome.Expired => "The gateway says that its page ended unpaid.",
        _ => "The gateway says that it is not paid.",
    };
}

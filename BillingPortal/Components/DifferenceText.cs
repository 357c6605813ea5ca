using BillingPortal.Reconciliation;

namespace BillingPortal.Components;

/// <summary>What people read of differences.</summary>
public static class DifferenceText
{
    public static string TitleOf(DifferenceKind kind) => kind switch
    {
        DifferenceKind.NotCredited => "Paid and not credited",
        DifferenceKind.NotClosed => "Over and not closed",
        DifferenceKind.NotPaid => "Credited and not paid",
        DifferenceKind.Contradiction => "Not what was ordered",
        DifferenceKind.NotPosted => "Not in the ledger",
        DifferenceKind.RowBehind => "The payment is behind the ledger",
        DifferenceKind.NotInvoiced => "No invoice",
        DifferenceKind.InvoiceDiffers => "The invoice is about another amount",
        DifferenceKind.ReversalsDiffer => "Credit taken back does not add up",
        DifferenceKind.NotesDiffer => "Credit notes do not add up",
        DifferenceKind.RefundNotTaken => "Refunded there, not here",
        DifferenceKind.RefundNotGiven => "Refunded here, not there",
        _ => "Dispute not known",
    };

    public static string RemedyOf(DifferenceKind kind) => kind switch
    {
        DifferenceKind.NotCredited => "The payment is settled by what the payment provider says: credited and invoiced, once.",
        DifferenceKind.NotClosed => "The payment is closed by what the payment provider says.",
        DifferenceKind.NotPaid => "The credit is taken back with a credit note. What is spent of it will be owed.",
        DifferenceKind.NotPosted => "The payment is settled anew, if the payment provider has its money.",
        DifferenceKind.RowBehind => "The payment is made to say what ledger and documents say.",
        DifferenceKind.NotInvoiced => "The invoice is written, with today's date and the next number.",
        DifferenceKind.ReversalsDiffer => "The difference in credit is taken back, or given again.",
        DifferenceKind.NotesDiffer => "A credit note about the difference is written.",
        DifferenceKind.RefundNotTaken => "The credit of what was given back is taken, with a credit note.",
        DifferenceKind.RefundNotGiven => "The credit of what was not given back is given again, and its credit note annulled.",
        DifferenceKind.DisputeNotTaken => "The dispute is taken in as if it was told now.",
        DifferenceKind.Contradiction => "A person has to decide: give the money back at the payment provider, or agree with the customer.",
        _ => "A person has to decide: invoices are written once.",
    };
}

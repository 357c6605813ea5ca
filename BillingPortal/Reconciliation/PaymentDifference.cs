using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Reconciliation;

/// <summary>In what a payment, the ledger, the documents and the gateway disagree.</summary>
public enum DifferenceKind
{
    /// <summary>The gateway has the money and the payment was not credited.</summary>
    NotCredited,

    /// <summary>The gateway says that no money will come and the payment is still open.</summary>
    NotClosed,

    /// <summary>The payment was credited and the gateway has no money for it.</summary>
    NotPaid,

    /// <summary>What the gateway collects is another amount, currency or mode than was ordered. Only a person can tell what is right.</summary>
    Contradiction,

    /// <summary>The payment's row says that it was credited and the ledger has nothing of it.</summary>
    NotPosted,

    /// <summary>The payment's row says less or other than ledger and documents.</summary>
    RowBehind,

    /// <summary>The payment was credited and has no invoice.</summary>
    NotInvoiced,

    /// <summary>The invoice is about another amount. Invoices are written once: only a person can tell what is right.</summary>
    InvoiceDiffers,

    /// <summary>The ledger took back less or more credit than refunds and disputes come to.</summary>
    ReversalsDiffer,

    /// <summary>The credit notes come to less or more than was given back.</summary>
    NotesDiffer,

    /// <summary>The gateway gave money back and its credit was not taken.</summary>
    RefundNotTaken,

    /// <summary>Credit was taken back for money that the gateway still has.</summary>
    RefundNotGiven,

    /// <summary>The gateway has a dispute, or a decision of one, that is not known here.</summary>
    DisputeNotTaken,
}

/// <summary>What became of a difference.</summary>
public enum DifferenceState
{
    Open,

    /// <summary>An administrator had it healed.</summary>
    Healed,

    /// <summary>It was not there any more when the payment was compared again.</summary>
    Gone,
}

/// <summary>Something of a payment that does not agree, from when it was found.</summary>
public sealed class PaymentDifference
{
    public const int DetailLength = 500;

    /// <summary>diff_…; what heals it happens once under it.</summary>
    public required string Id { get; init; }

    public required string OrganizationId { get; init; }

    public required string PaymentId { get; init; }

    public required DifferenceKind Kind { get; init; }

    /// <summary>A sentence with the figures of both sides.</summary>
    public required string Detail { get; set; }

    public DifferenceState State { get; set; } = DifferenceState.Open;

    public required DateTimeOffset FoundAt { get; init; }

    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>Who had it healed, as <c>Caller.Actor</c> has it; null: it is open, or went by itself.</summary>
    public string? EndedBy { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<PaymentDifference>
    {
        public void Configure(EntityTypeBuilder<PaymentDifference> builder)
        {
            builder.ToTable("payment_differences", table => table.HasCheckConstraint("ck_payment_differences_ended", "(state = 'open') = (ended_at IS NULL)"));
            builder.HasKey(row => row.Id);
            // Found again and again, by any number of instances, it is still one.
            builder.HasIndex(row => new { row.PaymentId, row.Kind }).IsUnique().HasFilter("state = 'open'").HasDatabaseName("ux_payment_differences_open");
            builder.HasIndex(row => new { row.State, row.Id });
            builder.HasIndex(row => row.PaymentId);
        }
    }
}

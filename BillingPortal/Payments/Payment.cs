using BillingPortal.Ledger;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Payments;

/// <summary>What is paid for.</summary>
public enum PaymentKind
{
    /// <summary>A pack of credits.</summary>
    Pack,

    /// <summary>A pack of API credits, less the fee.</summary>
    ApiPack,

    /// <summary>An amount of the buyer's choice.</summary>
    TopUp,

    /// <summary>A cycle of a plan that begins now.</summary>
    Plan,

    /// <summary>More seats for the rest of a cycle.</summary>
    Seats,

    /// <summary>The next cycle of a plan.</summary>
    Renewal,

    /// <summary>The same, by itself when credit runs low.</summary>
    AutoReload,
}

/// <summary>How a payment stands. Source: design §6.</summary>
public enum PaymentState
{
    /// <summary>Ordered; whether it will be paid is not known yet.</summary>
    Pending,

    /// <summary>Paid, credited and invoiced, in one commit.</summary>
    Succeeded,

    /// <summary>The gateway said that the money will not come.</summary>
    Failed,

    /// <summary>The checkout was left until it ended.</summary>
    Expired,
}

/// <summary>An order and what became of it. The row is written before the gateway hears of it, so no answer can come to an order that is unknown.</summary>
public sealed class Payment
{
    /// <summary>pay_…; also the key under which the gateway does its work at most once.</summary>
    public required string Id { get; init; }

    public required string OrganizationId { get; init; }

    /// <summary>The person who ordered; null for an API key.</summary>
    public string? UserId { get; init; }

    /// <summary>Who ordered, as <c>Caller.Actor</c> has it.</summary>
    public required string Actor { get; init; }

    /// <summary>What the invoice calls the buyer; the name at the time of the order.</summary>
    public required string BuyerName { get; init; }

    public required PaymentKind Kind { get; init; }

    /// <summary>Which one of its kind: a pack's id.</summary>
    public required string Item { get; init; }

    /// <summary>What people read: the pack's name.</summary>
    public required string Description { get; init; }

    /// <summary>What is charged, fee included.</summary>
    public required Money AmountCents { get; init; }

    /// <summary>The fee's line within <see cref="AmountCents"/>.</summary>
    public Money FeeCents { get; init; }

    public required string CreditType { get; init; }

    /// <summary>What is credited as bought once it is paid. A plan's credit is not bought: then it is zero.</summary>
    public required Credits CreditMicros { get; init; }

    /// <summary>What else was agreed, as the feature that sells writes it; null if the rest says it all.</summary>
    public string? Terms { get; init; }

    public PaymentState State { get; set; } = PaymentState.Pending;

    /// <summary>The buyer's key: the same again is the same order.</summary>
    public string? IdempotencyKey { get; set; }

    /// <summary>The billing cycle whose limit it counts towards; null if it has no limit.</summary>
    public DateTimeOffset? CycleStart { get; init; }

    /// <summary>Its place under that limit, from 1; null once it is given up.</summary>
    public long? Place { get; set; }

    /// <summary>The saved card that is charged while its owner is away; null for a checkout.</summary>
    public string? CardId { get; set; }

    /// <summary>Whether the card of the checkout is saved for later charges. Once it was, no more.</summary>
    public bool KeepsCard { get; set; }

    /// <summary>The gateway's checkout session; null until the gateway has answered.</summary>
    public string? SessionId { get; set; }

    /// <summary>Where the buyer pays; null until the gateway has answered.</summary>
    public string? CheckoutUrl { get; set; }

    /// <summary>The gateway's payment, once there is one.</summary>
    public string? PaymentIntentId { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the checkout ends; for a saved card, until when the gateway may still be asked to charge it.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>When we learned that the buyer had done their part.</summary>
    public DateTimeOffset? AcceptedAt { get; set; }

    /// <summary>When we learned from the gateway how it ended.</summary>
    public DateTimeOffset? ConfirmedAt { get; set; }

    /// <summary>When it was credited, or closed without.</summary>
    public DateTimeOffset? SettledAt { get; set; }

    /// <summary>Whether the money came after we had closed the order. It is credited all the same.</summary>
    public bool Late { get; set; }

    /// <summary>Why it failed, machine-readable; or what keeps a pending one from being credited.</summary>
    public string? FailureCode { get; set; }

    /// <summary>What was given back of it, as far as credit was taken back for it.</summary>
    public Money RefundedCents { get; set; }

    /// <summary>Rises whenever a refund failed. Part of the references of later refunds, for the same total may then be given back anew.</summary>
    public long RefundRound { get; set; }

    /// <summary>How often the gateway was asked about it.</summary>
    public long Checks { get; set; }

    /// <summary>When the gateway is asked about it next; null once it is over and its card, if it was to be, is kept.</summary>
    public DateTimeOffset? NextCheckAt { get; set; }

    /// <summary>When it was last compared with gateway and ledger; null: never yet.</summary>
    public DateTimeOffset? ComparedAt { get; set; }

    /// <summary>When it is compared next; null: once it is old enough.</summary>
    public DateTimeOffset? NextComparisonAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<Payment>
    {
        public void Configure(EntityTypeBuilder<Payment> builder)
        {
            builder.ToTable("payments", table =>
            {
                table.HasCheckConstraint("ck_payments_amounts", "amount_cents > 0 AND credit_micros >= 0 AND fee_cents >= 0 AND fee_cents < amount_cents");
                table.HasCheckConstraint("ck_payments_settled", "(state = 'pending') = (settled_at IS NULL)");
            });
            builder.HasKey(row => row.Id);
            // A repeated order collides here instead of opening a second one.
            builder.HasIndex(row => new { row.OrganizationId, row.IdempotencyKey }).IsUnique().HasFilter("idempotency_key IS NOT NULL");
            // Two orders racing for the last place under a limit collide here.
            builder.HasIndex(row => new { row.OrganizationId, row.Kind, row.Item, row.CycleStart, row.Place }).IsUnique().HasFilter("place IS NOT NULL");
            // Two orders can never be one at the gateway.
            builder.HasIndex(row => row.SessionId).IsUnique().HasFilter("session_id IS NOT NULL");
            builder.HasIndex(row => new { row.OrganizationId, row.Id });
            // The reconciler asks which ones are due.
            // So does the reconciliation, which comes back to every payment.
            builder.HasIndex(row => row.NextComparisonAt);
            builder.HasIndex(row => row.PaymentIntentId);
            builder.HasIndex(row => row.NextCheckAt).HasFilter("next_check_at IS NOT NULL");
        }
    }
}

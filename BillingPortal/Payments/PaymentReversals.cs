using BillingPortal.Ledger;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Payments;

/// <summary>What a report of money that went back came to.</summary>
public abstract record ReversalResult
{
    private ReversalResult()
    {
    }

    /// <summary>Credit was taken back, or given again, now.</summary>
    public sealed record Applied : ReversalResult;

    /// <summary>It had been applied before; nothing was changed.</summary>
    public sealed record AlreadyOver : ReversalResult;

    /// <summary>No settled payment of ours is known that it could be about; it may be later.</summary>
    public sealed record NotYet : ReversalResult;

    /// <summary>The report contradicts the payment; nothing was changed.</summary>
    /// <param name="Problem">In one word, machine-readable.</param>
    public sealed record Contradiction(string Problem) : ReversalResult;
}

/// <summary>Takes credit back for money that went back. Any report, in any order, any number of times.</summary>
public interface IPaymentReversals
{
    Task<ReversalResult> RefundAsync(GatewaySubject.Refund refund, CancellationToken cancellationToken);

    /// <exception cref="GatewayException">The gateway did not say what has come of all refunds of the payment; the same again continues.</exception>
    Task<ReversalResult> FailedRefundAsync(GatewaySubject.FailedRefund refund, CancellationToken cancellationToken);

    Task<ReversalResult> DisputeAsync(GatewaySubject.Dispute dispute, CancellationToken cancellationToken);
}

/// <summary>How a dispute stands.</summary>
public enum DisputeState
{
    /// <summary>The bank has the money until it decides.</summary>
    Open,

    /// <summary>The money came back.</summary>
    Won,

    /// <summary>The money is gone.</summary>
    Lost,
}

/// <summary>A dispute of a payment.</summary>
public sealed class PaymentDispute
{
    /// <summary>The gateway's id.</summary>
    public required string Id { get; init; }

    public required string OrganizationId { get; init; }

    public required string PaymentId { get; init; }

    public required Money AmountCents { get; init; }

    /// <summary>The credit that was taken back for it; given again if it is won.</summary>
    public required Credits CreditMicros { get; init; }

    public required DisputeState State { get; set; }

    public required DateTimeOffset OpenedAt { get; init; }

    public DateTimeOffset? ClosedAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<PaymentDispute>
    {
        public void Configure(EntityTypeBuilder<PaymentDispute> builder)
        {
            builder.ToTable("payment_disputes");
            builder.HasKey(row => row.Id);
            builder.HasIndex(row => row.PaymentId);
        }
    }
}

/// <summary>How a refund that was asked for stands.</summary>
public enum RefundState
{
    /// <summary>Whether the gateway gave the money back is not known yet.</summary>
    Pending,

    /// <summary>The gateway gave it back.</summary>
    Done,

    /// <summary>The gateway will not.</summary>
    Refused,

    /// <summary>It did not arrive: the gateway has the money again, and the customer their credit.</summary>
    Failed,
}

/// <summary>A refund that an administrator asked for. The row is written before the gateway hears of it.</summary>
public sealed class PaymentRefund
{
    /// <summary>refund_…; also the key under which the gateway gives back at most once.</summary>
    public required string Id { get; init; }

    public required string OrganizationId { get; init; }

    public required string PaymentId { get; init; }

    public required Money AmountCents { get; init; }

    /// <summary>A sentence for people; on the credit note.</summary>
    public required string Reason { get; init; }

    public required string Actor { get; init; }

    /// <summary>The asker's key: the same again is the same refund.</summary>
    public string? IdempotencyKey { get; init; }

    public RefundState State { get; set; } = RefundState.Pending;

    /// <summary>Why the gateway refused, or the refund failed, in its word.</summary>
    public string? Problem { get; set; }

    /// <summary>The gateway's id.</summary>
    public string? GatewayRefundId { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the gateway is asked again; null once it has answered.</summary>
    public DateTimeOffset? NextCheckAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<PaymentRefund>
    {
        public void Configure(EntityTypeBuilder<PaymentRefund> builder)
        {
            builder.ToTable("payment_refunds");
            builder.HasKey(row => row.Id);
            // A repeated wish collides here instead of giving back twice.
            builder.HasIndex(row => new { row.PaymentId, row.IdempotencyKey }).IsUnique().HasFilter("idempotency_key IS NOT NULL");
            builder.HasIndex(row => row.NextCheckAt).HasFilter("next_check_at IS NOT NULL");
            builder.HasIndex(row => new { row.PaymentId, row.Id });
        }
    }
}

using System.Text;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Payments;

/// <summary>Takes in events of the gateway: verified, stored, applied. What is stored is applied sooner or later, whatever happens in between.</summary>
public sealed class GatewayInbox(
    IDbContextFactory<BillingDbContext> contexts,
    IStoreSessions stores,
    IPaymentGateway gateway,
    Settlement settlement,
    SavedCards cards,
    IPaymentReversals reversals,
    PaymentMetrics metrics,
    TimeProvider clock,
    ILogger<GatewayInbox> logger)
{
    private const int Page = 100;
    private const int MaxDoublings = 11;
    private static readonly TimeSpan Hope = TimeSpan.FromDays(3);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5);

    /// <summary>Takes in one delivery. Returns after it is stored; false if it is not genuine, and then nothing is.</summary>
    /// <exception cref="Exception">The database's own error: the event is not stored, and the sender should come again.</exception>
    public async Task<bool> ReceiveAsync(ReadOnlyMemory<byte> body, string? signature, CancellationToken cancellationToken)
    {
        if (await gateway.ReadEventAsync(body, signature, cancellationToken) is not { } received)
        {
            metrics.Forged();
            logger.LogWarning("A webhook of {Length} bytes was refused: its signature is not the gateway's, or too old.", body.Length);
            return false;
        }

        var row = await FindAsync(received.Id, cancellationToken) ?? await StoreAsync(received, body, cancellationToken);
        if (row.State is GatewayEventState.Received)
        {
            await ApplyAsync(row, received, cancellationToken);
        }

        return true;
    }

    /// <summary>Applies again what could not be applied before, and tells how many there were.</summary>
    public async Task<int> RetryDueAsync(CancellationToken cancellationToken)
    {
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var due = await db.Set<GatewayEventRow>().AsNoTracking()
            .Where(row => row.NextAttemptAt != null && row.NextAttemptAt <= now)
            .OrderBy(row => row.NextAttemptAt)
            .Take(Page)
            .ToListAsync(cancellationToken);
        foreach (var row in due)
        {
            await ApplyAsync(row, ReadAgain(row), cancellationToken);
        }

        return due.Count;
    }

    /// <summary>Applies one that waits to be tried again, now.</summary>
    internal async Task ApplyAgainAsync(string eventId, CancellationToken cancellationToken)
    {
        if (await FindAsync(eventId, cancellationToken) is { State: GatewayEventState.Received } row)
        {
            await ApplyAsync(row, ReadAgain(row), cancellationToken);
        }
    }

    private static GatewayEvent ReadAgain(GatewayEventRow row) => GatewayJson.ReadEvent(Encoding.UTF8.GetBytes(row.Payload))
        ?? throw new InvalidOperationException($"Event {row.Id} was readable when it came and is not any more.");

    private async Task<GatewayEventRow?> FindAsync(string eventId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<GatewayEventRow>().AsNoTracking().FirstOrDefaultAsync(row => row.Id == eventId, cancellationToken);
    }

    private async Task<GatewayEventRow> StoreAsync(GatewayEvent received, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        var row = new GatewayEventRow
        {
            Id = received.Id,
            Type = received.Type,
            Payload = Encoding.UTF8.GetString(body.Span),
            PaymentId = received.Subject?.PaymentId,
            ChargeId = received.Subject?.ChargeId,
            ReceivedAt = now,
            NextAttemptAt = now + FirstRetry,
        };
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        db.Add(row);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return row;
        }
        catch (DbUpdateException exception) when (stores.IsUniqueViolation(exception))
        {
            // A copy came at the same moment and was first.
            return await FindAsync(received.Id, cancellationToken) ?? throw new InvalidOperationException($"Event {received.Id} collided with none.");
        }
    }

    private async Task ApplyAsync(GatewayEventRow row, GatewayEvent received, CancellationToken cancellationToken)
    {
        try
        {
            var (state, problem) = await ApplyAsync(received.Subject, cancellationToken);
            if (state is GatewayEventState.Received && clock.Now() - row.ReceivedAt > Hope)
            {
                metrics.Contradicted();
                logger.LogError("Payment alert {Problem}: event {EventId} is about none of our payments. It is given up.", problem, row.Id);
                state = GatewayEventState.Refused;
            }

            await MarkAsync(row, state, problem, state is GatewayEventState.Received ? NextTry(row) : null, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            logger.LogWarning(exception, "Event {EventId} could not be applied yet; it is kept and tried again.", row.Id);
            await MarkAsync(row, GatewayEventState.Received, null, NextTry(row), cancellationToken);
        }
    }

    private DateTimeOffset NextTry(GatewayEventRow row) => clock.Now() + (FirstRetry * (1L << (int)Math.Min(row.Attempts, MaxDoublings)));

    private async Task<(GatewayEventState State, string? Problem)> ApplyAsync(GatewaySubject? subject, CancellationToken cancellationToken) => subject switch
    {
        GatewaySubject.Payment { Report: var report } => await settlement.SettleAsync(report.PaymentId, report, cancellationToken) is SettlementResult.Contradiction contradiction
            ? (GatewayEventState.Refused, contradiction.Problem)
            : (GatewayEventState.Applied, null),
        GatewaySubject.Refund refund => StateOf(await reversals.RefundAsync(refund, cancellationToken)),
        GatewaySubject.FailedRefund refund => StateOf(await reversals.FailedRefundAsync(refund, cancellationToken)),
        GatewaySubject.Dispute dispute => StateOf(await reversals.DisputeAsync(dispute, cancellationToken)),
        GatewaySubject.Cards { CustomerId: var customerId } => await cards.RefreshCustomerAsync(customerId, cancellationToken)
            ? (GatewayEventState.Applied, null)
            : (GatewayEventState.Refused, "unknown_customer"),
        _ => (GatewayEventState.Ignored, null),
    };

    private static (GatewayEventState State, string? Problem) StateOf(ReversalResult result) => result switch
    {
        ReversalResult.Contradiction contradiction => (GatewayEventState.Refused, contradiction.Problem),
        // The payment it is about may be told of later.
        ReversalResult.NotYet => (GatewayEventState.Received, "unknown_payment"),
        _ => (GatewayEventState.Applied, null),
    };

    private async Task MarkAsync(GatewayEventRow row, GatewayEventState state, string? problem, DateTimeOffset? nextAttemptAt, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Set<GatewayEventRow>()
            .Where(stored => stored.Id == row.Id && stored.State == GatewayEventState.Received)
            .ExecuteUpdateAsync(
                stored => stored
                    .SetProperty(e => e.State, state)
                    .SetProperty(e => e.Problem, problem)
                    .SetProperty(e => e.Attempts, e => e.Attempts + 1)
                    .SetProperty(e => e.NextAttemptAt, nextAttemptAt)
                    .SetProperty(e => e.AppliedAt, nextAttemptAt == null ? now : (DateTimeOffset?)null),
                cancellationToken);
    }
}

using System.Collections.Immutable;
using BillingPortal.Access;
using BillingPortal.Audit;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Purchases;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Reconciliation;

/// <summary>Which payments to read.</summary>
/// <param name="State">Only these; null: all.</param>
/// <param name="Kind">Only these; null: all.</param>
/// <param name="Search">An id: of a payment, an organization, or the gateway's; null: all.</param>
/// <param name="Before">The id after which this page begins, newest first; null: the newest.</param>
/// <param name="Limit">1 to <see cref="PaymentDesk.LargestPage"/>.</param>
public sealed record PaymentSearch(PaymentState? State = null, PaymentKind? Kind = null, string? Search = null, string? Before = null, int Limit = 25);

/// <summary>A page of payments, newest first, and the id after which the next begins; null at the end.</summary>
public sealed record PaymentList(IReadOnlyList<Payment> Payments, string? NextBefore);

/// <summary>An event of the gateway about a payment.</summary>
public sealed record GatewayEventView(string Id, string Type, GatewayEventState State, string? Problem, long Attempts, DateTimeOffset ReceivedAt, DateTimeOffset? AppliedAt);

/// <summary>A payment with all that is known of it.</summary>
/// <param name="Payment">The payment.</param>
/// <param name="Refunds">Refunds that administrators asked for, newest first.</param>
/// <param name="Disputes">Disputes of it.</param>
/// <param name="Events">What the gateway told of it, newest first, at most <see cref="PaymentDesk.MostEvents"/>.</param>
public sealed record PaymentFile(
    Payment Payment, ImmutableArray<PaymentRefund> Refunds, ImmutableArray<PaymentDispute> Disputes, ImmutableArray<GatewayEventView> Events);

/// <summary>What platform administrators see of payments, and do about them.</summary>
public sealed class PaymentDesk(IDbContextFactory<BillingDbContext> contexts, Refunds refunds, GatewayInbox inbox, TimeProvider clock)
{
    public const int LargestPage = 100;
    public const int MostEvents = 50;
    public const int SearchLength = 100;

    /// <summary>Payments of all organizations, newest first.</summary>
    /// <exception cref="AccessDeniedException">The caller is no person who administers the platform.</exception>
    public async Task<PaymentList> ListAsync(Caller caller, PaymentSearch search, CancellationToken cancellationToken)
    {
        Demand(caller);
        ArgumentOutOfRangeException.ThrowIfLessThan(search.Limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(search.Limit, LargestPage);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = db.Set<Payment>().AsNoTracking();
        if (search.State is { } state)
        {
            rows = rows.Where(row => row.State == state);
        }

        if (search.Kind is { } kind)
        {
            rows = rows.Where(row => row.Kind == kind);
        }

        if (search.Search is { } id)
        {
            rows = rows.Where(row => row.Id == id || row.OrganizationId == id || row.PaymentIntentId == id || row.SessionId == id);
        }

        if (search.Before is { } before)
        {
            rows = rows.Where(row => row.Id.CompareTo(before) < 0);
        }

        var page = await rows.OrderByDescending(row => row.Id).Take(search.Limit + 1).ToListAsync(cancellationToken);
        return page.Count > search.Limit ? new PaymentList(page[..search.Limit], page[search.Limit - 1].Id) : new PaymentList(page, null);
    }

    /// <summary>A payment of any organization; null if there is none of this id.</summary>
    /// <exception cref="AccessDeniedException">The caller is no person who administers the platform.</exception>
    public async Task<PaymentFile?> FindAsync(Caller caller, string paymentId, CancellationToken cancellationToken)
    {
        Demand(caller);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.Set<Payment>().AsNoTracking().FirstOrDefaultAsync(row => row.Id == paymentId, cancellationToken) is not { } payment)
        {
            return null;
        }

        var events = db.Set<GatewayEventRow>().AsNoTracking().Where(row => row.PaymentId == paymentId || (row.ChargeId != null && row.ChargeId == payment.PaymentIntentId));
        return new PaymentFile(
            payment,
            [.. await db.Set<PaymentRefund>().AsNoTracking().Where(row => row.PaymentId == paymentId).OrderByDescending(row => row.Id).Take(LargestPage).ToListAsync(cancellationToken)],
            [.. await db.Set<PaymentDispute>().AsNoTracking().Where(row => row.PaymentId == paymentId).OrderByDescending(row => row.OpenedAt).ToListAsync(cancellationToken)],
            [
                .. await events.OrderByDescending(row => row.ReceivedAt).ThenByDescending(row => row.Id).Take(MostEvents)
                    .Select(row => new GatewayEventView(row.Id, row.Type, row.State, row.Problem, row.Attempts, row.ReceivedAt, row.AppliedAt)).ToListAsync(cancellationToken),
            ]);
    }

    /// <summary>Gives money back, as <see cref="Refunds.RefundAsync"/> does, after the password was given again.</summary>
    /// <exception cref="AccessDeniedException">The caller is no person who administers the platform, or the password is to be given again.</exception>
    public Task<RefundResult> RefundAsync(Caller caller, string paymentId, Money amount, string reason, string idempotencyKey, CancellationToken cancellationToken)
    {
        caller.DemandConfirmedAdministrator(clock.Now());
        return refunds.RefundAsync(caller, paymentId, amount, reason, idempotencyKey, cancellationToken);
    }

    /// <summary>Applies an event of the gateway once more; what was applied before changes nothing. Null if there is none of this id.</summary>
    /// <exception cref="AccessDeniedException">The caller is no person who administers the platform, or the password is to be given again.</exception>
    public async Task<GatewayEventState?> ReplayAsync(Caller caller, string eventId, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        caller.DemandConfirmedAdministrator(now);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var unit = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await db.Set<GatewayEventRow>().AsNoTracking().FirstOrDefaultAsync(row => row.Id == eventId, cancellationToken) is not { } told)
        {
            return null;
        }

        await db.Set<GatewayEventRow>().Where(row => row.Id == eventId)
            .ExecuteUpdateAsync(row => row.SetProperty(e => e.State, GatewayEventState.Received).SetProperty(e => e.NextAttemptAt, now), cancellationToken);
        db.Record(caller, now, AuditActs.EventReplayed, eventId, new { told.State, told.Problem }, new { told.Type, told.PaymentId });
        await db.SaveChangesAsync(cancellationToken);
        await unit.CommitAsync(cancellationToken);
        await inbox.ApplyAgainAsync(eventId, cancellationToken);
        return await db.Set<GatewayEventRow>().Where(row => row.Id == eventId).Select(row => (GatewayEventState?)row.State).SingleAsync(cancellationToken);
    }

    private static void Demand(Caller caller)
    {
        caller.DemandSession();
        caller.DemandPlatformAdministrator();
    }
}

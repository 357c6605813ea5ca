using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Payments;

/// <summary>A payment as its organization sees it.</summary>
/// <param name="Id">pay_…</param>
/// <param name="Kind">What kind of thing is bought.</param>
/// <param name="Item">Which one: a pack's id.</param>
/// <param name="Description">What people read.</param>
/// <param name="Amount">What is charged, fee included.</param>
/// <param name="Fee">The fee within it.</param>
/// <param name="CreditType">What is credited.</param>
/// <param name="Credits">How much of it.</param>
/// <param name="State">How it stands.</param>
/// <param name="PlacedAt">When it was ordered.</param>
/// <param name="AcceptedAt">When we learned that the buyer had paid; null until then.</param>
/// <param name="ConfirmedAt">When the gateway had said how it ended; null until then.</param>
/// <param name="SettledAt">When it was credited, or closed without; null until then.</param>
/// <param name="ExpiresAt">When its checkout ends.</param>
/// <param name="IsLate">Whether the money came after the order was closed; it was credited all the same.</param>
/// <param name="Problem">Why it failed, or what keeps it from being credited; null if nothing does.</param>
/// <param name="CheckoutUrl">Where it can still be paid; null once it cannot.</param>
/// <param name="Refunded">What was given back of it.</param>
public sealed record PaymentView(
    string Id,
    PaymentKind Kind,
    string Item,
    string Description,
    Money Amount,
    Money Fee,
    string CreditType,
    Credits Credits,
    PaymentState State,
    DateTimeOffset PlacedAt,
    DateTimeOffset? AcceptedAt,
    DateTimeOffset? ConfirmedAt,
    DateTimeOffset? SettledAt,
    DateTimeOffset ExpiresAt,
    bool IsLate,
    string? Problem,
    string? CheckoutUrl,
    Money Refunded)
{
    public bool IsPending => State is PaymentState.Pending;

    /// <summary>Whether it buys a plan, or part of one; money that came too late for that is credited instead.</summary>
    public bool IsForPlan => Kind is PaymentKind.Plan or PaymentKind.Seats or PaymentKind.Renewal && Credits.IsZero;

    public bool IsCredited => State is PaymentState.Succeeded;
}

/// <summary>Follows payments for people. Trusts nothing but what the gateway said.</summary>
public sealed class PaymentTracker(IDbContextFactory<BillingDbContext> contexts, PaymentInquiry inquiry, TimeProvider clock)
{
    /// <summary>How many payments are listed at most.</summary>
    public const int MaxListed = 20;

    /// <summary>A payment of the caller's organization as it stands in our books; null if it has none by this id.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>billing:read</c>.</exception>
    public async Task<PaymentView?> GetAsync(Caller caller, string paymentId, CancellationToken cancellationToken) =>
        await FindAsync(caller, paymentId, cancellationToken) is { } payment ? ViewOf(payment) : null;

    /// <summary>The same, after asking the gateway if it is not over yet: for a browser that comes back from paying.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>billing:read</c>.</exception>
    public async Task<PaymentView?> ArriveAsync(Caller caller, string paymentId, CancellationToken cancellationToken)
    {
        if (await FindAsync(caller, paymentId, cancellationToken) is not { } payment)
        {
            return null;
        }

        if (payment.State is not PaymentState.Pending)
        {
            return ViewOf(payment);
        }

        await inquiry.AskAsync(payment, cancellationToken);
        return await GetAsync(caller, paymentId, cancellationToken);
    }

    /// <summary>The organization's payments that are not over yet, newest first, at most <see cref="MaxListed"/>.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>billing:read</c>.</exception>
    public async Task<IReadOnlyList<PaymentView>> ListOpenAsync(Caller caller, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var open = await db.Set<Payment>().AsNoTracking()
            .Where(row => row.OrganizationId == caller.OrganizationId && row.State == PaymentState.Pending && row.SessionId != null)
            .OrderByDescending(row => row.Id)
            .Take(MaxListed)
            .ToListAsync(cancellationToken);
        return [.. open.Select(ViewOf)];
    }

    /// <summary>The organization's latest payments, however they stand, newest first, at most <see cref="MaxListed"/>.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>billing:read</c>.</exception>
    public async Task<IReadOnlyList<PaymentView>> ListLatestAsync(Caller caller, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var latest = await db.Set<Payment>().AsNoTracking()
            .Where(row => row.OrganizationId == caller.OrganizationId)
            .OrderByDescending(row => row.Id)
            .Take(MaxListed)
            .ToListAsync(cancellationToken);
        return [.. latest.Select(ViewOf)];
    }

    /// <summary>The gateway's own ids of payments of the caller's organization, where it named one.</summary>
    internal async Task<IReadOnlyDictionary<string, string?>> GatewayIdsAsync(
        Caller caller, IReadOnlyCollection<string> paymentIds, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<Payment>().AsNoTracking()
            .Where(row => row.OrganizationId == caller.OrganizationId && paymentIds.Contains(row.Id))
            .ToDictionaryAsync(row => row.Id, row => row.PaymentIntentId, cancellationToken);
    }

    private async Task<Payment?> FindAsync(Caller caller, string paymentId, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<Payment>().AsNoTracking()
            .FirstOrDefaultAsync(row => row.Id == paymentId && row.OrganizationId == caller.OrganizationId, cancellationToken);
    }

    private PaymentView ViewOf(Payment payment)
    {
        var canBePaid = payment.State is PaymentState.Pending && payment.AcceptedAt is null && payment.ExpiresAt > clock.Now();
        return new PaymentView(
            payment.Id, payment.Kind, payment.Item, payment.Description, payment.AmountCents, payment.FeeCents, payment.CreditType, payment.CreditMicros,
            payment.State, payment.CreatedAt, payment.AcceptedAt, payment.ConfirmedAt, payment.SettledAt, payment.ExpiresAt, payment.Late,
            payment.FailureCode, canBePaid ? payment.CheckoutUrl : null, payment.RefundedCents);
    }
}

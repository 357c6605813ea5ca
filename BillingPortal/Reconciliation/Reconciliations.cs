using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Reconciliation;

/// <summary>Which differences to read.</summary>
/// <param name="State">Only these; null: all.</param>
/// <param name="PaymentId">Only of this payment; null: of all.</param>
/// <param name="Before">The id after which this page begins, newest first; null: the newest.</param>
/// <param name="Limit">1 to <see cref="Reconciliations.LargestPage"/>.</param>
public sealed record DifferenceQuery(DifferenceState? State = DifferenceState.Open, string? PaymentId = null, string? Before = null, int Limit = 25);

/// <summary>A page of differences, newest first, and the id after which the next begins; null at the end.</summary>
public sealed record DifferencePage(IReadOnlyList<PaymentDifference> Differences, string? NextBefore);

/// <summary>How far the comparison of all payments is.</summary>
/// <param name="Open">Differences that are open.</param>
/// <param name="Compared">Payments compared within the last day.</param>
/// <param name="Waiting">Payments that are due and not compared yet.</param>
/// <param name="LastAt">When one was compared last; null: never.</param>
public sealed record ReconciliationSummary(int Open, int Compared, int Waiting, DateTimeOffset? LastAt);

/// <summary>What became of comparing a payment now.</summary>
public enum ComparisonResult
{
    /// <summary>Compared; its differences, if any, are listed.</summary>
    Done,

    NoSuchPayment,

    /// <summary>The gateway did not answer; nothing is known anew.</summary>
    GatewayDown,
}

/// <summary>Compares every payment with the gateway and with the portal's own books, again and again, and lists what does not agree.</summary>
/// <remarks>How often, and what heals which difference: docs/decisions/0129.</remarks>
public sealed class Reconciliations(
    IDbContextFactory<BillingDbContext> contexts,
    IStoreSessions stores,
    IPaymentGateway gateway,
    PaymentBooksReader books,
    PaymentMetrics metrics,
    TimeProvider clock,
    ILogger<Reconciliations> logger)
{
    public const int LargestPage = 100;

    /// <summary>How long an order is left alone before it is compared first.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromHours(1);

    private const int Page = 50;
    private const int MaxPagesPerRun = 20;
    private const int Parallelism = 4;
    private static readonly TimeSpan Young = TimeSpan.FromDays(35);
    private static readonly TimeSpan PaceWhileYoung = TimeSpan.FromDays(1);
    private static readonly TimeSpan PaceLater = TimeSpan.FromDays(30);

    /// <summary>Differences of all organizations, newest first.</summary>
    /// <exception cref="AccessDeniedException">The caller is not a platform administrator.</exception>
    public async Task<DifferencePage> ListAsync(Caller caller, DifferenceQuery query, CancellationToken cancellationToken)
    {
        caller.DemandPlatformAdministrator();
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, LargestPage);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = db.Set<PaymentDifference>().AsNoTracking();
        if (query.State is { } state)
        {
            rows = rows.Where(row => row.State == state);
        }

        if (query.PaymentId is { } paymentId)
        {
            rows = rows.Where(row => row.PaymentId == paymentId);
        }

        if (query.Before is { } before)
        {
            rows = rows.Where(row => row.Id.CompareTo(before) < 0);
        }

        var page = await rows.OrderByDescending(row => row.Id).Take(query.Limit + 1).ToListAsync(cancellationToken);
        return page.Count > query.Limit ? new DifferencePage(page[..query.Limit], page[query.Limit - 1].Id) : new DifferencePage(page, null);
    }

    /// <summary>A difference that is open; null if there is none of this id.</summary>
    /// <exception cref="AccessDeniedException">The caller is not a platform administrator.</exception>
    public async Task<PaymentDifference?> FindOpenAsync(Caller caller, string differenceId, CancellationToken cancellationToken)
    {
        caller.DemandPlatformAdministrator();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<PaymentDifference>().AsNoTracking().FirstOrDefaultAsync(row => row.Id == differenceId && row.State == DifferenceState.Open, cancellationToken);
    }

    /// <summary>How far the comparison is.</summary>
    /// <exception cref="AccessDeniedException">The caller is not a platform administrator.</exception>
    public async Task<ReconciliationSummary> SummarizeAsync(Caller caller, CancellationToken cancellationToken)
    {
        caller.DemandPlatformAdministrator();
        var now = clock.Now();
        var yesterday = now.AddDays(-1);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var payments = db.Set<Payment>().AsNoTracking();
        return new ReconciliationSummary(
            await db.Set<PaymentDifference>().CountAsync(row => row.State == DifferenceState.Open, cancellationToken),
            await payments.CountAsync(row => row.ComparedAt >= yesterday, cancellationToken),
            await Due(payments, now).CountAsync(cancellationToken),
            await payments.MaxAsync(row => row.ComparedAt, cancellationToken));
    }

    /// <summary>Compares one payment now.</summary>
    /// <exception cref="AccessDeniedException">The caller is not a platform administrator.</exception>
    public async Task<ComparisonResult> CompareAsync(Caller caller, string paymentId, CancellationToken cancellationToken)
    {
        caller.DemandPlatformAdministrator();
        try
        {
            return await CompareAsync(paymentId, cancellationToken) is null ? ComparisonResult.NoSuchPayment : ComparisonResult.Done;
        }
        catch (GatewayException exception)
        {
            metrics.GatewayFailed();
            logger.LogWarning("Payment {PaymentId} could not be compared: {Reason}", paymentId, exception.Message);
            return ComparisonResult.GatewayDown;
        }
    }

    /// <summary>Has every payment compared anew, by the job, as fast as the gateway allows.</summary>
    /// <exception cref="AccessDeniedException">The caller is not a platform administrator.</exception>
    public async Task CompareAllAsync(Caller caller, CancellationToken cancellationToken)
    {
        caller.DemandPlatformAdministrator();
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Set<Payment>().Where(row => row.NextComparisonAt > now).ExecuteUpdateAsync(row => row.SetProperty(p => p.NextComparisonAt, now), cancellationToken);
    }

    /// <summary>Compares whatever is due, a page at a time, and tells how many payments there were. Stops early while the gateway is away.</summary>
    public async Task<int> RunDueAsync(CancellationToken cancellationToken)
    {
        var compared = 0;
        for (var page = 0; page < MaxPagesPerRun; page++)
        {
            var now = clock.Now();
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var due = await Due(db.Set<Payment>().AsNoTracking(), now).OrderBy(row => row.NextComparisonAt).ThenBy(row => row.Id).Take(Page)
                .Select(row => new { row.Id, row.NextComparisonAt }).ToListAsync(cancellationToken);
            var answers = true;
            await Parallel.ForEachAsync(
                due, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
                async (payment, ct) =>
                {
                    if (Volatile.Read(ref answers) && await ClaimAsync(payment.Id, payment.NextComparisonAt, now, ct) && !await TryCompareAsync(payment.Id, ct))
                    {
                        Volatile.Write(ref answers, false);
                    }
                });
            compared += due.Count;
            if (!answers || due.Count < Page)
            {
                break;
            }
        }

        return compared;
    }

    /// <summary>Compares a payment and lists what is found; null if there is none of this id.</summary>
    /// <exception cref="GatewayException">The gateway did not say.</exception>
    internal async Task<IReadOnlyList<FoundDifference>?> CompareAsync(string paymentId, CancellationToken cancellationToken)
    {
        var found = await FindAsync(paymentId, cancellationToken);
        if (found is { Count: > 0 })
        {
            // What is being settled at this moment agrees at the next look.
            var again = await FindAsync(paymentId, cancellationToken);
            found = [.. found.Where(first => again?.Any(second => second.Kind == first.Kind) is true)];
        }

        if (found is not null)
        {
            await StoreAsync(paymentId, found, cancellationToken);
        }

        return found;
    }

    private async Task<IReadOnlyList<FoundDifference>?> FindAsync(string paymentId, CancellationToken cancellationToken) =>
        await books.ReadAsync(paymentId, cancellationToken) is { } all ? Comparison.Of(all, gateway.IsLive, clock.Now()) : null;

    private async Task<bool> TryCompareAsync(string paymentId, CancellationToken cancellationToken)
    {
        try
        {
            await CompareAsync(paymentId, cancellationToken);
            return true;
        }
        catch (GatewayException exception)
        {
            metrics.GatewayFailed();
            logger.LogWarning("Payment {PaymentId} could not be compared: {Reason}", paymentId, exception.Message);
            return false;
        }
    }

    private static IQueryable<Payment> Due(IQueryable<Payment> payments, DateTimeOffset now)
    {
        var rested = now - Rest;
        return payments.Where(row => row.NextComparisonAt <= now || (row.NextComparisonAt == null && row.CreatedAt <= rested));
    }

    // Looked at within the hour by this instance; if it dies, by another after that.
    private async Task<bool> ClaimAsync(string paymentId, DateTimeOffset? seen, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var next = now + Rest;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<Payment>().Where(row => row.Id == paymentId && row.NextComparisonAt == seen)
            .ExecuteUpdateAsync(row => row.SetProperty(p => p.NextComparisonAt, next), cancellationToken) == 1;
    }

    private async Task StoreAsync(string paymentId, IReadOnlyList<FoundDifference> found, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var payment = await db.Set<Payment>().AsNoTracking().SingleAsync(row => row.Id == paymentId, cancellationToken);
        var open = await db.Set<PaymentDifference>().Where(row => row.PaymentId == paymentId && row.State == DifferenceState.Open).ToListAsync(cancellationToken);
        foreach (var row in open)
        {
            if (found.FirstOrDefault(difference => difference.Kind == row.Kind) is { } still)
            {
                row.Detail = still.Detail;
            }
            else
            {
                (row.State, row.EndedAt) = (DifferenceState.Gone, now);
            }
        }

        foreach (var difference in found.Where(difference => open.TrueForAll(row => row.Kind != difference.Kind)))
        {
            metrics.Differed(difference.Kind.Text());
            logger.LogError("Payment alert {Kind}: payment {PaymentId} of {OrganizationId}. {Detail}", difference.Kind, paymentId, payment.OrganizationId, difference.Detail);
            db.Add(new PaymentDifference
            {
                Id = Ids.New("diff", now),
                OrganizationId = payment.OrganizationId,
                PaymentId = paymentId,
                Kind = difference.Kind,
                Detail = difference.Detail,
                FoundAt = now,
            });
        }

        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException exception) when (stores.IsUniqueViolation(exception))
        {
            // Another instance found the same at the same moment, and has listed it.
        }

        var pace = found.Count > 0 || payment.State is PaymentState.Pending ? Rest : now - payment.CreatedAt < Young ? PaceWhileYoung : PaceLater;
        await db.Set<Payment>().Where(row => row.Id == paymentId)
            .ExecuteUpdateAsync(row => row.SetProperty(p => p.ComparedAt, now).SetProperty(p => p.NextComparisonAt, now + pace), cancellationToken);
    }
}

using BillingPortal.Access;
using BillingPortal.Audit;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BillingPortal.Purchases;

/// <summary>What became of the wish to give money back.</summary>
public abstract record RefundResult
{
    private RefundResult()
    {
    }

    /// <summary>Given back, and the credit taken; or pending, and done without further ado once the gateway answers.</summary>
    public sealed record Accepted(PaymentRefund Refund) : RefundResult;

    /// <summary>There is no such payment.</summary>
    public sealed record NoSuchPayment : RefundResult;

    /// <summary>It was not paid, or less than that is left of it.</summary>
    /// <param name="Left">What can still be given back.</param>
    public sealed record NotRefundable(Money Left) : RefundResult;

    /// <summary>The gateway will not.</summary>
    /// <param name="Code">In its word.</param>
    public sealed record Refused(string Code) : RefundResult;
}

/// <summary>What giving money back would do now.</summary>
/// <param name="Left">What can be given back at most.</param>
/// <param name="Amount">What would be given back.</param>
/// <param name="Credits">The credit that goes with it.</param>
/// <param name="FromPurchase">Of it, what is left of the purchase itself.</param>
/// <param name="FromOthers">Of it, what is taken from other bought credit.</param>
/// <param name="Owed">Of it, what is spent already and will be owed.</param>
public sealed record RefundPreview(Money Left, Money Amount, Credits Credits, Credits FromPurchase, Credits FromOthers, Credits Owed);

/// <summary>Asks again about refunds whose answer did not come, once a minute. Any number of instances may.</summary>
public sealed class RefundUpkeep(Refunds refunds, TimeProvider clock, ILogger<RefundUpkeep> logger) : PeriodicJob(TimeSpan.FromMinutes(1), clock, logger)
{
    protected override Task RunRoundAsync(CancellationToken cancellationToken) => refunds.RetryDueAsync(cancellationToken);
}

/// <summary>Gives money back by an administrator's wish. The wish is stored before the gateway hears of it, and asked again under its id until it answers.</summary>
public sealed class Refunds(
    IDbContextFactory<BillingDbContext> contexts, IStoreSessions stores, IPaymentGateway gateway, Reversals reversals, WalletReader wallets, IOptions<PaymentOptions> options, TimeProvider clock,
    ILogger<Refunds> logger)
{
    public const int MaxReasonLength = 200;

    private const int Page = 50;
    private static readonly TimeSpan Pace = TimeSpan.FromMinutes(1);

    /// <summary>What giving back a part, or all that is left, would take; null if there is no such payment or nothing of it can be given back. Changes nothing.</summary>
    /// <exception cref="AccessDeniedException">The caller is not a platform administrator, or is a key.</exception>
    public async Task<RefundPreview?> PreviewAsync(Caller caller, string paymentId, Money? amount, CancellationToken cancellationToken)
    {
        caller.DemandPlatformAdministrator();
        caller.DemandSession();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.Set<Payment>().AsNoTracking().FirstOrDefaultAsync(row => row.Id == paymentId, cancellationToken) is not { State: PaymentState.Succeeded, PaymentIntentId: not null } payment
            || payment.RefundedCents >= payment.AmountCents)
        {
            return null;
        }

        var left = payment.AmountCents - payment.RefundedCents;
        var wanted = amount is { } part && part > Money.Zero && part < left ? part : left;
        var credits = Reversals.ShareOf(payment, payment.RefundedCents + wanted) - Reversals.ShareOf(payment, payment.RefundedCents);
        var now = clock.Now();
        var wallet = await wallets.GetWalletAsync(Caller.ForSystem("refunds", payment.OrganizationId), payment.CreditType, cancellationToken);
        var bought = wallet.Buckets.Where(bucket => bucket.Kind is BucketKind.Purchased && bucket.IsLiveAt(now) && bucket.Remaining.IsPositive).ToList();
        var own = Credits.Min(credits, Credits.Sum(bought.Where(bucket => bucket.Origin == paymentId).Select(bucket => bucket.Remaining)));
        var others = Credits.Min(credits - own, Credits.Sum(bought.Where(bucket => bucket.Origin != paymentId).Select(bucket => bucket.Remaining)));
        return new RefundPreview(left, wanted, credits, own, others, credits - own - others);
    }

    /// <summary>Gives back all that is left of a payment, or a part.</summary>
    /// <param name="caller">A platform administrator.</param>
    /// <param name="paymentId">A payment of any organization.</param>
    /// <param name="amount">At most what is left; null: all of it.</param>
    /// <param name="reason">A sentence for the credit note, at most <see cref="MaxReasonLength"/> characters.</param>
    /// <param name="idempotencyKey">The same again is the same refund; null: each call is one of its own.</param>
    /// <param name="cancellationToken">Gives up waiting; the refund goes on.</param>
    /// <exception cref="AccessDeniedException">The caller is not a platform administrator, or is a key.</exception>
    public async Task<RefundResult> RefundAsync(
        Caller caller, string paymentId, Money? amount, string reason, string? idempotencyKey, CancellationToken cancellationToken)
    {
        caller.DemandPlatformAdministrator();
        caller.DemandSession();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.Set<Payment>().AsNoTracking().FirstOrDefaultAsync(row => row.Id == paymentId, cancellationToken) is not { } payment)
        {
            return new RefundResult.NoSuchPayment();
        }

        if (await FindAsync(db, paymentId, idempotencyKey, cancellationToken) is { } earlier)
        {
            return await SendAsync(earlier, payment, cancellationToken);
        }

        var left = payment.State is PaymentState.Succeeded ? payment.AmountCents - payment.RefundedCents : Money.Zero;
        var wanted = amount ?? left;
        if (wanted <= Money.Zero || wanted > left || payment.PaymentIntentId is null)
        {
            return new RefundResult.NotRefundable(left);
        }

        var now = clock.Now();
        var refund = new PaymentRefund
        {
            Id = Ids.New("refund", now),
            OrganizationId = payment.OrganizationId,
            PaymentId = payment.Id,
            AmountCents = wanted,
            Reason = reason,
            Actor = caller.Actor,
            IdempotencyKey = idempotencyKey,
            CreatedAt = now,
            NextCheckAt = now + Pace,
        };
        db.Add(refund);
        db.Record(caller, now, AuditActs.PaymentRefunded, payment.Id, new { Refunded = payment.RefundedCents }, new { Refund = refund.Id, Amount = wanted, reason }, payment.OrganizationId);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException exception) when (stores.IsUniqueViolation(exception))
        {
            db.ChangeTracker.Clear();
            refund = await FindAsync(db, paymentId, idempotencyKey, cancellationToken) ?? throw new InvalidOperationException($"{refund.Id} collided with none.");
        }

        return await SendAsync(refund, payment, cancellationToken);
    }

    /// <summary>Asks again about refunds whose answer did not come, and tells how many there were.</summary>
    public async Task<int> RetryDueAsync(CancellationToken cancellationToken)
    {
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var due = await db.Set<PaymentRefund>().AsNoTracking()
            .Where(row => row.NextCheckAt != null && row.NextCheckAt <= now)
            .OrderBy(row => row.NextCheckAt).Take(Page).ToListAsync(cancellationToken);
        foreach (var refund in due)
        {
            var payment = await db.Set<Payment>().AsNoTracking().SingleAsync(row => row.Id == refund.PaymentId, cancellationToken);
            await SendAsync(refund, payment, cancellationToken);
        }

        return due.Count;
    }

    private static async Task<PaymentRefund?> FindAsync(BillingDbContext db, string paymentId, string? idempotencyKey, CancellationToken cancellationToken) =>
        idempotencyKey is null
            ? null
            : await db.Set<PaymentRefund>().AsNoTracking().FirstOrDefaultAsync(row => row.PaymentId == paymentId && row.IdempotencyKey == idempotencyKey, cancellationToken);

    private async Task<RefundResult> SendAsync(PaymentRefund refund, Payment payment, CancellationToken cancellationToken)
    {
        if (refund.State is RefundState.Pending)
        {
            try
            {
                using var patience = new CancellationTokenSource(options.Value.CheckoutTimeout);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
                refund.GatewayRefundId = await gateway.RefundAsync(new RefundOrder(refund.Id, payment.PaymentIntentId!, refund.AmountCents), either.Token);
                await TakeBackAsync(refund, cancellationToken);
                await EndAsync(refund, RefundState.Done, null, cancellationToken);
            }
            catch (GatewayRefusedException refusal)
            {
                await EndAsync(refund, RefundState.Refused, refusal.Code, cancellationToken);
            }
            catch (Exception exception) when (exception is GatewayException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                logger.LogWarning("The gateway did not say whether {RefundId} was given back: {Reason}", refund.Id, exception.Message);
                await PostponeAsync(refund, cancellationToken);
            }
        }

        return refund.State is RefundState.Refused ? new RefundResult.Refused(refund.Problem ?? "refused") : new RefundResult.Accepted(refund);
    }

    // At least what we gave back ourselves; the gateway's own events tell of what others did, as a total.
    private async Task TakeBackAsync(PaymentRefund refund, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var payment = await db.Set<Payment>().AsNoTracking().SingleAsync(row => row.Id == refund.PaymentId, cancellationToken);
        if (payment.RefundRound > 0)
        {
            await reversals.FollowGatewayAsync(payment, cancellationToken);
            return;
        }

        var done = await db.Set<PaymentRefund>().AsNoTracking()
            .Where(row => row.PaymentId == refund.PaymentId && (row.State == RefundState.Done || row.Id == refund.Id)).Select(row => row.AmountCents).ToListAsync(cancellationToken);
        await reversals.TakeBackAsync(refund.PaymentId, done.Aggregate(Money.Zero, (sum, amount) => sum + amount), refund.Reason, cancellationToken);
    }

    private async Task EndAsync(PaymentRefund refund, RefundState state, string? problem, CancellationToken cancellationToken)
    {
        (refund.State, refund.Problem, refund.NextCheckAt) = (state, problem, null);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Set<PaymentRefund>().Where(row => row.Id == refund.Id && row.State == RefundState.Pending)
            .ExecuteUpdateAsync(
                row => row
                    .SetProperty(r => r.State, state)
                    .SetProperty(r => r.Problem, problem)
                    .SetProperty(r => r.GatewayRefundId, refund.GatewayRefundId)
                    .SetProperty(r => r.NextCheckAt, (DateTimeOffset?)null),
                cancellationToken);
    }

    private async Task PostponeAsync(PaymentRefund refund, CancellationToken cancellationToken)
    {
        var next = clock.Now() + Pace;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Set<PaymentRefund>().Where(row => row.Id == refund.Id && row.State == RefundState.Pending)
            .ExecuteUpdateAsync(row => row.SetProperty(r => r.NextCheckAt, next), cancellationToken);
    }
}

using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BillingPortal.Payments;

/// <summary>What became of an order that is charged to the saved card.</summary>
public abstract record ChargeResult
{
    private ChargeResult()
    {
    }

    /// <summary>Paid, credited and invoiced.</summary>
    public sealed record Succeeded(string PaymentId) : ChargeResult;

    /// <summary>Nothing was charged.</summary>
    /// <param name="PaymentId">pay_…, closed as failed.</param>
    /// <param name="Code">The bank's or the gateway's word; see <see cref="FailureCodes"/>.</param>
    public sealed record Declined(string PaymentId, string Code) : ChargeResult
    {
        /// <summary>Whether only its owner can go on, by paying an order of their own in the browser.</summary>
        public bool NeedsOwner => Code == FailureCodes.AuthenticationRequired;
    }

    /// <summary>The gateway has not said, or the money is on its way. It is settled without further ado, and never charged again.</summary>
    public sealed record Unknown(string PaymentId) : ChargeResult;

    /// <summary>The idempotency key stands for another order; nothing was charged.</summary>
    public sealed record KeyReused : ChargeResult;

    /// <summary>The organization has no saved card; nothing was ordered.</summary>
    public sealed record NoCard : ChargeResult;
}

/// <summary>Charges orders to saved cards while their owners are away.</summary>
/// <remarks>
/// The order is stored before the gateway hears of it, and its id is the gateway's idempotency key. What the gateway did not answer is found out by
/// looking, then by asking under the same key: docs/decisions/0100.
/// </remarks>
public sealed class CardCharges(
    IDbContextFactory<BillingDbContext> contexts,
    IStoreSessions stores,
    IPaymentGateway gateway,
    Settlement settlement,
    SavedCards cards,
    PaymentMetrics metrics,
    IOptions<PaymentOptions> options,
    TimeProvider clock,
    ILogger<CardCharges> logger)
{
    // Gateways keep idempotency keys for a day. Past this an order that the gateway never heard of is given up instead of sent again.
    private static readonly TimeSpan KeyLifetime = TimeSpan.FromHours(23);

    /// <summary>Until when an order made now may be sent to the gateway; what <see cref="Payment.ExpiresAt"/> has to be.</summary>
    public DateTimeOffset NextExpiry => clock.Now() + KeyLifetime;

    /// <summary>Stores an order and charges it to the organization's card, or finds what its idempotency key ordered before.</summary>
    /// <param name="order">The intent, with an idempotency key of the feature's own and <see cref="NextExpiry"/>.</param>
    /// <param name="cancellationToken">Gives up waiting; the charge is settled all the same.</param>
    public async Task<ChargeResult> ChargeAsync(Payment order, CancellationToken cancellationToken)
    {
        if (await FindAsync(order, cancellationToken) is { } earlier)
        {
            return earlier.Kind == order.Kind && earlier.Item == order.Item ? await SendAsync(earlier, cancellationToken) : new ChargeResult.KeyReused();
        }

        if (!await PrepareAsync(order, cancellationToken))
        {
            return new ChargeResult.NoCard();
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        db.Add(order);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException exception) when (stores.IsUniqueViolation(exception))
        {
            // The same key came twice at once; the other one was first.
            order = await FindAsync(order, cancellationToken) ?? throw new InvalidOperationException($"Order {order.Id} collided with none.");
        }

        return await SendAsync(order, cancellationToken);
    }

    /// <summary>Readies an order for the organization's card, before it is stored; false if there is no card.</summary>
    public async Task<bool> PrepareAsync(Payment order, CancellationToken cancellationToken)
    {
        if (await cards.FindDefaultAsync(order.OrganizationId, cancellationToken) is not { } card)
        {
            return false;
        }

        order.CardId = card.Id;
        order.NextCheckAt = order.CreatedAt + PaymentInquiry.Patience;
        metrics.Ordered();
        return true;
    }

    /// <summary>Charges an order that is stored, and tells how it stands then. Again and at once it is one charge.</summary>
    public async Task<ChargeResult> SendAsync(Payment order, CancellationToken cancellationToken)
    {
        if (order.State is PaymentState.Pending)
        {
            try
            {
                using var patience = new CancellationTokenSource(options.Value.ChargeTimeout);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
                await FinishAsync(order, looksFirst: false, either.Token);
            }
            catch (Exception exception) when (exception is GatewayException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                metrics.GatewayFailed();
                logger.LogWarning("The gateway did not say whether payment {PaymentId} was charged: {Reason}", order.Id, exception.Message);
            }
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var payment = await db.Set<Payment>().AsNoTracking().SingleAsync(row => row.Id == order.Id, cancellationToken);
        return payment.State switch
        {
            PaymentState.Pending => new ChargeResult.Unknown(payment.Id),
            PaymentState.Failed or PaymentState.Expired => new ChargeResult.Declined(payment.Id, payment.FailureCode ?? FailureCodes.GivenUp),
            _ => new ChargeResult.Succeeded(payment.Id),
        };
    }

    /// <summary>Gives up an order that the gateway may not have heard of: it is not sent again. If it was charged after all, it is credited.</summary>
    public async Task GiveUpAsync(string paymentId, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Set<Payment>()
            .Where(row => row.Id == paymentId && row.State == PaymentState.Pending && row.CardId != null)
            .ExecuteUpdateAsync(row => row.SetProperty(p => p.ExpiresAt, now).SetProperty(p => p.NextCheckAt, now), cancellationToken);
    }

    /// <summary>Brings an order that was charged, or was to be, to its end by the gateway's word.</summary>
    /// <param name="order">A pending one.</param>
    /// <param name="looksFirst">Whether the gateway may have heard of it: then it is asked before anything is sent.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="GatewayException">The gateway did not answer.</exception>
    internal async Task FinishAsync(Payment order, bool looksFirst, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var card = await db.Set<SavedCard>().AsNoTracking().SingleAsync(row => row.Id == order.CardId, cancellationToken);
        if (await ChargeOfAsync(db, order, card, cancellationToken) is not { } charge)
        {
            await settlement.GiveUpAsync(order, FailureCodes.CardMissing, cancellationToken);
            return;
        }

        var report = (looksFirst, order.PaymentIntentId) switch
        {
            (false, _) => null,
            (_, { } intentId) => await gateway.FindIntentAsync(intentId, cancellationToken),
            _ => await gateway.FindChargeAsync(charge, cancellationToken),
        };
        if (report is null && (order.ExpiresAt <= clock.Now() || card.RemovedAt is not null))
        {
            await settlement.GiveUpAsync(order, card.RemovedAt is null ? FailureCodes.GivenUp : FailureCodes.CardMissing, cancellationToken);
            return;
        }

        report ??= await gateway.ChargeCardAsync(charge, cancellationToken);
        if (report.FailureCode == FailureCodes.CardMissing)
        {
            await cards.RefreshAsync(order.OrganizationId, cancellationToken);
        }

        await settlement.SettleAsync(order.Id, report, cancellationToken);
    }

    /// <summary>How the charge of an order stands at the gateway, without charging anything; null if it never heard of it.</summary>
    /// <exception cref="GatewayException">The gateway did not say.</exception>
    internal async Task<PaymentReport?> LookUpAsync(Payment order, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var card = await db.Set<SavedCard>().AsNoTracking().SingleAsync(row => row.Id == order.CardId, cancellationToken);
        return await ChargeOfAsync(db, order, card, cancellationToken) is { } charge ? await gateway.FindChargeAsync(charge, cancellationToken) : null;
    }

    // Null if the gateway's customer is gone.
    private static async Task<CardCharge?> ChargeOfAsync(BillingDbContext db, Payment order, SavedCard card, CancellationToken cancellationToken)
    {
        var customer = await db.Set<PaymentCustomer>().AsNoTracking().FirstOrDefaultAsync(row => row.OrganizationId == order.OrganizationId, cancellationToken);
        return customer is null
            ? null
            : new CardCharge(order.Id, order.Description, order.AmountCents, customer.CustomerId, card.PaymentMethodId, order.CreatedAt);
    }

    private async Task<Payment?> FindAsync(Payment order, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<Payment>().AsNoTracking()
            .FirstOrDefaultAsync(row => row.OrganizationId == order.OrganizationId && row.IdempotencyKey == order.IdempotencyKey, cancellationToken);
    }
}

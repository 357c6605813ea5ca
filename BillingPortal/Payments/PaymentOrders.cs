using System.Diagnostics;
using BillingPortal.Access;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BillingPortal.Payments;

/// <summary>What became of an order.</summary>
public abstract record OrderResult
{
    private OrderResult()
    {
    }

    /// <summary>There is a page on which to pay it.</summary>
    /// <param name="Payment">As it stands now.</param>
    /// <param name="CheckoutUrl">Where to pay.</param>
    /// <param name="IsRepeat">Whether the key had ordered it before.</param>
    public sealed record Ready(Payment Payment, string CheckoutUrl, bool IsRepeat) : OrderResult;

    /// <summary>There is a charge that the buyer's own page can confirm.</summary>
    /// <param name="Payment">As it stands now.</param>
    /// <param name="ClientSecret">What the page confirms it with; null once the payment is over.</param>
    /// <param name="IsRepeat">Whether the key had ordered it before.</param>
    public sealed record IntentReady(Payment Payment, string? ClientSecret, bool IsRepeat) : OrderResult;

    /// <summary>The limit is reached.</summary>
    /// <param name="FreesAt">When an unpaid order gives up its place, if one may.</param>
    public sealed record NoPlaceLeft(DateTimeOffset? FreesAt) : OrderResult;

    /// <summary>The key stands for another order.</summary>
    public sealed record KeyReused : OrderResult;

    /// <summary>The gateway did not answer. Nothing was charged; the same key goes on where this stopped.</summary>
    public sealed record GatewayDown(string PaymentId) : OrderResult;
}

/// <summary>Places orders and opens their checkouts.</summary>
public sealed class PaymentOrders(
    IDbContextFactory<BillingDbContext> contexts,
    IStoreSessions stores,
    IPaymentGateway gateway,
    PaymentInquiry inquiry,
    Settlement settlement,
    SavedCards cards,
    PortalAddress address,
    PaymentMetrics metrics,
    IOptions<PaymentOptions> options,
    TimeProvider clock,
    ILogger<PaymentOrders> logger)
{
    /// <summary>The page that follows a payment until it is settled.</summary>
    public static string PathOf(string paymentId) => $"/billing/payments/{paymentId}";

    // The surface that sells API credits promises this query to whoever shows a confirmation; the page itself trusts the gateway alone.
    private static string ReturnPathOf(Payment order) => order.Kind is PaymentKind.ApiPack ? $"{PathOf(order.Id)}?billing=success" : PathOf(order.Id);

    /// <summary>When a checkout that opens now ends.</summary>
    public DateTimeOffset NextExpiry => clock.Now() + options.Value.CheckoutLifetime;

    /// <summary>Orders under a limit: those paid, and those that still may be.</summary>
    public async Task<int> CountAsync(string organizationId, PaymentKind kind, string item, DateTimeOffset cycleStart, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await Counted(db, organizationId, kind, item, cycleStart).CountAsync(cancellationToken);
    }

    /// <summary>Places an order, or finds the one its key placed before, and opens its checkout.</summary>
    /// <param name="order">The intent; stored before the gateway hears of it.</param>
    /// <param name="limit">How many the order's cycle allows; null: any number.</param>
    /// <param name="cancelPath">The portal's page to come back to unpaid.</param>
    /// <param name="cancellationToken">Gives up waiting; the same key goes on where this stopped.</param>
    public async Task<OrderResult> PlaceAsync(Payment order, int? limit, string cancelPath, CancellationToken cancellationToken)
    {
        var earlier = await FindByKeyAsync(order, cancellationToken);
        if (earlier is null)
        {
            var (placed, refusal) = await StoreAsync(order, limit, cancellationToken);
            if (refusal is not null)
            {
                return refusal;
            }

            if (placed)
            {
                metrics.Ordered();
                return await CheckOutAsync(order, cancelPath, isRepeat: false, cancellationToken);
            }

            // The same key came twice at once; the other one was first.
            earlier = await FindByKeyAsync(order, cancellationToken)
                ?? throw new InvalidOperationException($"Order {order.Id} collided with none.");
        }

        if (earlier.Kind != order.Kind || earlier.Item != order.Item)
        {
            return new OrderResult.KeyReused();
        }

        if (earlier.CheckoutUrl is { } url)
        {
            return new OrderResult.Ready(earlier, url, IsRepeat: true);
        }

        // The gateway did not answer last time, and the order gave up its place.
        if (limit is not null && earlier.Place is null && await RetakePlaceAsync(earlier, limit.Value, cancellationToken) is { } full)
        {
            return full;
        }

        return await CheckOutAsync(earlier, cancelPath, isRepeat: true, cancellationToken);
    }

    /// <summary>Places an order without limit, or finds the one its key placed before, and readies its charge for a page of the buyer's own.</summary>
    /// <param name="order">The intent; stored before the gateway hears of it.</param>
    /// <param name="cancellationToken">Gives up waiting; the same key goes on where this stopped.</param>
    public async Task<OrderResult> PlaceIntentAsync(Payment order, CancellationToken cancellationToken)
    {
        var earlier = await FindByKeyAsync(order, cancellationToken);
        if (earlier is null)
        {
            var (placed, _) = await StoreAsync(order, null, cancellationToken);
            if (placed)
            {
                metrics.Ordered();
            }
            else
            {
                earlier = await FindByKeyAsync(order, cancellationToken) ?? throw new InvalidOperationException($"Order {order.Id} collided with none.");
            }
        }

        if (earlier is not null && (earlier.Kind != order.Kind || earlier.Item != order.Item))
        {
            return new OrderResult.KeyReused();
        }

        var payment = earlier ?? order;
        if (payment.State is not PaymentState.Pending || payment.SessionId is not null)
        {
            return new OrderResult.IntentReady(payment, null, IsRepeat: true);
        }

        return await AskGatewayAsync(
            payment,
            async ct =>
            {
                var intent = await gateway.OpenIntentAsync(new IntentOrder(payment.Id, payment.Description, payment.AmountCents), ct);
                await using var db = await contexts.CreateDbContextAsync(cancellationToken);
                await db.Set<Payment>()
                    .Where(row => row.Id == payment.Id && row.SessionId == null)
                    .ExecuteUpdateAsync(row => row.SetProperty(p => p.PaymentIntentId, intent.PaymentIntentId), cancellationToken);
                return new OrderResult.IntentReady(payment, intent.ClientSecret, earlier is not null);
            },
            cancellationToken) ?? throw new UnreachableException();
    }

    /// <summary>Opens the gateway's page for an order that was readied for a page of the buyer's own, whose charge it withdraws first.</summary>
    /// <returns>The page, or null if the caller's organization has no such order that can still be paid.</returns>
    /// <exception cref="AccessDeniedException">The caller may not spend money.</exception>
    public async Task<OrderResult?> OpenPageAsync(Caller caller, string paymentId, string cancelPath, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Billing);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var payment = await db.Set<Payment>().AsNoTracking().FirstOrDefaultAsync(
            row => row.Id == paymentId && row.OrganizationId == caller.OrganizationId && row.State == PaymentState.Pending && row.CardId == null, cancellationToken);
        if (payment is null || payment.ExpiresAt <= clock.Now())
        {
            return null;
        }

        if (payment.CheckoutUrl is { } url)
        {
            return new OrderResult.Ready(payment, url, IsRepeat: true);
        }

        if (payment.PaymentIntentId is not { } intentId)
        {
            return await CheckOutAsync(payment, cancelPath, isRepeat: true, cancellationToken);
        }

        var withdrawn = await AskGatewayAsync(
            payment,
            async ct => await gateway.CancelIntentAsync(intentId, ct) is { Outcome: PaymentOutcome.Paid or PaymentOutcome.Processing } report
                && await settlement.SettleAsync(payment.Id, report, ct) is not SettlementResult.Contradiction
                    ? new OrderResult.IntentReady(payment, null, IsRepeat: true)
                    : null,
            cancellationToken);
        if (withdrawn is not null)
        {
            return withdrawn is OrderResult.GatewayDown ? withdrawn : null;
        }

        await db.Set<Payment>().Where(row => row.Id == payment.Id && row.PaymentIntentId == intentId && row.State == PaymentState.Pending)
            .ExecuteUpdateAsync(row => row.SetProperty(p => p.PaymentIntentId, (string?)null), cancellationToken);
        return await CheckOutAsync(payment, cancelPath, isRepeat: true, cancellationToken);
    }

    private async Task<Payment?> FindByKeyAsync(Payment order, CancellationToken cancellationToken)
    {
        if (order.IdempotencyKey is null)
        {
            return null;
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<Payment>().AsNoTracking()
            .FirstOrDefaultAsync(row => row.OrganizationId == order.OrganizationId && row.IdempotencyKey == order.IdempotencyKey, cancellationToken);
    }

    /// <summary>Stores a new order in the first free place; not placed if its key was taken meanwhile.</summary>
    private async Task<(bool Placed, OrderResult? Refusal)> StoreAsync(Payment order, int? limit, CancellationToken cancellationToken)
    {
        order.NextCheckAt = order.CreatedAt + PaymentInquiry.Patience;
        while (true)
        {
            if (limit is not null)
            {
                (order.Place, var full) = await FindPlaceAsync(order, limit.Value, cancellationToken);
                if (full is not null)
                {
                    return (false, full);
                }
            }

            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            db.Add(order);
            try
            {
                await db.SaveChangesAsync(cancellationToken);
                return (true, null);
            }
            catch (DbUpdateException exception) when (stores.IsUniqueViolation(exception))
            {
                if (await FindByKeyAsync(order, cancellationToken) is not null)
                {
                    return (false, null);
                }
            }
        }
    }

    private async Task<OrderResult.NoPlaceLeft?> RetakePlaceAsync(Payment order, int limit, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (place, full) = await FindPlaceAsync(order, limit, cancellationToken);
            if (full is not null)
            {
                return full;
            }

            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            try
            {
                await db.Set<Payment>()
                    .Where(row => row.Id == order.Id && row.State == PaymentState.Pending && row.Place == null)
                    .ExecuteUpdateAsync(row => row.SetProperty(p => p.Place, place), cancellationToken);
                return null;
            }
            catch (Exception exception) when (stores.IsUniqueViolation(exception))
            {
                // Another order took this place; look for the next.
            }
        }
    }

    /// <summary>The first free place. An order whose time is over keeps its place until the gateway has said that it was not paid.</summary>
    private async Task<(long? Place, OrderResult.NoPlaceLeft? Full)> FindPlaceAsync(Payment order, int limit, CancellationToken cancellationToken)
    {
        for (var asked = false; ; asked = true)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var counted = await Counted(db, order.OrganizationId, order.Kind, order.Item, order.CycleStart)
                .AsNoTracking().OrderBy(row => row.Id).Take(limit + 1).ToListAsync(cancellationToken);
            if (counted.Count < limit)
            {
                var taken = counted.Select(row => row.Place).ToHashSet();
                return (Enumerable.Range(1, limit).Select(place => (long?)place).First(place => !taken.Contains(place)), null);
            }

            var pending = counted.Where(row => row.State is PaymentState.Pending).ToList();
            var overdue = pending.Where(row => row.ExpiresAt <= clock.Now()).ToList();
            if (asked || overdue.Count == 0)
            {
                return (null, new OrderResult.NoPlaceLeft(pending.Count == 0 ? null : pending.Min(row => row.ExpiresAt)));
            }

            await Task.WhenAll(overdue.Select(row => inquiry.AskAsync(row, cancellationToken)));
        }
    }

    private static IQueryable<Payment> Counted(BillingDbContext db, string organizationId, PaymentKind kind, string item, DateTimeOffset? cycleStart) =>
        db.Set<Payment>().Where(row =>
            row.OrganizationId == organizationId && row.Kind == kind && row.Item == item && row.CycleStart == cycleStart
            && (row.State == PaymentState.Succeeded || (row.State == PaymentState.Pending && row.Place != null)));

    private async Task<OrderResult> CheckOutAsync(Payment order, string cancelPath, bool isRepeat, CancellationToken cancellationToken)
    {
        var opened = await AskGatewayAsync(
            order,
            async ct =>
            {
                var customer = order.KeepsCard ? await cards.EnsureCustomerAsync(order.OrganizationId, ct) : null;
                var checkout = await gateway.OpenCheckoutAsync(
                    new CheckoutOrder(
                        order.Id, order.Description, order.AmountCents, address.Absolute(ReturnPathOf(order)), address.Absolute(cancelPath), order.ExpiresAt,
                        customer, order.KeepsCard),
                    ct);
                (order.SessionId, order.CheckoutUrl) = (checkout.SessionId, checkout.Url);
                await using var db = await contexts.CreateDbContextAsync(cancellationToken);
                await db.Set<Payment>()
                    .Where(row => row.Id == order.Id)
                    .ExecuteUpdateAsync(
                        row => row.SetProperty(p => p.SessionId, checkout.SessionId).SetProperty(p => p.CheckoutUrl, checkout.Url), cancellationToken);
                return new OrderResult.Ready(order, checkout.Url, isRepeat);
            },
            cancellationToken);
        if (opened is OrderResult.GatewayDown)
        {
            // Nobody was given its address, so nobody can pay it, and it must not stand in the way of another order.
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            await db.Set<Payment>()
                .Where(row => row.Id == order.Id && row.SessionId == null)
                .ExecuteUpdateAsync(row => row.SetProperty(p => p.Place, (long?)null), cancellationToken);
        }

        return opened ?? throw new UnreachableException();
    }

    /// <summary>Asks the gateway for something to pay an order with, for as long as a checkout may take.</summary>
    private async Task<OrderResult?> AskGatewayAsync(Payment order, Func<CancellationToken, Task<OrderResult?>> ask, CancellationToken cancellationToken)
    {
        try
        {
            using var patience = new CancellationTokenSource(options.Value.CheckoutTimeout);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
            return await ask(either.Token);
        }
        catch (Exception exception) when (exception is GatewayException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            metrics.GatewayFailed();
            logger.LogWarning("The gateway readied nothing to pay {PaymentId} with: {Reason}", order.Id, exception.Message);
            return new OrderResult.GatewayDown(order.Id);
        }
    }
}

using BillingPortal.Access;
using BillingPortal.Audit;
using BillingPortal.Catalog;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Subscriptions;

/// <summary>A plan as it is asked for.</summary>
/// <param name="PlanId">Of the catalog.</param>
/// <param name="Interval">Null: as held, else monthly.</param>
/// <param name="Seats">Null: as held, else as many as there are members. Counts only where the plan is sold by the seat.</param>
public sealed record PlanRequest(string PlanId, BillingInterval? Interval = null, int? Seats = null);

/// <summary>What became of the wish to change the plan.</summary>
public abstract record PlanChangeResult
{
    private PlanChangeResult()
    {
    }

    /// <summary>Done, or scheduled; nothing had to be paid.</summary>
    public sealed record Done(PlanStanding Standing) : PlanChangeResult;

    /// <summary>A payment is needed first; the change is made when it is settled.</summary>
    /// <param name="Url">Absolute.</param>
    /// <param name="PaymentId">pay_…</param>
    /// <param name="IsRepeat">Whether the idempotency key had started it before.</param>
    /// <param name="IsOver">Whether that earlier one has ended: what it became is on its own page.</param>
    public sealed record Checkout(string Url, string PaymentId, bool IsRepeat, bool IsOver) : PlanChangeResult;

    /// <summary>A payment with the saved card is under way, and its outcome not known yet; the change is made when it is settled.</summary>
    public sealed record Paying(string PaymentId) : PlanChangeResult;

    /// <summary>It costs more by now than was agreed to. Nothing was charged.</summary>
    public sealed record CostsMore : PlanChangeResult;

    /// <summary>The catalog has no such plan.</summary>
    public sealed record NoSuchPlan : PlanChangeResult;

    /// <summary>The number of seats is below that of the members, or beyond what is sold.</summary>
    /// <param name="Least">As many as there are members.</param>
    public sealed record SeatsOutOfRange(int Least) : PlanChangeResult;

    /// <summary>The renewal is being paid at this moment; a minute later it is known what can be changed.</summary>
    public sealed record RenewalUnderWay : PlanChangeResult;

    /// <summary>Somebody changed the plan at the same moment. Nothing was done.</summary>
    public sealed record ChangedMeanwhile : PlanChangeResult;

    /// <summary>The idempotency key was used for another order.</summary>
    public sealed record KeyReused : PlanChangeResult;

    /// <summary>The payment provider did not answer. Nothing was charged; the same key goes on where this stopped.</summary>
    public sealed record GatewayDown : PlanChangeResult;
}

/// <summary>What a change would do, or why it cannot be made.</summary>
/// <param name="Standing">As it is now.</param>
/// <param name="Quote">What the change does and costs; null: it cannot be made, for <paramref name="Problem"/>.</param>
/// <param name="Problem">Why not.</param>
public sealed record PlanPreview(PlanStanding Standing, PlanQuote? Quote, PlanChangeResult? Problem);

/// <summary>How many seats of an organization are taken.</summary>
public interface ISeatCounts
{
    /// <summary>Members, and invitations that may still be accepted. At least 1.</summary>
    Task<int> CountAsync(string organizationId, CancellationToken cancellationToken);
}

/// <summary>Plans as people hold, change and pay them.</summary>
public sealed class PlanBilling(
    IDbContextFactory<BillingDbContext> contexts,
    PriceCatalog catalog,
    PlanStandings standings,
    PlanChanges changes,
    PaymentOrders orders,
    CardCharges charges,
    IBuyerNames buyers,
    ISeatCounts seats,
    WalletWriter writer,
    BalanceFeed feed,
    TimeProvider clock)
{
    /// <summary>Most seats of one organization.</summary>
    public const int MaxSeats = 10_000;

    /// <summary>How the caller's organization stands.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>billing:read</c>.</exception>
    public async Task<PlanStanding> GetAsync(Caller caller, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        return await ReadAsync(caller.OrganizationId, cancellationToken);
    }

    /// <summary>What a change would do and cost now. Changes nothing.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>billing:read</c>.</exception>
    public async Task<PlanPreview> PreviewAsync(Caller caller, PlanRequest request, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        var standing = await ReadAsync(caller.OrganizationId, cancellationToken);
        var (wish, problem) = await WishAsync(standing, request, cancellationToken);
        if (wish is null)
        {
            return new PlanPreview(standing, null, problem);
        }

        var quote = PlanQuotes.For(standing, wish, clock.Now());
        return MustWait(standing, quote) ? new PlanPreview(standing, null, new PlanChangeResult.RenewalUnderWay()) : new PlanPreview(standing, quote, null);
    }

    /// <summary>Changes the plan: at once, after a payment, or at the end of the cycle, as the preview said.</summary>
    /// <param name="caller">A person of role billing.</param>
    /// <param name="request">What to hold from then on.</param>
    /// <param name="idempotencyKey">The same again is the same order; null: each call is an order of its own.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="AccessDeniedException">A key, or a member who may not spend money.</exception>
    public Task<PlanChangeResult> ChangeAsync(Caller caller, PlanRequest request, string? idempotencyKey, CancellationToken cancellationToken) =>
        PayAndChangeAsync(caller, request, (standing, quote) => OrderAsync(caller, standing, quote, idempotencyKey, cancellationToken), cancellationToken);

    /// <summary>The same, with what is to be paid charged to the saved card at once. A card that is not charged leads to a checkout.</summary>
    /// <param name="caller">A person of role billing.</param>
    /// <param name="request">What to hold from then on.</param>
    /// <param name="confirmed">What they agreed to pay; never more is charged.</param>
    /// <param name="idempotencyKey">The same again is the same order.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="AccessDeniedException">A key, or a member who may not spend money.</exception>
    public Task<PlanChangeResult> ChangeWithCardAsync(Caller caller, PlanRequest request, Money confirmed, string idempotencyKey, CancellationToken cancellationToken) =>
        PayAndChangeAsync(caller, request, (standing, quote) => ChargeAsync(caller, standing, quote, confirmed, idempotencyKey, cancellationToken), cancellationToken);

    private async Task<PlanChangeResult> PayAndChangeAsync(
        Caller caller, PlanRequest request, Func<PlanStanding, PlanQuote, Task<PlanChangeResult>> pay, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Billing);
        var standing = await ReadAsync(caller.OrganizationId, cancellationToken);
        var (wish, problem) = await WishAsync(standing, request, cancellationToken);
        if (wish is null)
        {
            return problem!;
        }

        var quote = PlanQuotes.For(standing, wish, clock.Now());
        if (MustWait(standing, quote))
        {
            return new PlanChangeResult.RenewalUnderWay();
        }

        if (quote.DueNow > Money.Zero)
        {
            return await pay(standing, quote);
        }

        return quote.Kind switch
        {
            PlanChangeKind.Nothing => new PlanChangeResult.Done(standing),
            PlanChangeKind.Start or PlanChangeKind.Upgrade or PlanChangeKind.AddSeats or PlanChangeKind.Renew =>
                await MakeAsync(caller, standing, quote, cancellationToken),
            _ => await NoteAsync(caller, standing, quote, cancellationToken),
        };
    }

    /// <summary>Ends the plan at the end of its cycle, or at once if its renewal is not paid. Nothing is given back.</summary>
    /// <exception cref="AccessDeniedException">A key, or a member who may not spend money.</exception>
    public Task<PlanChangeResult> CancelAsync(Caller caller, CancellationToken cancellationToken) =>
        ChangeAsync(caller, new PlanRequest(catalog.FreePlan.Id), null, cancellationToken);

    /// <summary>Keeps the plan: calls off a cancellation, or another change that was scheduled.</summary>
    /// <exception cref="AccessDeniedException">A key, or a member who may not spend money.</exception>
    public async Task<PlanChangeResult> ResumeAsync(Caller caller, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Billing);
        var standing = await ReadAsync(caller.OrganizationId, cancellationToken);
        if (standing is { CancelAtPeriodEnd: false, Pending: null })
        {
            return new PlanChangeResult.Done(standing);
        }

        var held = new PlanWish(standing.Plan, standing.Interval, standing.Seats);
        return await NoteAsync(caller, standing, PlanQuotes.For(standing, held, clock.Now()), cancellationToken);
    }

    // Whoever is about to decide on money must not be told what another instance knew five seconds ago.
    private async Task<PlanStanding> ReadAsync(string organizationId, CancellationToken cancellationToken)
    {
        standings.Forget(organizationId);
        return await standings.GetAsync(organizationId, cancellationToken);
    }

    private async Task<(PlanWish? Wish, PlanChangeResult? Problem)> WishAsync(PlanStanding standing, PlanRequest request, CancellationToken cancellationToken)
    {
        if (catalog.FindPlan(request.PlanId) is not { } plan)
        {
            return (null, new PlanChangeResult.NoSuchPlan());
        }

        if (plan.IsFree)
        {
            return (new PlanWish(plan, BillingInterval.Monthly, 1), null);
        }

        var interval = request.Interval ?? (standing.Plan.IsFree ? BillingInterval.Monthly : standing.Interval);
        if (!plan.PerSeat)
        {
            return (new PlanWish(plan, interval, 1), null);
        }

        var members = await seats.CountAsync(standing.OrganizationId, cancellationToken);
        var wanted = request.Seats ?? Math.Max(members, standing.Plan == plan ? standing.Seats : 1);
        return wanted < members || wanted > MaxSeats
            ? (null, new PlanChangeResult.SeatsOutOfRange(members))
            : (new PlanWish(plan, interval, wanted), null);
    }

    /// <summary>Whether the cycle has ended and its successor is being paid: seats can be added to neither.</summary>
    private bool MustWait(PlanStanding standing, PlanQuote quote) =>
        quote.Kind is PlanChangeKind.AddSeats && standing.PaidUntil <= clock.Now();

    private async Task<PlanChangeResult> OrderAsync(
        Caller caller, PlanStanding standing, PlanQuote quote, string? idempotencyKey, CancellationToken cancellationToken)
    {
        var buyer = await buyers.NameOfAsync(caller.OrganizationId, cancellationToken);
        var order = PlanOrder.Of(caller, buyer, standing, quote, idempotencyKey, clock.Now(), orders.NextExpiry);
        order.KeepsCard = true;
        return await orders.PlaceAsync(order, null, "/plan?canceled=1", cancellationToken) switch
        {
            OrderResult.Ready ready => new PlanChangeResult.Checkout(
                ready.CheckoutUrl, ready.Payment.Id, ready.IsRepeat, ready.Payment.State is not PaymentState.Pending),
            OrderResult.KeyReused => new PlanChangeResult.KeyReused(),
            _ => new PlanChangeResult.GatewayDown(),
        };
    }

    private async Task<PlanChangeResult> ChargeAsync(
        Caller caller, PlanStanding standing, PlanQuote quote, Money confirmed, string idempotencyKey, CancellationToken cancellationToken)
    {
        if (await FindUnderWayAsync(caller.OrganizationId, cancellationToken) is { } underWay)
        {
            return new PlanChangeResult.Paying(underWay);
        }

        if (quote.DueNow > confirmed)
        {
            return new PlanChangeResult.CostsMore();
        }

        var buyer = await buyers.NameOfAsync(caller.OrganizationId, cancellationToken);
        var order = PlanOrder.Of(caller, buyer, standing, quote, $"{idempotencyKey}:card", clock.Now(), charges.NextExpiry);
        return await charges.ChargeAsync(order, cancellationToken) switch
        {
            ChargeResult.Succeeded => await ChangedAsync(caller, cancellationToken),
            ChargeResult.Unknown unknown => new PlanChangeResult.Paying(unknown.PaymentId),
            ChargeResult.KeyReused => new PlanChangeResult.KeyReused(),
            _ => await OrderAsync(caller, standing, quote, idempotencyKey, cancellationToken),
        };
    }

    // What somebody pays with the saved card and the gateway has not answered: nothing more is charged before it has.
    private async Task<string?> FindUnderWayAsync(string organizationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<Payment>()
            .Where(row => row.OrganizationId == organizationId && row.State == PaymentState.Pending && row.CardId != null
                && (row.Kind == PaymentKind.Plan || row.Kind == PaymentKind.Seats || row.Kind == PaymentKind.Renewal))
            .Select(row => row.Id).FirstOrDefaultAsync(cancellationToken);
    }

    /// <summary>Makes a change at once that costs nothing now.</summary>
    private async Task<PlanChangeResult> MakeAsync(Caller caller, PlanStanding standing, PlanQuote quote, CancellationToken cancellationToken)
    {
        var reference = $"plan:{standing.SubscriptionId}:{standing.Revision}";
        var command = changes.Command(
            caller.OrganizationId, PlanTerms.Of(standing, quote), Money.Zero, reference, Ids.New("sub", clock.Now()), caller.Actor);
        var result = await writer.ExecuteAsync(command, cancellationToken);
        return result is PostResult.Posted ? await ChangedAsync(caller, cancellationToken) : new PlanChangeResult.ChangedMeanwhile();
    }

    /// <summary>Notes what happens at the end of the cycle, calls it off, or ends an unpaid plan.</summary>
    private async Task<PlanChangeResult> NoteAsync(Caller caller, PlanStanding standing, PlanQuote quote, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var row = await db.Set<Subscription>().SingleOrDefaultAsync(row => row.OrganizationId == caller.OrganizationId, cancellationToken);
        if (row is null || row.Id != standing.SubscriptionId || row.Revision != standing.Revision)
        {
            return new PlanChangeResult.ChangedMeanwhile();
        }

        var before = PlanChanges.StateOf(row);
        if (quote.Kind is PlanChangeKind.End)
        {
            changes.End(row, now);
        }
        else
        {
            var later = quote.Kind is PlanChangeKind.Downgrade ? quote.Wish : null;
            row.CancelAtPeriodEnd = quote.Kind is PlanChangeKind.Cancel;
            (row.PendingPlanId, row.PendingInterval, row.PendingSeats) = (later?.Plan.Id, later?.Interval, later?.Seats);

            // A plan that was given has nothing to renew, only a change to make.
            row.RenewsAt = row.PaidUntil is not null ? row.RenewsAt : quote.Kind is PlanChangeKind.Keep ? null : standing.CycleEnd;
            row.Version++;
        }

        db.Record(caller, now, AuditActs.PlanChanged, row.Id, before, PlanChanges.StateOf(row));
        db.Add(changes.EventOf(row, quote.Kind.Text(), now));
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            return new PlanChangeResult.ChangedMeanwhile();
        }

        return await ChangedAsync(caller, cancellationToken);
    }

    private async Task<PlanChangeResult> ChangedAsync(Caller caller, CancellationToken cancellationToken)
    {
        var standing = await ReadAsync(caller.OrganizationId, cancellationToken);
        feed.Publish([caller.OrganizationId]);
        return new PlanChangeResult.Done(standing);
    }
}

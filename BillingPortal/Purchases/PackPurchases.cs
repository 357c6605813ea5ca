using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Store;
using BillingPortal.Subscriptions;

namespace BillingPortal.Purchases;

/// <summary>What became of the wish to buy a pack.</summary>
public abstract record PurchaseStart
{
    private PurchaseStart()
    {
    }

    /// <summary>There is a page on which to pay.</summary>
    /// <param name="CheckoutUrl">Absolute.</param>
    /// <param name="SessionId">The gateway's checkout session.</param>
    /// <param name="PaymentId">pay_…</param>
    /// <param name="IsRepeat">Whether the idempotency key had started it before.</param>
    /// <param name="IsOver">Whether that earlier one has ended: what it became is on its own page.</param>
    public sealed record Ready(string CheckoutUrl, string SessionId, string PaymentId, bool IsRepeat, bool IsOver) : PurchaseStart;

    /// <summary>The catalog has no such pack.</summary>
    public sealed record NoSuchPack : PurchaseStart;

    /// <summary>The organization's plan may not buy it.</summary>
    /// <param name="Required">The lowest plan that may.</param>
    public sealed record UpgradeRequired(Plan Required) : PurchaseStart;

    /// <summary>The billing cycle allows no more of this pack.</summary>
    /// <param name="NextAvailableAt">When one may be bought again: an unpaid checkout ends, or the next cycle starts.</param>
    public sealed record LimitReached(DateTimeOffset NextAvailableAt) : PurchaseStart;

    /// <summary>The idempotency key was used for another pack.</summary>
    public sealed record KeyReused : PurchaseStart;

    /// <summary>The payment provider did not answer. Nothing was charged; the same key goes on where this stopped.</summary>
    public sealed record GatewayDown : PurchaseStart;
}

/// <summary>A pack as it is offered to an organization now.</summary>
/// <param name="Pack">From the catalog.</param>
/// <param name="PlacesLeft">How many the billing cycle still allows; checkouts that are open count until they end.</param>
/// <param name="CycleEnd">When the count starts anew.</param>
/// <param name="RequiredPlan">The lowest plan that may buy it, if the organization's may not; else null.</param>
public sealed record PackOffer(CreditPack Pack, int PlacesLeft, DateTimeOffset CycleEnd, Plan? RequiredPlan)
{
    public bool IsOpen => RequiredPlan is null && PlacesLeft > 0;
}

/// <summary>Sells packs of credits and of API credits.</summary>
public sealed class PackPurchases(
    PriceCatalog catalog, PlanStandings standings, PaymentOrders orders, IBuyerNames buyers, TimeProvider clock)
{
    /// <summary>What transactions of bought packs of credits name as their source.</summary>
    public static string Source { get; } = PaymentKind.Pack.Text();

    /// <summary>Longest idempotency key.</summary>
    public const int MaxKeyLength = 200;

    /// <summary>Every pack, with what stands in its way.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>billing:read</c>.</exception>
    public async Task<IReadOnlyList<PackOffer>> GetOffersAsync(Caller caller, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        var standing = await standings.GetAsync(caller.OrganizationId, cancellationToken);
        var offers = new List<PackOffer>();
        foreach (var pack in catalog.Packs)
        {
            var counted = await orders.CountAsync(caller.OrganizationId, PaymentKind.Pack, pack.Id, standing.CycleStart, cancellationToken);
            offers.Add(new PackOffer(
                pack, Math.Max(0, pack.LimitPerCycle - counted), standing.CycleEnd, pack.IsOpenTo(standing.Plan) ? null : LowestPlanFor(pack)));
        }

        return offers;
    }

    /// <summary>Starts buying a pack of credits: a person of role billing, or a key with <c>billing:read</c>, for paying happens in a browser.</summary>
    /// <param name="caller">Who buys, for its organization.</param>
    /// <param name="packId">A pack of the catalog.</param>
    /// <param name="idempotencyKey">The same again is the same order; null: each call is an order of its own.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="AccessDeniedException">The caller may not spend money.</exception>
    public async Task<PurchaseStart> StartAsync(Caller caller, string packId, string? idempotencyKey, CancellationToken cancellationToken)
    {
        if (caller.Kind is CallerKind.ApiKey)
        {
            caller.DemandScope(Scopes.BillingRead);
        }
        else
        {
            caller.DemandRole(MemberRole.Billing);
        }

        if (catalog.FindPack(packId) is not { } pack)
        {
            return new PurchaseStart.NoSuchPack();
        }

        var standing = await standings.GetAsync(caller.OrganizationId, cancellationToken);
        if (!pack.IsOpenTo(standing.Plan))
        {
            return new PurchaseStart.UpgradeRequired(LowestPlanFor(pack));
        }

        var goods = new Goods(PaymentKind.Pack, pack.Id, pack.Name, pack.Price, Money.Zero, CreditTypes.Credits, pack.Credits, standing.CycleStart);
        return await OrderAsync(caller, goods, idempotencyKey, pack.LimitPerCycle, standing.CycleEnd, cancellationToken);
    }

    /// <summary>Starts buying a pack of API credits: a person of role billing; keys never. Any plan, any number.</summary>
    /// <param name="caller">Who buys, for its organization.</param>
    /// <param name="packKey">A pack of the catalog.</param>
    /// <param name="idempotencyKey">The same again is the same order; null: each call is an order of its own.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="AccessDeniedException">The caller may not spend money.</exception>
    public async Task<PurchaseStart> StartApiPackAsync(Caller caller, string packKey, string? idempotencyKey, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Billing);
        if (catalog.FindApiPack(packKey) is not { } pack)
        {
            return new PurchaseStart.NoSuchPack();
        }

        var standing = await standings.GetAsync(caller.OrganizationId, cancellationToken);
        var goods = new Goods(PaymentKind.ApiPack, pack.Key, pack.Name, pack.Price, pack.Fee, CreditTypes.ApiCredits, pack.Credits, null);
        return await OrderAsync(caller, goods, idempotencyKey, null, standing.CycleEnd, cancellationToken);
    }

    private async Task<PurchaseStart> OrderAsync(
        Caller caller, Goods goods, string? idempotencyKey, int? limit, DateTimeOffset cycleEnd, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        var payment = new Payment
        {
            Id = Ids.New("pay", now),
            OrganizationId = caller.OrganizationId,
            UserId = caller.UserId,
            Actor = caller.Actor,
            BuyerName = await buyers.NameOfAsync(caller.OrganizationId, cancellationToken),
            Kind = goods.Kind,
            Item = goods.Item,
            Description = goods.Name,
            AmountCents = goods.Price,
            FeeCents = goods.Fee,
            CreditType = goods.CreditType,
            CreditMicros = goods.Credits,
            CycleStart = goods.CycleStart,
            IdempotencyKey = idempotencyKey,
            CreatedAt = now,
            ExpiresAt = orders.NextExpiry,
        };
        return await orders.PlaceAsync(payment, limit, $"/buy?pack={goods.Item}&canceled=1", cancellationToken) switch
        {
            OrderResult.Ready ready => new PurchaseStart.Ready(
                ready.CheckoutUrl, ready.Payment.SessionId!, ready.Payment.Id, ready.IsRepeat, ready.Payment.State is not PaymentState.Pending),
            OrderResult.NoPlaceLeft full => new PurchaseStart.LimitReached(full.FreesAt is { } freesAt && freesAt < cycleEnd ? freesAt : cycleEnd),
            OrderResult.KeyReused => new PurchaseStart.KeyReused(),
            _ => new PurchaseStart.GatewayDown(),
        };
    }

    private Plan LowestPlanFor(CreditPack pack) => catalog.Plans.First(pack.IsOpenTo);

    private sealed record Goods(
        PaymentKind Kind, string Item, string Name, Money Price, Money Fee, string CreditType, Credits Credits, DateTimeOffset? CycleStart);
}

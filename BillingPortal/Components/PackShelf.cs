using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Purchases;
using BillingPortal.Subscriptions;

namespace BillingPortal.Components;

/// <summary>A pack as the page offers it.</summary>
/// <param name="Id">As orders name it.</param>
/// <param name="Name">What people read.</param>
/// <param name="Credits">What arrives.</param>
/// <param name="Price">What is charged.</param>
/// <param name="PricePerThousand">The price of 1,000 credits of it, rounded to the cent.</param>
/// <param name="Popular">Whether it is recommended.</param>
/// <param name="PlacesLeft">How many the cycle still allows.</param>
/// <param name="Limit">How many a cycle allows.</param>
/// <param name="IsLocked">Whether the plan or the viewer's role forbids it.</param>
/// <param name="OrderKey">Makes one order of however many clicks.</param>
public sealed record PackOnShelf(
    string Id, string Name, Credits Credits, Money Price, Money PricePerThousand, bool Popular, int PlacesLeft, int Limit, bool IsLocked, string OrderKey);

/// <summary>A pack of API credits as the page offers it.</summary>
/// <param name="Key">As orders name it.</param>
/// <param name="Name">What people read.</param>
/// <param name="Price">What is charged.</param>
/// <param name="Fee">What of it is the fee, to the cent.</param>
/// <param name="Credits">What arrives.</param>
/// <param name="OrderKey">Makes one order of however many clicks.</param>
public sealed record ApiPackOnShelf(string Key, string Name, Money Price, Money Fee, Credits Credits, string OrderKey);

/// <summary>A payment that is not over.</summary>
public sealed record OpenPayment(string Id, string Description, Money Amount, DateTimeOffset PlacedAt, bool IsAccepted, string? CheckoutUrl);

/// <summary>All that the page for buying shows.</summary>
public sealed record PackShelf(
    string PlanName,
    DateTimeOffset CycleEnd,
    PlanNeeded? RequiredPlan,
    bool MayBuy,
    IReadOnlyList<PackOnShelf> Packs,
    IReadOnlyList<ApiPackOnShelf> ApiPacks,
    decimal FeePercent,
    IReadOnlyList<OpenPayment> Open,
    string TopUpKey);

/// <summary>Puts the page for buying together from the services that know its parts.</summary>
public sealed class PackShelves(PackPurchases purchases, PaymentTracker payments, PlanStandings standings, PriceCatalog catalog)
{
    /// <param name="caller">Who looks.</param>
    /// <param name="previous">What was shown before, whose order keys go on: a second click on an open form is the same order.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<PackShelf> ReadAsync(Caller caller, PackShelf? previous, CancellationToken cancellationToken)
    {
        var standing = await standings.GetAsync(caller.OrganizationId, cancellationToken);
        var offers = await purchases.GetOffersAsync(caller, cancellationToken);
        var open = await payments.ListOpenAsync(caller, cancellationToken);
        var mayBuy = caller.Role >= MemberRole.Billing;
        var required = offers.Select(offer => offer.RequiredPlan).FirstOrDefault(plan => plan is not null);
        return new PackShelf(
            standing.Plan.Name,
            standing.CycleEnd,
            required is null ? null : new PlanNeeded(required.Id, required.Name, required.MonthlyPrice),
            mayBuy,
            [
                .. offers.Select(offer => new PackOnShelf(
                    offer.Pack.Id, offer.Pack.Name, offer.Pack.Credits, offer.Pack.Price,
                    offer.Pack.PricePerThousand,
                    offer.Pack.Popular, offer.PlacesLeft, offer.Pack.LimitPerCycle,
                    offer.RequiredPlan is not null || !mayBuy,
                    previous?.Packs.FirstOrDefault(pack => pack.Id == offer.Pack.Id)?.OrderKey ?? NewKey())),
            ],
            [
                .. catalog.ApiPacks.Select(pack => new ApiPackOnShelf(
                    pack.Key, pack.Name, pack.Price, pack.Fee, pack.Credits,
                    previous?.ApiPacks.FirstOrDefault(shown => shown.Key == pack.Key)?.OrderKey ?? NewKey())),
            ],
            catalog.FeePercent,
            [.. open.Select(payment => new OpenPayment(payment.Id, payment.Description, payment.Amount, payment.PlacedAt, payment.AcceptedAt is not null, payment.CheckoutUrl))],
            previous?.TopUpKey ?? NewKey());
    }

    private static string NewKey() => Guid.NewGuid().ToString("N");
}

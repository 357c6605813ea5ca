using System.ComponentModel.DataAnnotations;
using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Payments;
using BillingPortal.Purchases;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BillingPortal.Api;

/// <summary>Buying credit packs: over the API (contract, surface 000), and by the Buy page's form, which needs no scripts.</summary>
internal static class PurchaseEndpoints
{
    public static IEndpointRouteBuilder MapPurchases(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/credits/purchase", PurchaseAsync)
            .WithTags("Credit packs").WithSummary("Starts buying a credit pack and gives the address to pay at")
            .Accepts<PurchaseRequest>("application/json").Produces<PurchaseAnswer>()
            .RequireCaller();
        routes.MapPost("/billing/checkout", CheckOutAsync).RequireCaller().ExcludeFromDescription();
        return routes;
    }

    private static async Task<IResult> PurchaseAsync(HttpContext http, PriceCatalog catalog, PackPurchases purchases, CancellationToken cancellationToken)
    {
        var request = await http.ReadBodyAsync<PurchaseRequest>(cancellationToken);
        var key = http.IdempotencyKey();
        switch (await purchases.StartAsync(http.Caller(), request.Pack, key is null ? null : $"api:{key}", cancellationToken))
        {
            case PurchaseStart.Ready ready:
                var pack = catalog.FindPack(request.Pack)!;
                return TypedResults.Ok(new PurchaseAnswer(
                    ready.CheckoutUrl, ready.PaymentId, new PackAnswer(pack.Id, pack.Name, pack.Credits.ToDecimal(), pack.Price.ToString())));
            case var refused:
                throw PurchaseRefusal.Of(refused, new ApiException(
                    StatusCodes.Status400BadRequest, "INVALID_PACK", $"There is no such pack. Choose one of {string.Join(", ", catalog.Packs.Select(pack => pack.Id))}.", "pack"));
        }
    }

    private static async Task<IResult> CheckOutAsync(
        HttpContext http, IAntiforgery antiforgery, PackPurchases purchases, CancellationToken cancellationToken)
    {
        if (!http.Request.HasFormContentType || !await antiforgery.IsRequestValidAsync(http))
        {
            return TypedResults.BadRequest();
        }

        var form = await http.Request.ReadFormAsync(cancellationToken);
        var (pack, key) = (form["pack"].ToString(), form["idempotencyKey"].ToString());
        if (key.Length is 0 or > PackPurchases.MaxKeyLength)
        {
            return BackToBuy(pack, "form_incomplete");
        }

        try
        {
            return await purchases.StartAsync(http.Caller(), pack, $"page:{key}", cancellationToken) switch
            {
                PurchaseStart.Ready { IsOver: true } over => TypedResults.LocalRedirect(PaymentOrders.PathOf(over.PaymentId)),
                PurchaseStart.Ready ready => TypedResults.Redirect(ready.CheckoutUrl),
                PurchaseStart.NoSuchPack => BackToBuy(pack, "unknown_pack"),
                PurchaseStart.UpgradeRequired => BackToBuy(pack, "upgrade_required"),
                PurchaseStart.LimitReached => BackToBuy(pack, "limit_reached"),
                PurchaseStart.KeyReused => BackToBuy(pack, "form_used"),
                _ => BackToBuy(pack, "provider_down"),
            };
        }
        catch (AccessDeniedException)
        {
            return BackToBuy(pack, "not_allowed");
        }
    }

    private static RedirectHttpResult BackToBuy(string pack, string problem) => TypedResults.LocalRedirect($"/buy?pack={Uri.EscapeDataString(pack)}&problem={problem}");

    internal sealed record PurchaseRequest([property: StringLength(100)] string Pack);

    internal sealed record PurchaseAnswer(string Url, string PaymentId, PackAnswer Pack);

    internal sealed record PackAnswer(string Id, string Name, decimal Credits, string Price);
}

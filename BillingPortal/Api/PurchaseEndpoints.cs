using System.ComponentModel.DataAnnotations;
using System.Globalization;
using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Purchases;
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
        routes.MapPost("/billing/checkout", CheckOutAsync).RequireCaller().RequireGenuineForm().ExcludeFromDescription();
        routes.MapPost("/billing/topup", TopUpAsync).RequireCaller().RequireGenuineForm().ExcludeFromDescription();
        routes.MapPost("/billing/payments/{paymentId}/pay", PayAsync).RequireCaller().RequireGenuineForm().ExcludeFromDescription();
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
        HttpContext http, PackPurchases purchases, CancellationToken cancellationToken)
    {
        var form = await http.Request.ReadFormAsync(cancellationToken);
        var (apiPack, key) = (form["apiPack"].ToString(), form["idempotencyKey"].ToString());
        var isApi = apiPack.Length > 0;
        var pack = isApi ? apiPack : form["pack"].ToString();
        if (key.Length is 0 or > PackPurchases.MaxKeyLength)
        {
            return BackToBuy(pack, "form_incomplete");
        }

        try
        {
            var start = isApi
                ? await purchases.StartApiPackAsync(http.Caller(), pack, $"page:{key}", cancellationToken)
                : await purchases.StartAsync(http.Caller(), pack, $"page:{key}", cancellationToken);
            return start switch
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

    private static async Task<IResult> TopUpAsync(HttpContext http, TopUps topUps, CancellationToken cancellationToken)
    {
        var form = await http.Request.ReadFormAsync(cancellationToken);
        var (text, key) = (form["amount"].ToString(), form["idempotencyKey"].ToString());
        if (key.Length is 0 or > PackPurchases.MaxKeyLength)
        {
            return BackToTopUp(text, "form_incomplete");
        }

        if (!decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var dollars) || !Money.TryFromDecimal(dollars, out var amount))
        {
            return BackToTopUp(text, "amount");
        }

        try
        {
            return await topUps.StartAsync(http.Caller(), amount, form["keepCard"] == "true", $"page:{key}", cancellationToken) switch
            {
                TopUpStart.Ready { IsOver: true } over => TypedResults.LocalRedirect(PaymentOrders.PathOf(over.PaymentId)),
                TopUpStart.Ready ready => TypedResults.Redirect(ready.Url),
                TopUpStart.AmountOutOfRange => BackToTopUp(text, "amount"),
                TopUpStart.KeyReused => BackToTopUp(text, "form_used"),
                _ => BackToTopUp(text, "provider_down"),
            };
        }
        catch (AccessDeniedException)
        {
            return BackToTopUp(text, "not_allowed");
        }
    }

    // From the page of a payment: to the gateway's page of one that is open, or of a new one for a reload that failed.
    private static async Task<IResult> PayAsync(
        string paymentId, HttpContext http, PaymentOrders orders, TopUps topUps, CancellationToken cancellationToken)
    {
        var page = PaymentOrders.PathOf(Uri.EscapeDataString(paymentId));
        try
        {
            if (await topUps.FinishReloadAsync(http.Caller(), paymentId, cancellationToken) is { } finish)
            {
                return finish is TopUpStart.Ready ready ? TypedResults.Redirect(ready.Url) : TypedResults.LocalRedirect($"{page}?problem=provider_down");
            }

            return await orders.OpenPageAsync(http.Caller(), paymentId, page, cancellationToken) switch
            {
                OrderResult.Ready ready => TypedResults.Redirect(ready.CheckoutUrl),
                OrderResult.GatewayDown => TypedResults.LocalRedirect($"{page}?problem=provider_down"),
                _ => TypedResults.LocalRedirect(page),
            };
        }
        catch (AccessDeniedException)
        {
            return TypedResults.LocalRedirect($"{page}?problem=not_allowed");
        }
    }

    private static RedirectHttpResult BackToTopUp(string amount, string problem) =>
        TypedResults.LocalRedirect($"/buy?amount={Uri.EscapeDataString(amount.Length > 20 ? "" : amount)}&problem={problem}");

    private static RedirectHttpResult BackToBuy(string pack, string problem) => TypedResults.LocalRedirect($"/buy?pack={Uri.EscapeDataString(pack)}&problem={problem}");

    internal sealed record PurchaseRequest([property: StringLength(100)] string Pack);

    internal sealed record PurchaseAnswer(string Url, string PaymentId, PackAnswer Pack);

    internal sealed record PackAnswer(string Id, string Name, decimal Credits, string Price);
}

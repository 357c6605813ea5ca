using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json.Serialization;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Purchases;

namespace BillingPortal.Api;

/// <summary>API credits, for signed-in users; the packs for everybody. Source: contract, "004 · API credits".</summary>
internal static class ApiCreditEndpoints
{
    public static IEndpointRouteBuilder MapApiCredits(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1").WithTags("API credits");
        group.MapGet("/api-credits", GetAsync).RequireCaller().WithSummary("API credits: balance, ever bought, ever used").Produces<ApiCreditAnswer>();
        group.MapGet("/billing/packs", GetPacks).AllowAnonymous().WithSummary("The packs of API credits, with the fee shown").Produces<PackList>();
        group.MapPost("/billing/checkout", CheckOutAsync).RequireCaller()
            .WithSummary("Starts buying API credits and gives the address to pay at").Accepts<CheckoutRequest>("application/json").Produces<CheckoutAnswer>();
        group.MapGet("/billing/history", GetHistoryAsync).RequireCaller().WithSummary("What was bought, newest first").Produces<PurchaseList>();
        return routes;
    }

    private static async Task<ApiCreditAnswer> GetAsync(HttpContext http, ApiCreditStatements statements, CancellationToken cancellationToken)
    {
        var statement = await statements.GetAsync(http.Caller(), cancellationToken);
        return new ApiCreditAnswer(statement.Balance, statement.Purchased, statement.Consumed);
    }

    private static PackList GetPacks(PriceCatalog catalog)
    {
        var note = string.Create(CultureInfo.InvariantCulture, $"{catalog.FeePercent:0.##}% fee applied");
        return new PackList([.. catalog.ApiPacks.Select(pack => new PackAnswer(
            pack.Key, pack.Name, pack.Price.ToString(), $"~{pack.Credits}", note, pack.Credits, pack.Fee.ToString()))]);
    }

    private static async Task<CheckoutAnswer> CheckOutAsync(HttpContext http, PriceCatalog catalog, PackPurchases purchases, CancellationToken cancellationToken)
    {
        var request = await http.ReadBodyAsync<CheckoutRequest>(cancellationToken);
        return await purchases.StartApiPackAsync(http.Caller(), request.Pack, OrderKey(http), cancellationToken) switch
        {
            PurchaseStart.Ready ready => new CheckoutAnswer(ready.CheckoutUrl),
            var refused => throw PurchaseRefusal.Of(refused, new ApiException(
                StatusCodes.Status400BadRequest, "INVALID_PACK", $"There is no such pack. Choose one of {string.Join(", ", catalog.ApiPacks.Select(pack => pack.Key))}.", "pack")),
        };
    }

    private static string? OrderKey(HttpContext http) => http.IdempotencyKey() is { } key ? $"api-credits:{key}" : null;

    private static async Task<PurchaseList> GetHistoryAsync(HttpContext http, ApiCreditPurchases purchases, CancellationToken cancellationToken)
    {
        var before = http.QueryText("before") is not { } text ? (long?)null
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value
            : throw ApiException.Invalid("before", "before must be the next_before of an earlier answer.");
        var page = await purchases.ListAsync(http.Caller(), before, http.QueryInt("limit", 50, 1, ApiCreditPurchases.LargestPage), cancellationToken);
        return new PurchaseList(
            [
                .. page.Purchases.Select(purchase => new PurchaseAnswer(
                    purchase.TransactionId, purchase.Amount, purchase.BalanceAfter, purchase.GatewayPaymentId, purchase.CreatedAt)),
            ],
            page.NextBefore);
    }

    internal sealed record ApiCreditAnswer(
        Credits Balance,
        [property: JsonPropertyName("total_purchased")] Credits TotalPurchased,
        [property: JsonPropertyName("total_consumed")] Credits TotalConsumed);

    internal sealed record PackList(IReadOnlyList<PackAnswer> Data);

    internal sealed record PackAnswer(
        string Key,
        string Name,
        string Price,
        [property: JsonPropertyName("credits_after_fee")] string CreditsAfterFee,
        string Note,
        Credits Credits,
        string Fee);

    internal sealed record CheckoutRequest([property: StringLength(100)] string Pack);

    internal sealed record CheckoutAnswer(string Url);

    internal sealed record PurchaseList(IReadOnlyList<PurchaseAnswer> Data, [property: JsonPropertyName("next_before")] long? NextBefore);

    internal sealed record PurchaseAnswer(
        string Id,
        Credits Amount,
        [property: JsonPropertyName("balance_after")] Credits BalanceAfter,
        [property: JsonPropertyName("stripe_payment_id")] string? StripePaymentId,
        [property: JsonPropertyName("created_at")] DateTimeOffset CreatedAt);
}

using System.ComponentModel.DataAnnotations;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Purchases;
using BillingPortal.Subscriptions;

namespace BillingPortal.Api;

/// <summary>Organization credits. Source: contract, "003 · Organization credits".</summary>
internal static class CreditEndpoints
{
    private const string SystemSetting = "SUBSCRIPTION_SYSTEM";
    private const string CreditSystem = "credits";

    public static IEndpointRouteBuilder MapCredits(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/credits").WithTags("Organization credits").AddEndpointFilter(DemandCreditSystem);
        group.MapGet("/balance", GetBalanceAsync).RequireCaller().WithSummary("Balance, and what today has used of it").Produces<Envelope<BalanceAnswer>>();
        group.MapGet("/transactions", CreditHistory.GetTransactionsAsync).RequireCaller().WithSummary("Transactions, newest first, by pages").Produces<CreditHistory.TransactionPageAnswer>();
        group.MapGet("/stats/monthly", CreditHistory.GetMonthsAsync).RequireCaller().WithSummary("What each of the last months brought and took").Produces<CreditHistory.MonthsAnswer>();
        group.MapGet("/packs", GetPacks).AllowAnonymous().WithSummary("The packs that are sold").Produces<Envelope<IReadOnlyList<PackAnswer>>>();
        group.MapGet("/rates", GetRates).AllowAnonymous().WithSummary("What storage and AI tokens cost").Produces<Envelope<IReadOnlyList<ListedRate>>>();
        group.MapPost("/packs/buy", BuyAsync).RequireCaller()
            .WithSummary("Starts buying a pack and gives the address to pay at").Accepts<BuyRequest>("application/json").Produces<BuyAnswer>();
        return routes;
    }

    private static Envelope<IReadOnlyList<PackAnswer>> GetPacks(PriceCatalog catalog) =>
        new([.. catalog.Packs.Select(pack => new PackAnswer(pack.Id, pack.Name, pack.Code, pack.Credits, pack.Price.ToDecimal()))]);

    private static Envelope<IReadOnlyList<ListedRate>> GetRates(PriceCatalog catalog) => new(catalog.ListedRates);

    private static async Task<BuyAnswer> BuyAsync(HttpContext http, PackPurchases purchases, CancellationToken cancellationToken)
    {
        var request = await http.ReadBodyAsync<BuyRequest>(cancellationToken);
        return await purchases.StartAsync(http.Caller(), request.PackId, OrderKey(http), cancellationToken) switch
        {
            PurchaseStart.Ready ready => new BuyAnswer(ready.CheckoutUrl, ready.SessionId),
            var refused => throw PurchaseRefusal.Of(
                refused, new ApiException(StatusCodes.Status404NotFound, "PACK_NOT_FOUND", "There is no such pack.", "packId")),
        };
    }

    private static async Task<Envelope<BalanceAnswer>> GetBalanceAsync(
        HttpContext http, CurrentWallets wallets, UsageReports reports, CancellationToken cancellationToken)
    {
        var caller = http.Caller();
        var balance = (await wallets.GetBalanceAsync(caller, CreditTypes.Credits, cancellationToken)).Balance;
        var consumed = await reports.GetTodaysConsumptionAsync(caller, CreditTypes.Credits, cancellationToken);
        return new(new BalanceAnswer(
            balance + consumed.Total,
            consumed.Since,
            balance,
            consumed.Total,
            new ConsumptionBreakdown(
                consumed.ByCategory[UsageCategories.Storage],
                consumed.ByCategory[UsageCategories.Ai],
                consumed.ByCategory[UsageCategories.Operations],
                consumed.ByCategory[UsageCategories.Voice])));
    }

    private static string? OrderKey(HttpContext http) => http.IdempotencyKey() is { } key ? $"credits:{key}" : null;

    private static ValueTask<object?> DemandCreditSystem(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var system = context.HttpContext.RequestServices.GetRequiredService<IConfiguration>()[SystemSetting];
        return system is null or CreditSystem
            ? next(context)
            : throw new ApiException(StatusCodes.Status400BadRequest, "CREDITS_NOT_ENABLED", "This installation does not use the credit system.");
    }

    internal sealed record PackAnswer(string Id, string Name, string Code, Credits Credits, decimal Price);

    internal sealed record BuyRequest([property: StringLength(100)] string PackId);

    internal sealed record BuyAnswer(string CheckoutUrl, string SessionId)
    {
        public bool Success { get; } = true;
    }

    internal sealed record BalanceAnswer(
        Credits CreditBalance, DateTimeOffset DateBalance, Credits RealtimeBalance, Credits PendingConsumption, ConsumptionBreakdown Breakdown);

    internal sealed record ConsumptionBreakdown(Credits Storage, Credits Ai, Credits Operations, Credits Voice);
}

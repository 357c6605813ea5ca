using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;
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
        return routes;
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

    private static ValueTask<object?> DemandCreditSystem(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var system = context.HttpContext.RequestServices.GetRequiredService<IConfiguration>()[SystemSetting];
        return system is null or CreditSystem
            ? next(context)
            : throw new ApiException(StatusCodes.Status400BadRequest, "CREDITS_NOT_ENABLED", "This installation does not use the credit system.");
    }

    internal sealed record BalanceAnswer(
        Credits CreditBalance, DateTimeOffset DateBalance, Credits RealtimeBalance, Credits PendingConsumption, ConsumptionBreakdown Breakdown);

    internal sealed record ConsumptionBreakdown(Credits Storage, Credits Ai, Credits Operations, Credits Voice);
}

using BillingPortal.Accounts;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Subscriptions;

namespace BillingPortal.Api;

/// <summary>Plans, and credit given by hand. Source: contract, "002 · Wallet, metering, plans, invoices".</summary>
internal static class BillingAccountEndpoints
{
    public static IEndpointRouteBuilder MapBillingAccount(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/billing").WithTags("Billing").RequireCaller();
        group.MapGet("/plans", GetPlans).WithSummary("The plans that are sold").Produces<Envelope<IReadOnlyList<PlanAnswer>>>();
        group.MapPost("/wallet/credit", CreditAsync)
            .WithSummary("Gives credit by hand; for platform administrators and their keys")
            .Accepts<CreditRequest>("application/json").Produces<Envelope<CreditAnswer>>();
        return routes;
    }

    private static Envelope<IReadOnlyList<PlanAnswer>> GetPlans(HttpContext http, PlanList plans) => new(
    [
        .. plans.Get(http.Caller()).Select(PlanAnswer.Of),
    ]);

    private static async Task<IResult> CreditAsync(HttpContext http, ManualCredits credits, CancellationToken cancellationToken)
    {
        var request = await http.ReadBodyAsync<CreditRequest>(cancellationToken);
        var wish = new ManualCredit(AmountOf(request), request.OrganizationId, request.Note, request.Reference);
        var receipt = http.Receipt<ManualCreditResult.Given>(given => new Envelope<CreditAnswer>(new CreditAnswer(given.TransactionId, given.Balance)));
        return await credits.GiveAsync(http.Caller(), wish, receipt, cancellationToken) switch
        {
            ManualCreditResult.Given given => receipt.Answer(given),
            ManualCreditResult.Invalid invalid => throw ApiException.Invalid(
                invalid.Field == "credits" && request.Credits is null ? "amountUsd" : invalid.Field, invalid.Message),
            ManualCreditResult.NoSuchOrganization => throw ApiException.NotFound("There is no such organization."),
            _ => throw new ApiException(
                StatusCodes.Status422UnprocessableEntity, "REFERENCE_REUSED", "This reference was used for another amount. Nothing was given.", "reference"),
        };
    }

    private static Credits AmountOf(CreditRequest request)
    {
        if (request.AmountUsd is null == request.Credits is null)
        {
            throw ApiException.Invalid(request.Credits is null ? "amountUsd" : "credits", "Give either amountUsd or credits.");
        }

        if (request.Credits is { } credits)
        {
            return Credits.TryFromDecimal(credits, out var amount) ? amount : throw ApiException.Invalid("credits", "credits has at most six decimals.");
        }

        return Money.TryFromDecimal(request.AmountUsd!.Value, out var dollars)
            ? CreditValue.Of(dollars)
            : throw ApiException.Invalid("amountUsd", "amountUsd is an amount of dollars with at most two decimals.");
    }

    internal sealed record PlanAnswer(
        string Id, string Name, decimal MonthlyPriceUsd, decimal YearlyPriceUsd, int IncludedMinutes, Credits? OverageRate, Credits MonthlyCredits,
        int DailyFlows, bool PerSeat, bool ApiAccess, Credits OneTimeCredits, bool PackPurchase)
    {
        public static PlanAnswer Of(Plan plan) => new(
            plan.Id, plan.Name, plan.MonthlyPrice.ToDecimal(), plan.YearlyPrice.ToDecimal(), plan.IncludedMinutes, plan.OverageRate, plan.MonthlyCredits,
            plan.DailyFlows, plan.PerSeat, plan.ApiAccess, plan.OneTimeCredits, plan.PackPurchase);
    }

    internal sealed record CreditRequest(
        decimal? AmountUsd = null, decimal? Credits = null, string? OrganizationId = null, string? Note = null, string? Reference = null);

    internal sealed record CreditAnswer(string TransactionId, Credits BalanceCredits);
}

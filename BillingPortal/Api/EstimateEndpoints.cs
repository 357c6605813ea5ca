using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;

namespace BillingPortal.Api;

/// <summary>What usage would cost: <c>/api/v1/estimate</c>, for everybody. Source: contract, "The portal's own".</summary>
internal static class EstimateEndpoints
{
    private const int MostFlows = 1_000_000;

    public static IEndpointRouteBuilder MapEstimate(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/estimate", Get).AllowAnonymous()
            .WithTags("Usage").WithSummary("What a month's usage costs, by operation: ?image_to_html=50&voice=300, and what would pay for it")
            .Produces<EstimateAnswer>();
        return routes;
    }

    private static EstimateAnswer Get(HttpContext http, Estimator estimator, PriceCatalog catalog)
    {
        var estimate = estimator.Of(WishOf(http), out var fault)
            ?? throw new ApiException(StatusCodes.Status400BadRequest, fault!.Code, $"{fault.Field}: {fault.Message}", fault.Field);
        return EstimateAnswer.Of(estimate, catalog);
    }

    private static EstimateWish WishOf(HttpContext http)
    {
        var (input, output) = (QuantityOf(http, "inputTokens"), QuantityOf(http, "outputTokens"));
        string[] others = ["model", "inputTokens", "outputTokens", "flowsPerDay", "plan"];
        return new EstimateWish
        {
            Usage = [.. http.Request.Query.Keys.Except(others).Select(name => (name, QuantityOf(http, name)))],
            Tokens = http.QueryText("model") is { } model ? [new TokenWish("inputTokens", model, input, output)] : [],
            FlowsPerDay = http.QueryText("flowsPerDay") is null ? null : http.QueryInt("flowsPerDay", 0, 0, MostFlows),
            PlanId = http.QueryText("plan"),
        };
    }

    private static Quantity QuantityOf(HttpContext http, string name) => http.QueryText(name) is not { } text
        ? Quantity.Zero
        : Quantity.TryParse(text, out var quantity) ? quantity : throw ApiException.Invalid(name, $"{name} must be a number of zero or more with at most six decimals.");

    internal sealed record EstimateAnswer(
        IReadOnlyList<ItemAnswer> Items,
        Credits TotalCredits,
        string? RecommendedPack,
        IReadOnlyList<PackAnswer> Packs,
        MixAnswer? Cheapest,
        PlanAnswer? Plan,
        ApiCreditAnswer ApiCredits,
        string? FlowsPlan)
    {
        public static EstimateAnswer Of(Estimate estimate, PriceCatalog catalog) => new(
            [
                .. estimate.Lines.Select(line => new ItemAnswer(
                    line.Id, line.Rate.Id, line.Rate.Label, line.Quantity.ToDecimal(), line.Rate.Unit, line.UnitRate, line.Rate.PricedUnit, line.Credits, line.Rate.CreditType)),
            ],
            estimate.Total,
            estimate.Pack?.Id,
            [.. catalog.Packs.Select(pack => new PackAnswer(pack.Id, estimate.IsCoveredBy(pack)))],
            estimate.Cheapest is { } mix ? MixAnswer.Of(mix, estimate.Total) : null,
            estimate.CheapestPlan is { } option
                ? new PlanAnswer(
                    option.Plan.Id, option.Plan.MonthlyPrice.ToDecimal(), option.Credits, option.Plan.MonthlyCredits,
                    MixAnswer.Of(option.Packs, Credits.Max(Credits.Zero, option.Credits - option.Plan.MonthlyCredits)), option.Price.ToDecimal(), estimate.IsPlanCheaper)
                : null,
            new ApiCreditAnswer(estimate.ApiTotal, estimate.ApiPack?.Key),
            estimate.FlowsPlan?.Id);
    }

    internal sealed record ItemAnswer(
        string Id, string Operation, string Label, decimal Quantity, string Unit, Credits Rate, string PricedUnit, Credits Credits, string CreditType);

    internal sealed record PackAnswer(string Id, bool Covers);

    /// <param name="Packs">Which, and how many of each.</param>
    /// <param name="Credits">Together.</param>
    /// <param name="PriceUsd">Together.</param>
    /// <param name="Leftover">Credits beyond what is needed.</param>
    internal sealed record MixAnswer(IReadOnlyList<CountAnswer> Packs, Credits Credits, decimal PriceUsd, Credits Leftover)
    {
        public static MixAnswer Of(PackMix mix, Credits needed) =>
            new([.. mix.Packs.Select(one => new CountAnswer(one.Pack.Id, one.Count))], mix.Credits, mix.Price.ToDecimal(), mix.Credits - needed);
    }

    internal sealed record CountAnswer(string Id, int Count);

    /// <param name="Id">The plan.</param>
    /// <param name="MonthlyPriceUsd">Its own price.</param>
    /// <param name="Credits">What the usage costs on it.</param>
    /// <param name="MonthlyCredits">What it grants.</param>
    /// <param name="Packs">For the rest.</param>
    /// <param name="TotalUsd">Plan and packs.</param>
    /// <param name="Cheaper">Whether that is less than packs alone.</param>
    internal sealed record PlanAnswer(string Id, decimal MonthlyPriceUsd, Credits Credits, Credits MonthlyCredits, MixAnswer Packs, decimal TotalUsd, bool Cheaper);

    internal sealed record ApiCreditAnswer(Credits TotalCredits, string? RecommendedPack);
}

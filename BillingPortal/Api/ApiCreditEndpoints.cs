using System.Text.Json.Serialization;
using BillingPortal.Ledger;
using BillingPortal.Metering;

namespace BillingPortal.Api;

/// <summary>API credits, for signed-in users. Source: contract, "004 · API credits".</summary>
internal static class ApiCreditEndpoints
{
    public static IEndpointRouteBuilder MapApiCredits(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1").WithTags("API credits").RequireCaller();
        group.MapGet("/api-credits", GetAsync).WithSummary("API credits: balance, ever bought, ever used").Produces<ApiCreditAnswer>();
        return routes;
    }

    private static async Task<ApiCreditAnswer> GetAsync(HttpContext http, ApiCreditStatements statements, CancellationToken cancellationToken)
    {
        var statement = await statements.GetAsync(http.Caller(), cancellationToken);
        return new ApiCreditAnswer(statement.Balance, statement.Purchased, statement.Consumed);
    }

    internal sealed record ApiCreditAnswer(
        Credits Balance,
        [property: JsonPropertyName("total_purchased")] Credits TotalPurchased,
        [property: JsonPropertyName("total_consumed")] Credits TotalConsumed);
}

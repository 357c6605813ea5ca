using BillingPortal.Accounts;

namespace BillingPortal.Components;

/// <summary>The figures of the usage page's heat map and plan pace as files, for the same period, credit and time zone as on the page.</summary>
internal static class UsageExport
{
    public const string HoursPath = "/usage/hours.csv";

    public const string PacePath = "/usage/pace.csv";

    private static readonly string[] HoursHeader = ["weekday", "hour", "credits_on_average"];

    private static readonly string[] PaceHeader = ["cycle_start", "cycle_end", "as_of", "used", "even_pace_by_now", "plan_credits", "used_percent", "elapsed_percent"];

    public static void MapUsageExport(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(HoursPath, HoursAsync).RequireAuthorization().ExcludeFromDescription();
        routes.MapGet(PacePath, PaceAsync).RequireAuthorization().ExcludeFromDescription();
    }

    private static async Task<IResult> HoursAsync(HttpContext http, Callers callers, Viewer viewer, UsageOverviews overviews, CancellationToken cancellationToken)
    {
        if (await callers.FromAsync(http.User, cancellationToken) is not { } caller)
        {
            return Results.Unauthorized();
        }

        viewer.Read(http);
        var heat = await overviews.ReadHeatAsync(caller, UsageChoice.Read(http.Request.Query), viewer, cancellationToken);
        var rows = heat.Hours.SelectMany((hours, day) => hours.Select((credits, hour) => new object?[] { UsageHeat.NameOf(day), UsageHeat.Clock(hour), decimal.Round(credits, 6) }));
        return Csv.Download("usage-hours.csv", HoursHeader, rows.ToAsyncEnumerable(), row => row, cancellationToken);
    }

    private static async Task<IResult> PaceAsync(HttpContext http, Callers callers, UsageOverviews overviews, CancellationToken cancellationToken)
    {
        if (await callers.FromAsync(http.User, cancellationToken) is not { } caller)
        {
            return Results.Unauthorized();
        }

        PlanPace?[] rows = [await overviews.ReadPaceAsync(caller, cancellationToken)];
        return Csv.Download(
            "plan-pace.csv", PaceHeader, rows.OfType<PlanPace>().ToAsyncEnumerable(),
            pace =>
            [
                pace.Start, pace.End, pace.Now, pace.Used.ToDecimal(), pace.Expected.ToDecimal(), pace.Allowance.ToDecimal(), (decimal)pace.UsedPercent, (decimal)pace.ElapsedPercent,
            ],
            cancellationToken);
    }
}

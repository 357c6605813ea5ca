using System.Globalization;
using BillingPortal.Access;
using BillingPortal.Catalog;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Pages;

public sealed partial class UsagePage
{
    private (UsageChoice Choice, string? After)? shown;

    [Inject]
    private UsageOverviews Overviews { get; set; } = null!;

    [Inject]
    private Viewer Viewer { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "period")]
    private string? Period { get; set; }

    [SupplyParameterFromQuery(Name = "by")]
    private string? Grouping { get; set; }

    [SupplyParameterFromQuery(Name = "credits")]
    private string? CreditType { get; set; }

    [SupplyParameterFromQuery(Name = "view")]
    private string? Form { get; set; }

    [SupplyParameterFromQuery(Name = "after")]
    private string? After { get; set; }

    [SupplyParameterFromQuery(Name = "day")]
    private string? Day { get; set; }

    private UsageChoice Choice => UsageChoice.Read(Period, Grouping, CreditType, Form, Day);

    private string ChartTitle => $"{CreditTypes.NameOf(Choice.CreditType)} by {(Choice.Period is UsagePeriod.Day ? "hour" : "day")}";

    private string CsvHref => "/api/v1/billing/usage/items.csv" + QueryString.Create(new Dictionary<string, string?>
    {
        ["from"] = Instant(View!.From),
        ["to"] = Instant(View.To),
    });

    private string FirstCall =>
        $$"""
        curl {{NavigationManager.BaseUri}}api/v1/usage/events \
          -H "Authorization: Bearer YOUR_KEY" \
          -H "Content-Type: application/json" \
          -d '{"id":"my-first-event","operation":"figma_export"}'
        """;

    protected override async Task OnParametersSetAsync()
    {
        var asked = (Choice, After);
        var moved = shown is not null && shown != asked;
        shown = asked;
        if (moved)
        {
            await ReloadAsync();
        }
    }

    protected override Task<UsageOverview> ReadAsync(Caller caller, CancellationToken cancellationToken) =>
        Overviews.ReadAsync(caller, Choice, After, Viewer, cancellationToken);

    private static string Quantity(UsageLine line) =>
        $"{line.Quantity.ToString("#,0.######", CultureInfo.InvariantCulture)} {line.Unit}{(line.Quantity is 1 || line.Unit is "GB" ? "" : "s")}";

    private static string Instant(DateTimeOffset instant) => instant.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
}

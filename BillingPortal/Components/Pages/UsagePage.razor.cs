using System.Globalization;
using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Catalog;
using BillingPortal.Metering;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Pages;

public sealed partial class UsagePage
{
    private (UsageChoice Choice, string? After)? shown;
    private bool isPaused;
    private UnusualKey? pausing;

    [Inject]
    private UsageOverviews Overviews { get; set; } = null!;

    [Inject]
    private ApiKeys Keys { get; set; } = null!;

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

    [SupplyParameterFromQuery(Name = "from")]
    private string? From { get; set; }

    [SupplyParameterFromQuery(Name = "to")]
    private string? To { get; set; }

    [SupplyParameterFromQuery(Name = "chart")]
    private string? Chart { get; set; }

    // Hours have no sums kept, so they are counted when they are asked for, not along with every event.
    protected override bool IsLive => !isPaused && !Choice.ByWeek;

    private UsageChoice Choice => UsageChoice.Read(Period, Grouping, CreditType, Form, Day, From, To, Chart);

    private string? RangeFault => UsageChoice.RangeFault(From, To);

    private string ChartTitle => $"{CreditTypes.NameOf(Choice.CreditType)} by {(Choice.Period is UsagePeriod.Day ? "hour" : "day")}";

    private string ChartHref => (Choice with { AsTable = false }).Address();

    private string TableHref => (Choice with { AsTable = true }).Address();

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

    private async Task FollowAsync()
    {
        isPaused = !isPaused;
        if (!isPaused)
        {
            await ReloadAsync();
        }
    }

    private async Task PauseKeyAsync()
    {
        if (pausing is { } key && await FindCallerAsync() is { } caller)
        {
            await Keys.PauseAsync(caller, key.Id, Gone);
            pausing = null;
            await ReloadAsync();
        }
    }

    private static string Describe(UnusualDay day) =>
        $"It took {Display.Amount(day.Used)}; the most of any {day.Day.DayOfWeek} in the {UsageSpike.Weeks} weeks before was {Display.Amount(day.Highest)}. "
        + $"Mostly {day.Operation}{(day.Key is { } key ? $", from key {key.Name}{(key.IsPaused ? ", which is paused now" : "")}" : "")}.";

    private static string Quantity(UsageLine line) =>
        $"{line.Quantity.ToString("#,0.######", CultureInfo.InvariantCulture)} {line.Unit}{(line.Quantity is 1 || line.Unit is "GB" ? "" : "s")}";

    private static string Instant(DateTimeOffset instant) => instant.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
}

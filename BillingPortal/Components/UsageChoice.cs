using BillingPortal.Catalog;
using BillingPortal.Metering;

namespace BillingPortal.Components;

/// <summary>How far back a usage page looks.</summary>
public enum UsagePeriod
{
    /// <summary>24 hours, by hour.</summary>
    Day,

    /// <summary>7 days.</summary>
    Week,

    /// <summary>30 days.</summary>
    Month,

    /// <summary>Since the billing cycle began.</summary>
    Cycle,

    /// <summary>From one day to another.</summary>
    Custom,
}

/// <summary>What a usage page shows, as the address says it; what an address gets wrong is ignored.</summary>
/// <param name="Period">How far back.</param>
/// <param name="Grouping">What is told apart.</param>
/// <param name="CreditType">Which credit is counted.</param>
/// <param name="AsTable">Whether the figures stand in a table instead of the chart.</param>
/// <param name="Day">The one UTC day whose events are listed; null: those of the whole period.</param>
public sealed record UsageChoice(UsagePeriod Period, UsageGrouping Grouping, string CreditType, bool AsTable, DateOnly? Day)
{
    private const string Path = "/usage";

    /// <summary>The first UTC day of a <see cref="UsagePeriod.Custom"/> period; else null.</summary>
    public DateOnly? From { get; init; }

    /// <summary>Its last day.</summary>
    public DateOnly? To { get; init; }

    /// <summary>Whether the chart tells hours and weekdays apart instead of days.</summary>
    public bool ByWeek { get; init; }

    /// <summary>The credit types that usage is charged in, as choices.</summary>
    public static IReadOnlyList<string> CreditTypesCharged { get; } = [CreditTypes.Credits, CreditTypes.ApiCredits, CreditTypes.Flows];

    public static UsageChoice Read(
        string? period, string? grouping, string? creditType, string? view, string? day, string? from = null, string? to = null, string? chart = null)
    {
        var custom = (from is not null || to is not null) && RangeFault(from, to) is null;
        return new UsageChoice(
            custom ? UsagePeriod.Custom : period switch { "24h" => UsagePeriod.Day, "7d" => UsagePeriod.Week, "cycle" => UsagePeriod.Cycle, _ => UsagePeriod.Month },
            grouping switch { "channel" => UsageGrouping.Channel, "key" => UsageGrouping.Key, _ => UsageGrouping.Operation },
            CreditTypesCharged.Contains(creditType) ? creditType! : CreditTypes.Credits,
            view is "table",
            TransactionFilter.ReadDay(day))
        {
            From = custom ? TransactionFilter.ReadDay(from) : null,
            To = custom ? TransactionFilter.ReadDay(to) : null,
            ByWeek = chart is "week",
        };
    }

    /// <summary>Reads an address as <see cref="Address"/> writes it.</summary>
    public static UsageChoice Read(IQueryCollection query) =>
        Read(query["period"], query["by"], query["credits"], query["view"], query["day"], query["from"], query["to"], query["chart"]);

    /// <summary>What is wrong with the days of a period of one's own; null if nothing is, or none were named.</summary>
    public static string? RangeFault(string? from, string? to) => (TransactionFilter.ReadDay(from), TransactionFilter.ReadDay(to)) switch
    {
        _ when from is null && to is null => null,
        (null, _) => "From is not a day, such as 2026-03-01.",
        (_, null) => "To is not a day, such as 2026-03-31.",
        ({ } first, { } last) when first > last => "From must not be after To.",
        ({ } first, { } last) when new DayRange(first, last).Days > DayRange.MaximumDays => $"From and To are at most {DayRange.MaximumDays} days apart.",
        _ => null,
    };

    /// <summary>The same, of one of the fixed periods.</summary>
    public UsageChoice Over(UsagePeriod period) => this with { Period = period, Day = null, From = null, To = null };

    /// <summary>30 days of credits by operation.</summary>
    public static UsageChoice Plain { get; } = Read(null, null, null, null, null);

    public static string NameOf(UsagePeriod period) => period switch
    {
        UsagePeriod.Day => "24 hours",
        UsagePeriod.Week => "7 days",
        UsagePeriod.Month => "30 days",
        UsagePeriod.Cycle => "This cycle",
        _ => "From – to",
    };

    /// <summary>The address that shows exactly this, from the page of items after <paramref name="cursor"/>; on another path, what belongs to it.</summary>
    public string Address(string? cursor = null, string path = Path) => path + QueryString.Create(new Dictionary<string, string?>
    {
        ["period"] = Period switch { UsagePeriod.Day => "24h", UsagePeriod.Week => "7d", UsagePeriod.Cycle => "cycle", _ => null },
        ["from"] = TransactionFilter.Write(From),
        ["to"] = TransactionFilter.Write(To),
        ["by"] = Grouping switch { UsageGrouping.Channel => "channel", UsageGrouping.Key => "key", _ => null },
        ["credits"] = CreditType == CreditTypes.Credits ? null : CreditType,
        ["chart"] = ByWeek ? "week" : null,
        ["view"] = AsTable ? "table" : null,
        ["day"] = TransactionFilter.Write(Day),
        ["after"] = cursor,
    }.Where(part => part.Value is not null));
}

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

    /// <summary>The credit types that usage is charged in, as choices.</summary>
    public static IReadOnlyList<string> CreditTypesCharged { get; } = [CreditTypes.Credits, CreditTypes.ApiCredits, CreditTypes.Flows];

    public static UsageChoice Read(string? period, string? grouping, string? creditType, string? view, string? day) => new(
        period switch { "24h" => UsagePeriod.Day, "7d" => UsagePeriod.Week, "cycle" => UsagePeriod.Cycle, _ => UsagePeriod.Month },
        grouping switch { "channel" => UsageGrouping.Channel, "key" => UsageGrouping.Key, _ => UsageGrouping.Operation },
        CreditTypesCharged.Contains(creditType) ? creditType! : CreditTypes.Credits,
        view is "table",
        TransactionFilter.ReadDay(day));

    /// <summary>30 days of credits by operation.</summary>
    public static UsageChoice Plain { get; } = Read(null, null, null, null, null);

    public static string NameOf(UsagePeriod period) => period switch
    {
        UsagePeriod.Day => "24 hours",
        UsagePeriod.Week => "7 days",
        UsagePeriod.Month => "30 days",
        _ => "This cycle",
    };

    /// <summary>The address that shows exactly this, from the page of items after <paramref name="cursor"/>.</summary>
    public string Address(string? cursor = null) => Path + QueryString.Create(new Dictionary<string, string?>
    {
        ["period"] = Period switch { UsagePeriod.Day => "24h", UsagePeriod.Week => "7d", UsagePeriod.Cycle => "cycle", _ => null },
        ["by"] = Grouping switch { UsageGrouping.Channel => "channel", UsageGrouping.Key => "key", _ => null },
        ["credits"] = CreditType == CreditTypes.Credits ? null : CreditType,
        ["view"] = AsTable ? "table" : null,
        ["day"] = TransactionFilter.Write(Day),
        ["after"] = cursor,
    }.Where(part => part.Value is not null));
}

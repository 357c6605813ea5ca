using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Catalog;
using BillingPortal.Components.Shared;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Store;
using BillingPortal.Subscriptions;

namespace BillingPortal.Components;

/// <summary>One recorded event, as a line of the list.</summary>
public sealed record UsageLine(
    string Id, DateTimeOffset At, string Operation, string Description, decimal Quantity, string Unit, Credits Credits, string CreditType, string? Key, bool IsFree, bool IsIncluded);

/// <summary>A day that stands out, and what made it so.</summary>
/// <param name="Day">The UTC day.</param>
/// <param name="Used">What it took.</param>
/// <param name="Highest">The most that the same weekday took in the weeks before.</param>
/// <param name="Operation">The operation behind it.</param>
/// <param name="Key">The key behind it; null if no key reported it.</param>
public sealed record UnusualDay(DateOnly Day, Credits Used, Credits Highest, string Operation, UnusualKey? Key);

/// <summary>The key behind an unusual day.</summary>
/// <param name="Id">key_…</param>
/// <param name="Name">As people call it.</param>
/// <param name="IsPaused">Whether it is refused until it is resumed.</param>
/// <param name="MayPause">Whether it works and the viewer may pause it.</param>
public sealed record UnusualKey(string Id, string Name, bool IsPaused, bool MayPause);

/// <summary>All that the usage page shows.</summary>
/// <param name="AsOf">When it was read.</param>
/// <param name="Choice">What was asked for.</param>
/// <param name="From">The first instant.</param>
/// <param name="To">The end.</param>
/// <param name="Total">Credits charged.</param>
/// <param name="Previous">Credits charged in the equally long span before.</param>
/// <param name="Items">Events recorded.</param>
/// <param name="Finding">What the chart shows.</param>
/// <param name="Comparison">How it differs from before; empty if there is nothing to say.</param>
/// <param name="Columns">What the chart draws its columns for.</param>
/// <param name="Series">What the columns are made of.</param>
/// <param name="Shares">Who used how much, most first.</param>
/// <param name="Lines">A page of events, newest first.</param>
/// <param name="NextCursor">Where the next page begins; null at the end.</param>
/// <param name="IsFirstUse">Whether nothing was ever recorded.</param>
/// <param name="Unusual">The day of the period that stands out most; null if none does.</param>
/// <param name="Pace">How the plan's credits are used up; null without any, or for another kind of credit.</param>
/// <param name="Heat">Hours by weekday, if they were asked for.</param>
public sealed record UsageOverview(
    DateTimeOffset AsOf,
    UsageChoice Choice,
    DateTimeOffset From,
    DateTimeOffset To,
    Credits Total,
    Credits Previous,
    long Items,
    string Finding,
    string Comparison,
    IReadOnlyList<ChartColumn> Columns,
    IReadOnlyList<ChartSeries> Series,
    IReadOnlyList<UsageShare> Shares,
    IReadOnlyList<UsageLine> Lines,
    string? NextCursor,
    bool IsFirstUse,
    UnusualDay? Unusual,
    PlanPace? Pace,
    UsageHeat? Heat)
{
    /// <summary>The organization's own limit that stops usage of the chosen credit now; null: none does.</summary>
    public ReachedLimit? Limit { get; init; }
}

/// <summary>Puts the usage page together from the services that know its parts.</summary>
public sealed class UsageOverviews(
    UsageReports reports, UsageItems items, ApiKeys keys, SpendLimitNotices limits, PlanStandings standings, PriceCatalog catalog, TimeProvider clock)
{
    private const int PageSize = 25;
    private const int MostDaysCompared = 31;
    private const string NoKey = "No key";

    /// <param name="caller">Who looks.</param>
    /// <param name="choice">What to show.</param>
    /// <param name="cursor">The page of events after this one's; null: the newest.</param>
    /// <param name="viewer">Where the viewer reads clocks.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<UsageOverview> ReadAsync(Caller caller, UsageChoice choice, string? cursor, Viewer viewer, CancellationToken cancellationToken)
    {
        var names = (await keys.ListAsync(caller, null, ApiKeys.PageLimit, cancellationToken)).Keys.ToDictionary(key => key.Id, key => key.Name, StringComparer.Ordinal);
        var report = await ReportAsync(caller, choice, cancellationToken);
        var (from, to) = choice.Day is { } day ? (StartOf(day), StartOf(day.AddDays(1))) : (report.From, report.To);
        var page = await items.ListAsync(caller, new UsageItemQuery(from, to, Cursor: cursor, Limit: PageSize), cancellationToken);
        var isFirstUse = page.Items.Count == 0 && report.Total.Items == 0
            && (await items.ListAsync(caller, new UsageItemQuery(Limit: 1), cancellationToken)).Items.Count == 0;

        string LabelOf(UsageGroup group) => choice.Grouping is not UsageGrouping.Key ? group.Label
            : group.Id.Length == 0 ? NoKey
            : names.GetValueOrDefault(group.Id, group.Id);

        var shares = report.Groups.Where(group => group.Total.Items > 0)
            .Select(group => new UsageShare(LabelOf(group), group.Total.Credits, group.Previous.Credits, group.Total.Items)).ToList();
        var (unusual, usual) = await CompareAsync(caller, choice, report, cancellationToken);
        return new UsageOverview(
            clock.GetUtcNow(),
            choice,
            report.From,
            report.To,
            report.Total.Credits,
            report.Previous.Credits,
            report.Total.Items,
            UsageFinding.Of(report.Total.Credits, shares),
            UsageFinding.Comparison(report.Total.Credits, report.Previous.Credits, BeforeOf(report), shares),
            [.. report.Columns.Select(column => ColumnOf(column, report.Interval, choice, viewer, unusual, usual))],
            SeriesOf(report, LabelOf),
            shares,
            [.. page.Items.Select(item => LineOf(item, names))],
            page.NextCursor,
            isFirstUse,
            unusual,
            choice.CreditType == CreditTypes.Credits ? await ReadPaceAsync(caller, cancellationToken) : null,
            choice.ByWeek ? await HeatAsync(caller, choice, report, viewer, cancellationToken) : null)
        {
            Limit = (await limits.FindReachedAsync(caller, cancellationToken)).FirstOrDefault(limit => limit.CreditType == choice.CreditType),
        };
    }

    /// <summary>When credit is used, by hour and weekday of the chosen period.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public async Task<UsageHeat> ReadHeatAsync(Caller caller, UsageChoice choice, Viewer viewer, CancellationToken cancellationToken) =>
        await HeatAsync(caller, choice, await ReportAsync(caller, choice, cancellationToken), viewer, cancellationToken);

    /// <summary>How far the plan's credits are used in this cycle; null if the plan grants none.</summary>
    public async Task<PlanPace?> ReadPaceAsync(Caller caller, CancellationToken cancellationToken)
    {
        var standing = await standings.GetAsync(caller.OrganizationId, cancellationToken);
        if (!standing.Allowance.Credits.IsPositive)
        {
            return null;
        }

        var now = clock.Now();
        var range = new DayRange(DateOnly.FromDateTime(standing.AllowanceCycle.Start.UtcDateTime), DateOnly.FromDateTime(now.UtcDateTime));
        var used = (await reports.GetDaysAsync(caller, range, null, cancellationToken)).Where(row => row.CreditType == CreditTypes.Credits);
        return new PlanPace(
            Credits.Sum(used.Select(row => row.Sums.Credits)), standing.Allowance.Credits, standing.AllowanceCycle.Start, standing.AllowanceCycle.End, now);
    }

    private async Task<UsageHeat> HeatAsync(Caller caller, UsageChoice choice, UsageReport report, Viewer viewer, CancellationToken cancellationToken) => UsageHeat.Of(
        await reports.GetHoursAsync(caller, report.From, report.To, choice.CreditType, cancellationToken),
        report.From, report.To < clock.GetUtcNow() ? report.To.AddTicks(-1) : clock.GetUtcNow(), viewer);

    private async Task<(UnusualDay? Unusual, IReadOnlyDictionary<DateOnly, UsualDay> Usual)> CompareAsync(
        Caller caller, UsageChoice choice, UsageReport report, CancellationToken cancellationToken)
    {
        if (report.Interval is UsageInterval.Hour)
        {
            return (null, new Dictionary<DateOnly, UsualDay>());
        }

        var last = DateOnly.FromDateTime(report.To.UtcDateTime).AddDays(-1);
        var range = new DayRange(last.AddDays(1 - Math.Min(report.Columns.Length, MostDaysCompared)), last);
        var rows = await reports.GetDaysAsync(caller, range with { First = range.First.AddDays(-7 * UsageSpike.Weeks) }, null, cancellationToken);
        var unusual = UsageSpike.Find(rows, range, choice.CreditType) is { } spike
            ? new UnusualDay(
                spike.Day, spike.Used, spike.Highest, catalog.FindOperation(spike.Operation)?.Label ?? spike.Operation,
                spike.KeyId is { } keyId ? await KeyAsync(caller, keyId, cancellationToken) : null)
            : null;
        return (unusual, UsageSpike.Usual(rows, range, choice.CreditType));
    }

    private async Task<UnusualKey?> KeyAsync(Caller caller, string keyId, CancellationToken cancellationToken) => await keys.FindAsync(caller, keyId, cancellationToken) is { } key
        ? new UnusualKey(key.Id, key.Name, key is { IsActive: true, PausedAt: not null }, key is { IsActive: true, PausedAt: null } && caller.Role is MemberRole.Owner)
        : null;

    private async Task<UsageReport> ReportAsync(Caller caller, UsageChoice choice, CancellationToken cancellationToken)
    {
        const int week = 7;
        const int month = 30;
        var now = clock.Now();
        if (choice.Period is UsagePeriod.Day)
        {
            return await reports.GetByHourAsync(caller, choice.Grouping, choice.CreditType, cancellationToken);
        }

        var range = choice is { From: { } chosenFirst, To: { } chosenLast }
            ? new DayRange(chosenFirst, chosenLast)
            : DayRange.LastDays(choice.Period is UsagePeriod.Week ? week : month, now);
        if (choice.Period is UsagePeriod.Cycle)
        {
            var start = (await standings.GetAsync(caller.OrganizationId, cancellationToken)).CycleStart;
            var first = DateOnly.FromDateTime(start.UtcDateTime);
            range = range with { First = range.Last.DayNumber - first.DayNumber >= DayRange.MaximumDays ? range.Last.AddDays(1 - DayRange.MaximumDays) : first };
        }

        return await reports.GetByDayAsync(caller, range, choice.Grouping, choice.CreditType, cancellationToken);
    }

    // At most three with a colour of their own, in the order of their size, and one for the rest.
    private static List<ChartSeries> SeriesOf(UsageReport report, Func<UsageGroup, string> labelOf)
    {
        var groups = report.Groups.Where(group => group.Total.Credits.IsPositive).ToList();
        var named = groups.Take(ChartSeries.MaximumNamed).ToList();
        var series = named.Select(group => new ChartSeries(labelOf(group), [.. report.Columns.Select(column => Of(column, group).ToDecimal())])).ToList();
        if (groups.Count > named.Count)
        {
            series.Add(new ChartSeries(
                "Other", [.. report.Columns.Select(column => (column.Total.Credits - Credits.Sum(named.Select(group => Of(column, group)))).ToDecimal())]));
        }

        return series;
    }

    private static Credits Of(UsageColumn column, UsageGroup group) => column.Groups.GetValueOrDefault(group.Id).Credits;

    // Days are those of UTC, in which usage is summed; hours are the viewer's.
    private ChartColumn ColumnOf(
        UsageColumn column, UsageInterval interval, UsageChoice choice, Viewer viewer, UnusualDay? unusual, IReadOnlyDictionary<DateOnly, UsualDay> usual)
    {
        if (interval is UsageInterval.Hour)
        {
            return new ChartColumn(viewer.Clock(column.Start)[..^3], null, column.Start.AddHours(1) > clock.GetUtcNow());
        }

        var day = DateOnly.FromDateTime(column.Start.UtcDateTime);
        return new ChartColumn(viewer.Day(day), (choice with { Day = day }).Address(), column.Start.AddDays(1) > clock.GetUtcNow())
        {
            Mark = day == unusual?.Day ? "unusual" : null,
            Usual = usual.GetValueOrDefault(day) is { } range ? new ChartRange(range.Low.ToDecimal(), range.High.ToDecimal()) : null,
        };
    }

    private static DateTimeOffset StartOf(DateOnly day) => new(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);

    private static string BeforeOf(UsageReport report) => report.Interval is UsageInterval.Hour
        ? "the 24 hours before"
        : $"the {Display.Count(report.Columns.Length, "day")} before";

    private UsageLine LineOf(UsageItemView item, Dictionary<string, string> names)
    {
        var operation = catalog.FindOperation(item.Operation);
        return new UsageLine(
            item.Id,
            item.OccurredAt,
            operation?.Label ?? item.Operation,
            item.Description,
            item.Quantity.ToDecimal(),
            operation?.Unit ?? "unit",
            item.Credits,
            item.CreditType,
            item.KeyId is { } key ? names.GetValueOrDefault(key, key) : null,
            item.Outcome is UsageOutcome.Free,
            item.Included.IsPositive);
    }
}

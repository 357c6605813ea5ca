using System.Collections.Immutable;
using System.Globalization;
using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Metering;

/// <summary>What a report tells apart.</summary>
public enum UsageGrouping
{
    Channel,
    Operation,
    Key,
}

/// <summary>How long the columns of a report are.</summary>
public enum UsageInterval
{
    Hour,
    Day,
}

/// <summary>A span of whole UTC days, both ends included.</summary>
public readonly record struct DayRange(DateOnly First, DateOnly Last)
{
    /// <summary>Longest span that a report covers.</summary>
    public const int MaximumDays = 400;

    public int Days => Last.DayNumber - First.DayNumber + 1;

    /// <summary>The equally long span that ends where this one starts.</summary>
    public DayRange Before => new(First.AddDays(-Days), First.AddDays(-1));

    public IEnumerable<DateOnly> All
    {
        get
        {
            for (var day = First; day <= Last; day = day.AddDays(1))
            {
                yield return day;
            }
        }
    }

    /// <summary>So many days up to and with the day of an instant.</summary>
    public static DayRange LastDays(int days, DateTimeOffset now)
    {
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        return new DayRange(today.AddDays(1 - days), today);
    }
}

/// <summary>Sums of usage.</summary>
/// <param name="Quantity">Units billed, whatever their unit: meaningful within one operation.</param>
/// <param name="Included">Of these, units served by included minutes.</param>
/// <param name="Credits">What was debited.</param>
/// <param name="Items">Events, free ones too.</param>
public readonly record struct UsageSums(Quantity Quantity, Credits Included, Credits Credits, long Items)
{
    public static UsageSums operator +(UsageSums left, UsageSums right) =>
        new(left.Quantity + right.Quantity, left.Included + right.Included, left.Credits + right.Credits, left.Items + right.Items);
}

/// <summary>A day's usage of one channel, operation, key and credit type.</summary>
public sealed record UsageDayRow(DateOnly Day, string Channel, string Operation, string? KeyId, string CreditType, UsageSums Sums);

/// <summary>One of the things a report tells apart.</summary>
/// <param name="Id">A channel, an operation or a key id; empty: not by a key.</param>
/// <param name="Label">What people read; of a key its id, for its name is another feature's.</param>
/// <param name="Total">Of the whole span.</param>
/// <param name="Previous">Of the equally long span before.</param>
public sealed record UsageGroup(string Id, string Label, UsageSums Total, UsageSums Previous);

/// <summary>A column: an hour or a day, with the sums of each group that was used in it.</summary>
public sealed record UsageColumn(DateTimeOffset Start, UsageSums Total, ImmutableDictionary<string, UsageSums> Groups);

/// <summary>Usage over a span, for a chart and a table.</summary>
/// <param name="From">The start of the first column.</param>
/// <param name="To">The end of the last column; what lies beyond now is still to come.</param>
/// <param name="Interval">How long each column is.</param>
/// <param name="Columns">Every one of the span, with zeros where nothing was used; ascending.</param>
/// <param name="Groups">By credits, largest first.</param>
/// <param name="Total">Of the whole span.</param>
/// <param name="Previous">Of the equally long span before.</param>
public sealed record UsageReport(
    DateTimeOffset From,
    DateTimeOffset To,
    UsageInterval Interval,
    ImmutableArray<UsageColumn> Columns,
    ImmutableArray<UsageGroup> Groups,
    UsageSums Total,
    UsageSums Previous);

/// <summary>How fast credit was used: what each of the last whole days took.</summary>
/// <param name="Days">Ascending, zeros included; without the days before the first use ever, and without today.</param>
public sealed record UsageBurn(ImmutableArray<Credits> Days)
{
    /// <summary>Per day, rounded to a micro-credit; zero without a day.</summary>
    public Credits Average => Days.IsEmpty ? Credits.Zero : Credits.Sum(Days).Scale(1, Days.Length);

    /// <summary>What a busy day takes: the day at three quarters of the way from the quietest to the busiest.</summary>
    public Credits High => At(3);

    /// <summary>What a quiet day takes: the day at one quarter.</summary>
    public Credits Low => At(1);

    private Credits At(int quarter) => Days.IsEmpty ? Credits.Zero : Days.Order().ElementAt((Days.Length - 1) * quarter / 4);
}

/// <summary>What was charged in each hour that had any.</summary>
/// <param name="Hours">Ascending, each by the instant it begins.</param>
/// <param name="IsCut">Whether older events of the span were left out.</param>
public sealed record UsageHours(ImmutableArray<(DateTimeOffset Start, Credits Credits)> Hours, bool IsCut);

/// <summary>Credit used since the start of the UTC day, by category. Source: contract, <c>GET /credits/balance</c>.</summary>
public sealed record TodaysConsumption(DateTimeOffset Since, ImmutableDictionary<string, Credits> ByCategory)
{
    public Credits Total => Credits.Sum(ByCategory.Values);
}

/// <summary>Reads the daily sums. Costs rows per day, operation and key, whatever the number of events.</summary>
public sealed class UsageReports(IDbContextFactory<BillingDbContext> contexts, PriceCatalog catalog, TimeProvider clock)
{
    /// <summary>The newest events of a span that are counted by hour, for hours have no sums kept.</summary>
    public const int MostEventsByHour = 100_000;

    private const int Hours = 24;
    private const long HourMilliseconds = 3_600_000;

    /// <summary>The days' usage in detail, of the whole organization or of one key; only days that had some.</summary>
    /// <exception cref="AccessDeniedException">A key without <see cref="Scopes.BillingRead"/>.</exception>
    public async Task<IReadOnlyList<UsageDayRow>> GetDaysAsync(Caller caller, DayRange range, string? keyId, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var days = db.Set<UsageDay>().AsNoTracking()
            .Where(row => row.OrganizationId == caller.OrganizationId && row.Day >= range.First && row.Day <= range.Last);
        if (keyId is not null)
        {
            days = days.Where(row => row.KeyId == keyId);
        }

        var rows = await days
            .Select(row => new { row.Day, row.Channel, row.Operation, row.KeyId, row.CreditType, row.QuantityMicros, row.IncludedMicros, row.CreditsMicros, row.Items })
            .ToListAsync(cancellationToken);

        // Rows that differ in the day they were recorded on are one to a reader.
        return
        [
            .. rows
                .GroupBy(row => (row.Day, row.Channel, row.Operation, row.KeyId, row.CreditType))
                .Select(group => new UsageDayRow(
                    group.Key.Day, group.Key.Channel, group.Key.Operation, group.Key.KeyId.Length == 0 ? null : group.Key.KeyId, group.Key.CreditType,
                    group.Aggregate(default(UsageSums), (sum, row) =>
                        sum + new UsageSums(Quantity.FromMicros(row.QuantityMicros), row.IncludedMicros, row.CreditsMicros, row.Items))))
                .OrderBy(row => row.Day).ThenBy(row => row.Channel, StringComparer.Ordinal).ThenBy(row => row.Operation, StringComparer.Ordinal),
        ];
    }

    /// <summary>Usage of one credit type by day, with the equally long span before.</summary>
    /// <exception cref="AccessDeniedException">A key without <see cref="Scopes.BillingRead"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The span is empty or longer than <see cref="DayRange.MaximumDays"/>.</exception>
    public async Task<UsageReport> GetByDayAsync(
        Caller caller, DayRange range, UsageGrouping grouping, string creditType, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(range.Days, 1, nameof(range));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(range.Days, DayRange.MaximumDays, nameof(range));
        var rows = await GetDaysAsync(caller, new DayRange(range.Before.First, range.Last), null, cancellationToken);
        var cells = rows.Where(row => row.CreditType == creditType).Select(row => (At: StartOf(row.Day), Group: GroupOf(row, grouping), row.Sums)).ToList();
        return Report(StartOf(range.First), [.. range.All.Select(StartOf)], TimeSpan.FromDays(1), UsageInterval.Day, grouping, cells);
    }

    /// <summary>Usage of one credit type by hour, over the last 24 hours with the one that runs, with the 24 before.</summary>
    /// <exception cref="AccessDeniedException">A key without <see cref="Scopes.BillingRead"/>.</exception>
    public async Task<UsageReport> GetByHourAsync(Caller caller, UsageGrouping grouping, string creditType, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        const long hour = HourMilliseconds;
        var end = ((clock.Now().ToUnixTimeMilliseconds() / hour) + 1) * hour;
        var (first, before) = (end - (Hours * hour), end - (2 * Hours * hour));
        var (low, high) = (Ids.First("itm", DateTimeOffset.FromUnixTimeMilliseconds(before)), Ids.First("itm", DateTimeOffset.FromUnixTimeMilliseconds(end)));
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);

        // Summed by the database, along the index of ids: at most the rows of two days are read, and few come back.
        var rows = await db.Database.SqlQuery<HourRow>(
            $"""
            SELECT occurred_at / {hour} AS "Hour", channel AS "Channel", operation AS "Operation", key_id AS "KeyId",
                CAST(SUM(CASE WHEN outcome = 'free' THEN 0 ELSE quantity_micros END) AS bigint) AS "Quantity",
                CAST(SUM(included_micros) AS bigint) AS "Included", CAST(SUM(credits_micros) AS bigint) AS "Credits", COUNT(*) AS "Items"
            FROM usage_items
            WHERE organization_id = {caller.OrganizationId} AND id >= {low} AND id < {high} AND credit_type = {creditType}
            GROUP BY 1, channel, operation, key_id
            """).ToListAsync(cancellationToken);
        var cells = rows.Select(row =>
        {
            var sums = new UsageSums(Quantity.FromMicros(row.Quantity), Credits.FromMicros(row.Included), Credits.FromMicros(row.Credits), row.Items);
            var day = new UsageDayRow(default, row.Channel, row.Operation, row.KeyId, creditType, sums);
            return (DateTimeOffset.FromUnixTimeMilliseconds(row.Hour * hour), GroupOf(day, grouping), sums);
        }).ToList();
        var columns = Enumerable.Range(0, Hours).Select(i => DateTimeOffset.FromUnixTimeMilliseconds(first + (i * hour))).ToImmutableArray();
        return Report(columns[0], columns, TimeSpan.FromHours(1), UsageInterval.Hour, grouping, cells);
    }

    /// <summary>What was charged by hour, of the newest <see cref="MostEventsByHour"/> events of a span.</summary>
    /// <exception cref="AccessDeniedException">A key without <see cref="Scopes.BillingRead"/>.</exception>
    public async Task<UsageHours> GetHoursAsync(Caller caller, DateTimeOffset from, DateTimeOffset to, string creditType, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        var (low, high) = (Ids.First("itm", from), Ids.First("itm", to));
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await db.Database.SqlQuery<HourSum>(
            $"""
            SELECT occurred_at / {HourMilliseconds} AS "Hour", CAST(SUM(credits_micros) AS bigint) AS "Credits", COUNT(*) AS "Items"
            FROM (SELECT occurred_at, credits_micros FROM usage_items
                WHERE organization_id = {caller.OrganizationId} AND id >= {low} AND id < {high} AND credit_type = {creditType}
                ORDER BY id DESC LIMIT {MostEventsByHour}) AS newest
            GROUP BY 1
            """).ToListAsync(cancellationToken);
        return new UsageHours(
            [
                .. rows.OrderBy(row => row.Hour)
                    .Select(row => (DateTimeOffset.FromUnixTimeMilliseconds(row.Hour * HourMilliseconds), Credits.FromMicros(row.Credits))),
            ],
            rows.Sum(row => row.Items) == MostEventsByHour);
    }

    /// <summary>What each of the last whole days took of a credit type: the basis of "how long will it last".</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="creditType">Of which wallet.</param>
    /// <param name="days">How many days back, 1 to <see cref="DayRange.MaximumDays"/>; today is left out, for it is not over.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AccessDeniedException">A key without <see cref="Scopes.BillingRead"/>.</exception>
    public async Task<UsageBurn> BurnAsync(Caller caller, string creditType, int days, CancellationToken cancellationToken)
    {
        var range = DayRange.LastDays(days, clock.Now().AddDays(-1));
        var used = (await GetDaysAsync(caller, range, null, cancellationToken))
            .Where(row => row.CreditType == creditType)
            .GroupBy(row => row.Day)
            .ToDictionary(day => day.Key, day => Credits.Sum(day.Select(row => row.Sums.Credits)));
        if (used.Count == 0)
        {
            return new UsageBurn([]);
        }

        // An organization that started last week burns by that week, not by the fortnight.
        var first = await FirstDayAsync(caller.OrganizationId, creditType, cancellationToken);
        return new UsageBurn([.. range.All.Where(day => day >= first).Select(day => used.GetValueOrDefault(day))]);
    }

    /// <summary>Credit of one type charged since the start of the UTC day, whenever it was used.</summary>
    /// <exception cref="AccessDeniedException">A key without <see cref="Scopes.BillingRead"/>.</exception>
    public async Task<TodaysConsumption> GetTodaysConsumptionAsync(Caller caller, string creditType, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        var today = DateOnly.FromDateTime(clock.Now().UtcDateTime);
        var (first, last) = (today.AddDays(-UsageLimits.OldestEvent.Days - 1), today.AddDays(1));
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await db.Set<UsageDay>().AsNoTracking()
            .Where(row => row.OrganizationId == caller.OrganizationId && row.Day >= first && row.Day <= last)
            .Where(row => row.RecordedOn == today && row.CreditType == creditType)
            .Select(row => new { row.Operation, row.CreditsMicros })
            .ToListAsync(cancellationToken);
        var consumed = rows.ToLookup(row => catalog.FindOperation(row.Operation)?.Category ?? UsageCategories.Operations, row => row.CreditsMicros);
        return new TodaysConsumption(StartOf(today), UsageCategories.All.ToImmutableDictionary(category => category, category => Credits.Sum(consumed[category])));
    }

    /// <summary>All that was ever charged of a credit type.</summary>
    /// <exception cref="AccessDeniedException">A key without <see cref="Scopes.BillingRead"/>.</exception>
    public async Task<Credits> GetTotalConsumedAsync(Caller caller, string creditType, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var total = await db.Database.SqlQuery<long>(
            $"""
            SELECT CAST(COALESCE(SUM(credits_micros), 0) AS bigint) AS "Value" FROM usage_days
            WHERE organization_id = {caller.OrganizationId} AND credit_type = {creditType}
            """).SingleAsync(cancellationToken);
        return Credits.FromMicros(total);
    }

    private async Task<DateOnly> FirstDayAsync(string organizationId, string creditType, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<UsageDay>().AsNoTracking()
            .Where(row => row.OrganizationId == organizationId && row.CreditType == creditType)
            .OrderBy(row => row.Day)
            .Select(row => row.Day)
            .FirstAsync(cancellationToken);
    }

    private UsageReport Report(
        DateTimeOffset from, ImmutableArray<DateTimeOffset> columns, TimeSpan length, UsageInterval interval, UsageGrouping grouping,
        IReadOnlyList<(DateTimeOffset At, string Group, UsageSums Sums)> cells)
    {
        var current = cells.Where(cell => cell.At >= from).ToList();
        var byColumn = current.ToLookup(cell => cell.At);
        var groups = cells.GroupBy(cell => cell.Group).Select(group => new UsageGroup(
            group.Key,
            LabelOf(group.Key, grouping),
            Sum(group.Where(cell => cell.At >= from)),
            Sum(group.Where(cell => cell.At < from))));
        return new UsageReport(
            from,
            columns[^1] + length,
            interval,
            [
                .. columns.Select(start => new UsageColumn(
                    start, Sum(byColumn[start]), byColumn[start].GroupBy(cell => cell.Group).ToImmutableDictionary(group => group.Key, Sum))),
            ],
            [.. groups.OrderByDescending(group => group.Total.Credits).ThenByDescending(group => group.Total.Items).ThenBy(group => group.Id, StringComparer.Ordinal)],
            Sum(current),
            Sum(cells.Where(cell => cell.At < from)));
    }

    private string LabelOf(string group, UsageGrouping grouping) => grouping switch
    {
        UsageGrouping.Operation => catalog.FindOperation(group)?.Label ?? group,
        UsageGrouping.Key when group.Length == 0 => "No key",
        UsageGrouping.Channel => CultureInfo.InvariantCulture.TextInfo.ToTitleCase(group.Replace('_', ' ')),
        _ => group,
    };

    private static UsageSums Sum(IEnumerable<(DateTimeOffset At, string Group, UsageSums Sums)> cells) =>
        cells.Aggregate(default(UsageSums), (sum, cell) => sum + cell.Sums);

    private static string GroupOf(UsageDayRow row, UsageGrouping grouping) => grouping switch
    {
        UsageGrouping.Operation => row.Operation,
        UsageGrouping.Key => row.KeyId ?? "",
        _ => row.Channel,
    };

    private static DateTimeOffset StartOf(DateOnly day) => new(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);

    private sealed record HourSum(long Hour, long Credits, long Items);

    private sealed record HourRow(long Hour, string Channel, string Operation, string KeyId, long Quantity, long Included, long Credits, long Items);
}

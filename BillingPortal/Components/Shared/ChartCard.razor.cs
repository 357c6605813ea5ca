using System.Globalization;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Shared;

/// <summary>A chart of stacked columns with all that belongs to it: its finding in words, a key that switches series, the same figures as a table.</summary>
/// <remarks>Drawn by the server in markup, so that it is there before any script runs, and stays when none does.</remarks>
public sealed partial class ChartCard
{
    private const int LabelsOnDesk = 10;
    private const int LabelsOnPhone = 4;

    private readonly HashSet<string> hidden = new(StringComparer.Ordinal);
    private IReadOnlyList<decimal> marks = [];

    [Parameter, EditorRequired]
    public string Title { get; set; } = "";

    /// <summary>What the chart shows, in one sentence.</summary>
    [Parameter, EditorRequired]
    public string Finding { get; set; } = "";

    /// <summary>From left to right.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<ChartColumn> Columns { get; set; } = [];

    /// <summary>Stacked from bottom to top; each with a value for every column.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<ChartSeries> Series { get; set; } = [];

    /// <summary>What the columns are: "Day", "Hour".</summary>
    [Parameter]
    public string CategoryTitle { get; set; } = "Day";

    [Parameter]
    public bool ShowTable { get; set; }

    [Parameter, EditorRequired]
    public string ChartHref { get; set; } = "";

    [Parameter, EditorRequired]
    public string TableHref { get; set; } = "";

    [Parameter]
    public RenderFragment? Actions { get; set; }

    private IEnumerable<(ChartSeries Series, int Index)> Shown =>
        Series.Select((series, index) => (series, index)).Where(pair => !hidden.Contains(pair.series.Name));

    private bool HasUsual => Columns.Any(column => column.Usual is not null);

    protected override void OnParametersSet() =>
        marks = ChartAxis.Marks(Columns.Count == 0 ? 0 : Enumerable.Range(0, Columns.Count).Max(column => Math.Max(TotalOf(column), UsualOf(column)?.High ?? 0)));

    private void Toggle(string name)
    {
        if (!hidden.Remove(name))
        {
            hidden.Add(name);
        }

        OnParametersSet();
    }

    // Of all series together, so it means nothing while one of them is switched off.
    private ChartRange? UsualOf(int column) => hidden.Count == 0 ? Columns[column].Usual : null;

    private decimal TotalOf(int column) => Shown.Sum(pair => pair.Series.Values[column]);

    private string Percent(decimal value) => $"{(value * 100 / marks[^1]).ToString("0.###", CultureInfo.InvariantCulture)}%";

    // Names of neighbouring columns would run into each other, so only some are written, counted from the newest; the table has all.
    private string TickClass(int column)
    {
        var fromEnd = Columns.Count - 1 - column;
        var onDesk = Every(LabelsOnDesk, 1);
        return fromEnd % Every(LabelsOnPhone, onDesk) == 0 ? "always" : fromEnd % onDesk == 0 ? "wide" : "never";
    }

    // The least multiple of a step that leaves at most so many labels.
    private int Every(int labels, int step) => Math.Max(1, (Columns.Count + (labels * step) - 1) / (labels * step)) * step;

    private string Describe(int column) =>
        $"{Columns[column].Label}: {Write(TotalOf(column))}{(Columns[column].Mark is { } remark ? $" {remark}" : "")}" + string.Concat(Shown.Where(pair => pair.Series.Values[column] > 0)
            .Select(pair => $", {pair.Series.Name} {Write(pair.Series.Values[column])}"));

    private static string Write(decimal value) => value.ToString("#,0.##", CultureInfo.InvariantCulture);
}

using System.Globalization;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Purchases;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Shared;

/// <summary>What a reload rule would do if the usage of the last days came again: the balance as a saw-tooth over the rule's threshold.</summary>
public sealed partial class RehearsalCard
{
    private IReadOnlyList<Day> days = [];
    private IReadOnlyList<decimal> marks = [0, 1];

    [Parameter, EditorRequired]
    public AutoReloadRule Rule { get; set; } = null!;

    /// <summary>Whether the rule is only proposed, and not saved.</summary>
    [Parameter]
    public bool IsProposed { get; set; }

    [Parameter, EditorRequired]
    public RehearsalResult Result { get; set; } = null!;

    [Parameter]
    public bool ShowTable { get; set; }

    [Inject]
    private TimeProvider Clock { get; set; } = null!;

    private string Finding =>
        $"On your usage of {(Result.Days.Count == 1 ? "the last day" : $"the last {Result.Days.Count} days")}, starting from today's balance, {(IsProposed ? "the rule proposed here" : "this rule")} would have reloaded "
        + $"{Display.Count(Result.Reloads.Count, "time")}, {Display.Price(Result.Charged)}."
        + (Result.Lowest.IsNegative ? " Credit would have run out on the way: the limits are too low for this usage." : "");

    private string Level => $"M0 {Number(Y(CreditValue.Of(Rule.Threshold)))} H100";

    private string Line => string.Join(' ', days.Select(day => $"{(day.Index == 0 ? 'M' : 'L')}{Number(X(day.Index))} {Number(Y(day.Closing))}"));

    protected override void OnParametersSet()
    {
        var start = AutoReloadDecisions.StartOfDay(Clock.GetUtcNow());
        days =
        [
            .. Result.Days.Select((closing, index) => new Day(
                index, start.AddDays(index), closing, Result.Reloads.Where(reload => (reload.At - start).Days == index).Aggregate(Money.Zero, (sum, reload) => sum + reload.Amount))),
        ];
        marks = ChartAxis.Marks(Math.Max(0, Result.Days.Append(CreditValue.Of(Rule.Threshold)).Append(Result.Opening).Max(credits => credits.ToDecimal())));
    }

    private decimal X(int index) => 100m * index / Math.Max(1, days.Count - 1);

    // What is owed lies below the drawing; the sentence under it says so.
    private decimal Y(Credits credits) => 100 - (100 * Math.Max(0, credits.ToDecimal()) / marks[^1]);

    private string Across(int index) => $"{Number(X(index))}%";

    private string Percent(decimal value) => $"{Number(100 * Math.Max(0, value) / marks[^1])}%";

    private static string Number(decimal value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    private sealed record Day(int Index, DateTimeOffset Start, Credits Closing, Money Charged);
}

using System.Globalization;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Purchases;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Shared;

/// <summary>What would be available from day to day if the last days came again under a rule: it falls, and a reload lifts it.</summary>
public sealed partial class RehearsalCard
{
    private IReadOnlyList<decimal> marks = [0, 1];

    [Parameter, EditorRequired]
    public AutoReloadRule Rule { get; set; } = null!;

    [Parameter, EditorRequired]
    public RehearsalStage Stage { get; set; } = null!;

    [Parameter, EditorRequired]
    public RehearsalResult Played { get; set; } = null!;

    [Parameter]
    public bool ShowTable { get; set; }

    private string Finding => Played switch
    {
        { Lowest.IsNegative: true } => $"It would have reloaded {Times}, {Display.Price(Played.Charged)}, and run out all the same: the limit or the amount is too low for this usage.",
        { Reloads.Count: 0 } => "It would not have reloaded: there was enough all along.",
        _ => $"It would have reloaded {Times}, {Display.Price(Played.Charged)}, and never had less than {Display.Amount(Played.Lowest)} credits.",
    };

    private string Times => Display.Count(Played.Reloads.Count, "time");

    private string Line => string.Join(' ', Played.Course.Select((point, i) => $"{(i == 0 ? 'M' : 'L')}{Number(X(point.At))} {Number(Y(point.Available))}"));

    private string Threshold => $"M0 {Number(Y(Reach))} H100";

    private Credits Reach => CreditValue.Of(Rule.Threshold);

    protected override void OnParametersSet() => marks = ChartAxis.Marks(Math.Max(0, Played.Course.Select(point => point.Available).Append(Reach).Max().ToDecimal()));

    private Money ReloadedOn(int index) =>
        Played.Reloads.Where(reload => reload.At >= Stage.Start.AddDays(index) && reload.At < Stage.Start.AddDays(index + 1)).Aggregate(Money.Zero, (sum, reload) => sum + reload.Amount);

    private DateOnly DayAt(int index) => DateOnly.FromDateTime(Stage.Start.AddDays(index).UtcDateTime);

    private decimal X(DateTimeOffset at) => 100m * (decimal)((at - Stage.Start) / TimeSpan.FromDays(Played.Days.Count));

    private decimal Y(Credits available) => 100 - (100 * Math.Max(0, available.ToDecimal()) / marks[^1]);

    private static string Number(decimal value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static string Percent(decimal share) => $"{(share * 100).ToString("0.###", CultureInfo.InvariantCulture)}%";
}

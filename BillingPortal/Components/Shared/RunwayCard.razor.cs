using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Shared;

/// <summary>The balance of the last days as a step line, and of the next ones as a dashed line within its band of likely outcomes.</summary>
public sealed partial class RunwayCard
{
    private IReadOnlyList<decimal> marks = [0, 1];

    [Parameter, EditorRequired]
    public BalanceOutlook Outlook { get; set; } = null!;

    [Parameter]
    public bool ShowTable { get; set; }

    private string Finding => Outlook switch
    {
        { Ahead.Count: 0 } => "Too little was used lately to look ahead.",
        { EmptyFrom: null } => $"At the present pace some is left on {Viewer.Day(Outlook.Ahead[^1].Day)}.",
        { EmptyFrom: { } from, EmptyBy: null } => $"On busy days it is used up by {Viewer.Day(from)}, on quiet ones later than {Viewer.Day(Outlook.Ahead[^1].Day)}.",
        { EmptyFrom: { } from, EmptyBy: { } by } when from == by => $"At the present pace it is used up on {Viewer.Day(from)}.",
        { EmptyFrom: { } from, EmptyBy: { } by } => $"At the present pace it is used up between {Viewer.Day(from)} and {Viewer.Day(by)}.",
    };

    private IEnumerable<(decimal X, decimal Y)> Likely => Ahead(day => day.Likely);

    /// <summary>From now along the quiet pace and back along the busy one.</summary>
    private string Band => $"{Line(Ahead(day => day.High))} {string.Join(' ', Ahead(day => day.Low).Reverse().Select(point => $"L{Point(point)}"))} Z";

    private string Steps
    {
        get
        {
            var path = new StringBuilder($"M{Point((0, Y(Outlook.Past[0].Balance)))}");
            for (var i = 1; i < Outlook.Past.Count; i++)
            {
                path.Append(CultureInfo.InvariantCulture, $" H{Number(X(i))} V{Number(Y(Outlook.Past[i].Balance))}");
            }

            return path.ToString();
        }
    }

    protected override void OnParametersSet() =>
        marks = ChartAxis.Marks(Math.Max(0, Outlook.Past.Select(point => point.Balance).Concat(Outlook.Ahead.Select(day => day.High)).Max()));

    private IEnumerable<(decimal X, decimal Y)> Ahead(Func<BalanceForecast, decimal> value) =>
        Outlook.Ahead.Select((day, i) => (X(Outlook.Past.Count + i), Y(value(day)))).Prepend((X(Outlook.Past.Count - 1), Y(Outlook.Past[^1].Balance)));

    private decimal X(int index) => 100m * index / Math.Max(1, Outlook.Past.Count + Outlook.Ahead.Count - 1);

    // What is owed lies below the drawing; the figures above say it.
    private decimal Y(decimal balance) => 100 - (100 * Math.Max(0, balance) / marks[^1]);

    private static string Line(IEnumerable<(decimal X, decimal Y)> points) =>
        string.Join(' ', points.Select((point, i) => $"{(i == 0 ? 'M' : 'L')}{Point(point)}"));

    private static string Point((decimal X, decimal Y) point) => $"{Number(point.X)} {Number(point.Y)}";

    private static string Number(decimal value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static string Percent(decimal share) => $"{(Math.Max(0, share) * 100).ToString("0.###", CultureInfo.InvariantCulture)}%";

    private static string Write(decimal value) => Display.Amount(value);
}

namespace BillingPortal.Components.Shared;

/// <summary>One column, or one part of it.</summary>
/// <param name="Label">Under the column.</param>
/// <param name="Value">Its height.</param>
public sealed record ChartPoint(string Label, decimal Value);

/// <summary>What is stacked with others; every series has the same labels.</summary>
/// <param name="Name">What people read.</param>
/// <param name="Points">From left to right.</param>
public sealed record ChartSeries(string Name, IReadOnlyList<ChartPoint> Points)
{
    // Apart from each other in simulated red-green deficiency, and at least 3:1 on both grounds. What is left over is grey.
    private static readonly string[] Palette = ["#376df5", "#b8770a", "#0b8793"];

    /// <summary>How many series have a colour of their own.</summary>
    public static int MaximumNamed => Palette.Length;

    public static string ColorOf(int index) => index < Palette.Length ? Palette[index] : "#7b8494";
}

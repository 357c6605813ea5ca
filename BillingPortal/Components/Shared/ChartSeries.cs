namespace BillingPortal.Components.Shared;

/// <summary>One place on the horizontal axis.</summary>
/// <param name="Label">Under the column.</param>
/// <param name="Href">What a click on the column opens; null: nothing.</param>
/// <param name="IsOpen">Whether its time is not over yet.</param>
public sealed record ChartColumn(string Label, string? Href, bool IsOpen)
{
    /// <summary>What is remarkable about it, in a word; null: nothing is.</summary>
    public string? Mark { get; init; }

    /// <summary>What is usual for it; null if nothing is known.</summary>
    public ChartRange? Usual { get; init; }
}

/// <summary>From a lowest to a highest value.</summary>
public sealed record ChartRange(decimal Low, decimal High);

/// <summary>What is stacked with others.</summary>
/// <param name="Name">What people read.</param>
/// <param name="Values">One for each column, never below zero.</param>
public sealed record ChartSeries(string Name, IReadOnlyList<decimal> Values)
{
    // Apart from each other in simulated red-green deficiency, and at least 3:1 on both grounds. What is left over is grey.
    private static readonly string[] Palette = ["var(--blue)", "var(--amber)", "var(--teal)"];

    /// <summary>How many series have a colour of their own.</summary>
    public static int MaximumNamed => Palette.Length;

    public static string ColorOf(int index) => index < Palette.Length ? Palette[index] : "var(--other)";
}

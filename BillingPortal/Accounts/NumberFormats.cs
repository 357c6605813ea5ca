using System.Collections.Immutable;

namespace BillingPortal.Accounts;

/// <summary>A way to write numbers.</summary>
/// <param name="Culture">The culture that writes so; what is kept.</param>
/// <param name="Sample">How it looks.</param>
public sealed record NumberFormat(string Culture, string Sample);

/// <summary>The ways to write numbers that people choose from. The first is everybody's until they choose.</summary>
public static class NumberFormats
{
    public static ImmutableArray<NumberFormat> All { get; } =
    [
        new("en-US", "1,234.56"),
        new("de-DE", "1.234,56"),
        new("fr-FR", "1 234,56"),
        new("de-CH", "1’234.56"),
    ];

    public static string Default => All[0].Culture;

    public static bool Contains(string? culture) => All.Any(format => format.Culture == culture);
}

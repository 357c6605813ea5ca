using BillingPortal.Ledger;

namespace BillingPortal.Components;

/// <summary>What a group used in a span and in the equally long one before.</summary>
/// <param name="Label">What people read.</param>
/// <param name="Credits">Used in the span.</param>
/// <param name="Previous">Used in the span before.</param>
/// <param name="Items">Events in the span.</param>
public sealed record UsageShare(string Label, Credits Credits, Credits Previous, long Items);

/// <summary>Says in a sentence what a usage chart shows.</summary>
public static class UsageFinding
{
    /// <summary>"Most went to Image → HTML: 62%." Nothing used: says so.</summary>
    public static string Of(Credits total, IReadOnlyList<UsageShare> shares)
    {
        var top = shares.MaxBy(share => share.Credits);
        if (top is null || !total.IsPositive)
        {
            return "Nothing was charged in this time.";
        }

        return shares.Count(share => share.Credits.IsPositive) == 1
            ? $"All of it went to {top.Label}."
            : $"{(Percent(top.Credits, total) > 50 ? "Most" : "The largest part")} went to {top.Label}: {Percent(top.Credits, total)}%.";
    }

    /// <summary>"18% more than before, mostly from ci-prod."</summary>
    /// <param name="total">Used in the span.</param>
    /// <param name="previous">Used in the span before.</param>
    /// <param name="before">What that span is called: "the 7 days before".</param>
    /// <param name="shares">Who used it.</param>
    public static string Comparison(Credits total, Credits previous, string before, IReadOnlyList<UsageShare> shares)
    {
        if (!previous.IsPositive)
        {
            return total.IsPositive ? $"Nothing was used in {before}." : "";
        }

        var change = Percent(total - previous, previous);
        if (change == 0)
        {
            return $"As much as in {before}.";
        }

        var grew = total > previous;
        var cause = grew ? shares.MaxBy(share => share.Credits - share.Previous) : shares.MinBy(share => share.Credits - share.Previous);
        var because = shares.Count > 1 && cause is not null ? $", mostly {(grew ? "from" : "less")} {cause.Label}" : "";
        return $"{Display.Number(Math.Abs(change))}% {(grew ? "more" : "less")} than in {before}{because}.";
    }

    /// <summary>A part in whole per cent, rounded half away from zero.</summary>
    public static long Percent(Credits part, Credits whole) => whole.IsZero ? 0 : (long)Rounding.Divide((Int128)part.Micros * 100, whole.Micros);
}

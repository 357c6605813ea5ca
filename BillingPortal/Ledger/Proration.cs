namespace BillingPortal.Ledger;

/// <summary>What part of a cycle's amount is still unused at an instant, by exact time and not by days.</summary>
/// <remarks>
/// Rounded once, half away from zero, to a cent or a micro-credit. The used part is the amount less the unused one, so the two always make the whole.
/// Before the cycle all of it is unused; from its end on, nothing is.
/// </remarks>
public static class Proration
{
    /// <exception cref="ArgumentException">The cycle is empty.</exception>
    public static Money Unused(Money amount, Cycle cycle, DateTimeOffset instant)
    {
        var (left, whole) = Left(cycle, instant);
        return amount.Scale(left, whole);
    }

    /// <exception cref="ArgumentException">The cycle is empty.</exception>
    public static Credits Unused(Credits amount, Cycle cycle, DateTimeOffset instant)
    {
        var (left, whole) = Left(cycle, instant);
        return amount.Scale(left, whole);
    }

    private static (long Left, long Whole) Left(Cycle cycle, DateTimeOffset instant)
    {
        if (cycle.Length <= TimeSpan.Zero)
        {
            throw new ArgumentException($"A cycle ends after it starts, not from {cycle.Start:O} to {cycle.End:O}.", nameof(cycle));
        }

        var left = Math.Clamp((cycle.End - instant).Ticks, 0, cycle.Length.Ticks);
        return (left, cycle.Length.Ticks);
    }
}

namespace BillingPortal.Ledger;

/// <summary>How often a subscription renews.</summary>
public enum BillingInterval
{
    Monthly,
    Yearly,
}

/// <summary>A span of time in UTC that holds its start and not its end, so that neighbours meet without a gap or an overlap.</summary>
public readonly record struct Cycle(DateTimeOffset Start, DateTimeOffset End)
{
    public TimeSpan Length => End - Start;

    public bool Contains(DateTimeOffset instant) => Start <= instant && instant < End;
}

/// <summary>Billing cycles, each computed from the anchor and its number, never from the cycle before it. All in UTC.</summary>
/// <remarks>
/// A day that a month lacks becomes its last day, and the next cycle returns to the anchor: 31 January, 28 February, 31 March; 29 February, 28 February, …, 29 February.
/// Source: faults, F39 and design rule 4.
/// </remarks>
public static class CycleDates
{
    private const int MonthsPerYear = 12;

    /// <summary>The start of cycle <paramref name="number"/>; number 0 starts at the anchor.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative, or the date lies beyond the year 9999.</exception>
    public static DateTimeOffset Nth(DateTimeOffset anchor, BillingInterval interval, int number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        return anchor.ToUniversalTime().AddMonths(checked(number * Months(interval)));
    }

    /// <summary>The number of the cycle that holds <paramref name="instant"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The instant is before the anchor.</exception>
    public static int NumberAt(DateTimeOffset anchor, BillingInterval interval, DateTimeOffset instant)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(instant, anchor);
        var (first, now) = (anchor.ToUniversalTime(), instant.ToUniversalTime());
        var months = ((now.Year - first.Year) * MonthsPerYear) + now.Month - first.Month;
        var number = months / Months(interval);

        // The calendar says which month the instant is in, not whether that month's cycle has begun.
        return Nth(anchor, interval, number) <= instant ? number : number - 1;
    }

    /// <summary>The cycle that holds <paramref name="instant"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The instant is before the anchor.</exception>
    public static Cycle At(DateTimeOffset anchor, BillingInterval interval, DateTimeOffset instant)
    {
        var number = NumberAt(anchor, interval, instant);
        return new Cycle(Nth(anchor, interval, number), Nth(anchor, interval, number + 1));
    }

    private static int Months(BillingInterval interval) => interval switch
    {
        BillingInterval.Monthly => 1,
        BillingInterval.Yearly => MonthsPerYear,
        _ => throw new ArgumentOutOfRangeException(nameof(interval), interval, "Not a billing interval."),
    };
}

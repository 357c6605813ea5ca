namespace BillingPortal.Ledger;

/// <summary>How much usage may take out of a wallet; null: as much as there is. Days and months are UTC's.</summary>
public readonly record struct SpendLimits(Credits? PerDay, Credits? PerMonth)
{
    /// <summary>The limit of one of the periods.</summary>
    public Credits? In(SpendPeriod period) => period is SpendPeriod.Day ? PerDay : PerMonth;
}

/// <summary>The stretch of time that a limit is for.</summary>
public enum SpendPeriod
{
    Day,
    Month,
}

/// <summary>When periods begin and end.</summary>
public static class SpendPeriods
{
    /// <summary>The first day of the period that a UTC day is in.</summary>
    public static DateOnly StartOf(this SpendPeriod period, DateOnly day) => period is SpendPeriod.Day ? day : new(day.Year, day.Month, 1);

    /// <summary>The instant at which the next period begins.</summary>
    public static DateTimeOffset EndOf(this SpendPeriod period, DateOnly day)
    {
        var start = period.StartOf(day);
        return new((period is SpendPeriod.Day ? start.AddDays(1) : start.AddMonths(1)).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
    }
}

/// <summary>What usage took out of a wallet up to a day's last charge.</summary>
/// <param name="Day">The UTC day of that charge.</param>
/// <param name="InDay">In that day.</param>
/// <param name="InMonth">In that day's month.</param>
public readonly record struct Spending(DateOnly Day, Credits InDay, Credits InMonth)
{
    /// <summary>What was taken in one of the periods.</summary>
    public Credits In(SpendPeriod period) => period is SpendPeriod.Day ? InDay : InMonth;

    /// <summary>The same as of another day: what belongs to a day or month that is over no longer counts.</summary>
    /// <remarks>A clock that went back changes nothing: what was spent stays spent.</remarks>
    public Spending At(DateOnly today) =>
        today <= Day ? this : new(today, Credits.Zero, (today.Year, today.Month) == (Day.Year, Day.Month) ? InMonth : Credits.Zero);

    /// <summary>With one more charge.</summary>
    internal Spending Plus(DateOnly today, Credits amount)
    {
        var spent = At(today);
        return spent with { InDay = Add(spent.InDay, amount), InMonth = Add(spent.InMonth, amount) };
    }

    // A wallet may spend more in a month, refilled again and again, than it could ever hold; far beyond every limit the sum stands still.
    private static Credits Add(Credits sum, Credits amount) => Credits.FromMicros((long)Int128.Min(long.MaxValue, (Int128)sum.Micros + amount.Micros));
}

/// <summary>How much of a wallet the usage of one API key may take, and what it took.</summary>
public sealed record KeySpending(string KeyId, SpendLimits Limits, Spending Spending);

using System.Globalization;
using System.Numerics;

namespace BillingPortal.Ledger;

/// <summary>An amount of credit in whole micro-credits (1 credit = 1,000,000). Signed: a debit or an overdraft is negative.</summary>
/// <remarks>Checked arithmetic: an amount that does not fit 64 bits is an error, never a wrapped number. Scale: docs/decisions/0001.</remarks>
public readonly record struct Credits
    : IComparable<Credits>,
        IComparisonOperators<Credits, Credits, bool>,
        IAdditionOperators<Credits, Credits, Credits>,
        ISubtractionOperators<Credits, Credits, Credits>,
        IUnaryNegationOperators<Credits, Credits>
{
    /// <summary>Micro-credits in one credit.</summary>
    public const long MicrosPerCredit = 1_000_000;

    private Credits(long micros) => Micros = micros;

    public static Credits Zero => default;

    public static Credits MaxValue => new(long.MaxValue);

    public long Micros { get; }

    public bool IsPositive => Micros > 0;

    public bool IsNegative => Micros < 0;

    public bool IsZero => Micros == 0;

    public static Credits FromMicros(long micros) => new(micros);

    /// <exception cref="OverflowException">The amount does not fit 64 bits of micro-credits.</exception>
    public static Credits FromWhole(long credits) => new(checked(credits * MicrosPerCredit));

    /// <summary>Reads a decimal number of credits; false if it is finer than a micro-credit or does not fit.</summary>
    public static bool TryFromDecimal(decimal credits, out Credits value)
    {
        value = Zero;
        if (credits is > long.MaxValue / MicrosPerCredit or < long.MinValue / MicrosPerCredit)
        {
            return false;
        }

        var micros = credits * MicrosPerCredit;
        if (micros != decimal.Truncate(micros))
        {
            return false;
        }

        value = new Credits((long)micros);
        return true;
    }

    /// <summary>This amount times a fraction, rounded once, half away from zero, to a micro-credit.</summary>
    /// <exception cref="OverflowException">The product does not fit.</exception>
    public Credits Scale(long numerator, long denominator) => new(Rounding.Divide((Int128)Micros * numerator, denominator));

    /// <summary>The exact number of credits, with up to six decimals and no trailing zeros.</summary>
    public decimal ToDecimal() => decimal.Divide(Micros, MicrosPerCredit) / 1.000000000000000000000000000m;

    public int CompareTo(Credits other) => Micros.CompareTo(other.Micros);

    public static Credits Min(Credits left, Credits right) => left < right ? left : right;

    public static Credits Max(Credits left, Credits right) => left > right ? left : right;

    public static Credits Sum(IEnumerable<Credits> amounts) => amounts.Aggregate(Zero, (total, amount) => total + amount);

    public static Credits operator +(Credits left, Credits right) => new(checked(left.Micros + right.Micros));

    public static Credits operator -(Credits left, Credits right) => new(checked(left.Micros - right.Micros));

    public static Credits operator -(Credits value) => new(checked(-value.Micros));

    public static bool operator <(Credits left, Credits right) => left.Micros < right.Micros;

    public static bool operator >(Credits left, Credits right) => left.Micros > right.Micros;

    public static bool operator <=(Credits left, Credits right) => left.Micros <= right.Micros;

    public static bool operator >=(Credits left, Credits right) => left.Micros >= right.Micros;

    /// <summary>Exact, grouped, culture-free: "2,450", "−" is left to pages. For logs and messages.</summary>
    public override string ToString() => ToDecimal().ToString("#,0.######", CultureInfo.InvariantCulture);
}

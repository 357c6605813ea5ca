using System.Globalization;
using System.Numerics;
using BillingPortal.Ledger;

namespace BillingPortal.Catalog;

/// <summary>A metered amount (minutes, messages, gigabytes, tokens) in whole millionths of a unit. Never negative.</summary>
/// <remarks>Checked arithmetic; the largest is about 9.2 × 10^12 units.</remarks>
public readonly record struct Quantity
    : IComparable<Quantity>,
        IComparisonOperators<Quantity, Quantity, bool>,
        IAdditionOperators<Quantity, Quantity, Quantity>,
        ISubtractionOperators<Quantity, Quantity, Quantity>
{
    /// <summary>Millionths in one unit.</summary>
    public const long MicrosPerUnit = 1_000_000;

    private const int Decimals = 6;

    private Quantity(long micros)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(micros);
        Micros = micros;
    }

    public static Quantity Zero => default;

    public long Micros { get; }

    public bool IsZero => Micros == 0;

    public bool IsWhole => Micros % MicrosPerUnit == 0;

    /// <exception cref="ArgumentOutOfRangeException">The amount is negative.</exception>
    public static Quantity FromMicros(long micros) => new(micros);

    /// <exception cref="ArgumentOutOfRangeException">The amount is negative.</exception>
    /// <exception cref="OverflowException">The amount does not fit.</exception>
    public static Quantity FromWhole(long units) => new(checked(units * MicrosPerUnit));

    /// <summary>Reads plain decimal text; false if malformed, negative, finer than six decimals, or too large.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Quantity quantity)
    {
        quantity = Zero;
        if (!ExactDecimal.TryParse(text, Decimals, out var micros) || micros < 0)
        {
            return false;
        }

        quantity = new Quantity(micros);
        return true;
    }

    /// <summary>This amount, with a part of a unit counted as a whole one; <paramref name="unitSize"/> is what one priced unit holds.</summary>
    /// <exception cref="OverflowException">The next whole unit does not fit.</exception>
    public Quantity RoundUpTo(long unitSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(unitSize);
        var unit = checked(unitSize * MicrosPerUnit);
        var part = Micros % unit;
        return part == 0 ? this : new Quantity(checked(Micros - part + unit));
    }

    /// <summary>The exact number of units, with up to six decimals and no trailing zeros.</summary>
    public decimal ToDecimal() => decimal.Divide(Micros, MicrosPerUnit) / 1.000000000000000000000000000m;

    public int CompareTo(Quantity other) => Micros.CompareTo(other.Micros);

    public static Quantity Min(Quantity left, Quantity right) => left < right ? left : right;

    public static Quantity operator +(Quantity left, Quantity right) => new(checked(left.Micros + right.Micros));

    /// <exception cref="ArgumentOutOfRangeException">The right amount is larger than the left.</exception>
    public static Quantity operator -(Quantity left, Quantity right) => new(checked(left.Micros - right.Micros));

    public static bool operator <(Quantity left, Quantity right) => left.Micros < right.Micros;

    public static bool operator >(Quantity left, Quantity right) => left.Micros > right.Micros;

    public static bool operator <=(Quantity left, Quantity right) => left.Micros <= right.Micros;

    public static bool operator >=(Quantity left, Quantity right) => left.Micros >= right.Micros;

    /// <summary>Exact and culture-free: "12.5", "1,000,000".</summary>
    public override string ToString() => ToDecimal().ToString("#,0.######", CultureInfo.InvariantCulture);
}

using System.Globalization;
using System.Numerics;

namespace BillingPortal.Ledger;

/// <summary>An amount of money in whole US cents. Signed: a refund is negative.</summary>
/// <remarks>The portal bills in one currency, <see cref="Currency"/>; an event in another is refused, not converted.</remarks>
public readonly record struct Money
    : IComparable<Money>,
        IComparisonOperators<Money, Money, bool>,
        IAdditionOperators<Money, Money, Money>,
        ISubtractionOperators<Money, Money, Money>,
        IUnaryNegationOperators<Money, Money>
{
    /// <summary>ISO 4217 code, as Stripe writes it in lower case.</summary>
    public const string Currency = "usd";

    private Money(long cents) => Cents = cents;

    public static Money Zero => default;

    public long Cents { get; }

    public static Money FromCents(long cents) => new(cents);

    /// <exception cref="OverflowException">The amount does not fit 64 bits of cents.</exception>
    public static Money FromDollars(long dollars) => new(checked(dollars * 100));

    /// <summary>Reads a decimal number of dollars; false if it is finer than a cent or does not fit.</summary>
    public static bool TryFromDecimal(decimal dollars, out Money value)
    {
        value = Zero;
        if (dollars is > long.MaxValue / 100 or < long.MinValue / 100)
        {
            return false;
        }

        var cents = dollars * 100;
        if (cents != decimal.Truncate(cents))
        {
            return false;
        }

        value = new Money((long)cents);
        return true;
    }

    /// <summary>This amount times a fraction, rounded once, half away from zero, to a cent.</summary>
    /// <exception cref="OverflowException">The product does not fit.</exception>
    public Money Scale(long numerator, long denominator) => new(Rounding.Divide((Int128)Cents * numerator, denominator));

    /// <summary>Dollars, exact to the cent.</summary>
    public decimal ToDecimal() => new decimal(Cents) / 100m;

    public int CompareTo(Money other) => Cents.CompareTo(other.Cents);

    public static Money operator +(Money left, Money right) => new(checked(left.Cents + right.Cents));

    public static Money operator -(Money left, Money right) => new(checked(left.Cents - right.Cents));

    public static Money operator -(Money value) => new(checked(-value.Cents));

    public static bool operator <(Money left, Money right) => left.Cents < right.Cents;

    public static bool operator >(Money left, Money right) => left.Cents > right.Cents;

    public static bool operator <=(Money left, Money right) => left.Cents <= right.Cents;

    public static bool operator >=(Money left, Money right) => left.Cents >= right.Cents;

    /// <summary>"$39" for whole dollars, "$9.99" otherwise, "-$5" below zero: the form the contract prints prices in.</summary>
    public override string ToString()
    {
        var magnitude = Math.Abs(ToDecimal());
        var text = magnitude.ToString(Cents % 100 == 0 ? "#,0" : "#,0.00", CultureInfo.InvariantCulture);
        return Cents < 0 ? $"-${text}" : $"${text}";
    }
}

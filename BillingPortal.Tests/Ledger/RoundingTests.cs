using System.Numerics;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Ledger;

public sealed class RoundingTests
{
    [Fact]
    public void Every_quotient_is_the_nearest_whole_number_and_a_half_goes_away_from_zero() =>
        Laws.Hold(Numbers.Between(long.MinValue, long.MaxValue), Numbers.Between(1, long.MaxValue), (numerator, denominator) =>
            Assert.Equal(Oracle(numerator, denominator), Rounding.Divide(numerator, denominator)));

    [Fact]
    public void A_product_wider_than_64_bits_is_divided_exactly() =>
        Laws.Hold(Numbers.Between(0, long.MaxValue), Numbers.Between(0, 1_000_000), Numbers.Between(1, long.MaxValue), (value, factor, extra) =>
        {
            var denominator = Math.Max(factor, extra);
            if (denominator == 0)
            {
                return;
            }

            Assert.Equal(Oracle((BigInteger)value * factor, denominator), Rounding.Divide((Int128)value * factor, denominator));
        });

    [Fact]
    public void Rounding_is_the_same_on_both_sides_of_zero() =>
        Laws.Hold(Numbers.Between(0, long.MaxValue), Numbers.Between(1, long.MaxValue), (numerator, denominator) =>
            Assert.Equal(-Rounding.Divide(numerator, denominator), Rounding.Divide(-(Int128)numerator, denominator)));

    [Fact]
    public void A_quotient_that_does_not_fit_is_an_error() =>
        Assert.Throws<OverflowException>(() => Rounding.Divide((Int128)long.MaxValue + 1, 1));

    /// <summary>floor(|n| / d + 1/2) with the sign of n, in arithmetic without bounds.</summary>
    internal static long Oracle(BigInteger numerator, BigInteger denominator) =>
        (long)(numerator.Sign * (((2 * BigInteger.Abs(numerator)) + denominator) / (2 * denominator)));
}

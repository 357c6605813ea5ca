using System.Globalization;
using System.Numerics;
using BillingPortal.Ledger;
using FsCheck;
using FsCheck.Fluent;

namespace BillingPortal.Tests.Ledger;

/// <summary>Laws of credits, money and rounding, against arithmetic that has no bounds.</summary>
public sealed class AmountTests
{
    private static readonly Gen<long> Longs = Gen.Frequency(
        (3, Gen.Choose(-1000, 1000).Select(value => (long)value)),
        (3, from high in Gen.Choose(int.MinValue, int.MaxValue) from low in Gen.Choose(0, int.MaxValue) select ((long)high << 32) + low),
        (1, Gen.Elements(long.MinValue, long.MinValue + 1, long.MaxValue - 1, long.MaxValue, 0, 1, -1)));

    private static readonly Arbitrary<long> AnyLong = Arb.From(Longs);

    private static readonly Arbitrary<long> AnyDenominator = Arb.From(Longs.Select(value => value is long.MinValue or 0 ? 1 : Math.Abs(value)));

    [Fact]
    public void Sums_and_differences_are_exact_or_an_error() => Check(Prop.ForAll(AnyLong, AnyLong, (left, right) =>
    {
        AssertExactOrOverflow((BigInteger)left + right, () => (Credits.FromMicros(left) + Credits.FromMicros(right)).Micros);
        AssertExactOrOverflow((BigInteger)left - right, () => (Credits.FromMicros(left) - Credits.FromMicros(right)).Micros);
        AssertExactOrOverflow(-(BigInteger)left, () => (-Credits.FromMicros(left)).Micros);
        AssertExactOrOverflow((BigInteger)left + right, () => (Money.FromCents(left) + Money.FromCents(right)).Cents);
        AssertExactOrOverflow((BigInteger)left - right, () => (Money.FromCents(left) - Money.FromCents(right)).Cents);
        AssertExactOrOverflow(-(BigInteger)left, () => (-Money.FromCents(left)).Cents);
        AssertExactOrOverflow((BigInteger)left * 1_000_000, () => Credits.FromWhole(left).Micros);
    }));

    [Fact]
    public void Order_is_the_order_of_the_numbers() => Check(Prop.ForAll(AnyLong, AnyLong, (left, right) =>
    {
        var (a, b) = (Credits.FromMicros(left), Credits.FromMicros(right));
        Assert.Equal(left < right, a < b);
        Assert.Equal(left > right, a > b);
        Assert.Equal(left <= right, a <= b);
        Assert.Equal(left >= right, a >= b);
        Assert.Equal(Math.Min(left, right), Credits.Min(a, b).Micros);
        Assert.Equal(Math.Max(left, right), Credits.Max(a, b).Micros);
        Assert.Equal(left.CompareTo(right), Money.FromCents(left).CompareTo(Money.FromCents(right)));
    }));

    [Fact]
    public void Scaling_rounds_once_and_a_half_away_from_zero() => Check(Prop.ForAll(AnyLong, AnyLong, AnyDenominator, (amount, numerator, denominator) =>
    {
        var exact = RoundedHalfAwayFromZero((BigInteger)amount * numerator, denominator);
        AssertExactOrOverflow(exact, () => Credits.FromMicros(amount).Scale(numerator, denominator).Micros);
        AssertExactOrOverflow(exact, () => Money.FromCents(amount).Scale(numerator, denominator).Cents);
    }));

    [Theory]
    [InlineData(5, 2, 3)]
    [InlineData(-5, 2, -3)]
    [InlineData(4, 3, 1)]
    [InlineData(-4, 3, -1)]
    [InlineData(1, 2, 1)]
    [InlineData(-1, 2, -1)]
    [InlineData(0, 7, 0)]
    public void A_half_goes_away_from_zero(long numerator, long denominator, long expected) =>
        Assert.Equal(expected, Rounding.Divide(numerator, denominator));

    [Theory]
    [InlineData(0)]
    [InlineData(-3)]
    public void A_denominator_is_positive(long denominator) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Rounding.Divide(1, denominator));

    [Fact]
    public void Decimals_read_back_as_they_were_written() => Check(Prop.ForAll(AnyLong, value =>
    {
        var credits = Credits.FromMicros(value);
        Assert.Equal(value, decimal.ToInt64(credits.ToDecimal() * 1_000_000m));
        if (Math.Abs(credits.ToDecimal()) <= long.MaxValue / Credits.MicrosPerCredit)
        {
            Assert.True(Credits.TryFromDecimal(credits.ToDecimal(), out var read));
            Assert.Equal(credits, read);
        }

        var money = Money.FromCents(value);
        if (Math.Abs(money.ToDecimal()) <= long.MaxValue / 100)
        {
            Assert.True(Money.TryFromDecimal(money.ToDecimal(), out var paid));
            Assert.Equal(money, paid);
        }
    }));

    [Theory]
    [InlineData("0.0000001")]
    [InlineData("1.2345678")]
    [InlineData("9223372036855")]
    [InlineData("-9223372036855")]
    [InlineData("79228162514264337593543950335")]
    public void What_is_finer_than_a_micro_credit_or_too_large_is_not_read(string text) =>
        Assert.False(Credits.TryFromDecimal(decimal.Parse(text, CultureInfo.InvariantCulture), out _));

    [Theory]
    [InlineData("9.999")]
    [InlineData("92233720368547759")]
    [InlineData("-79228162514264337593543950335")]
    public void What_is_finer_than_a_cent_or_too_large_is_not_read(string text) =>
        Assert.False(Money.TryFromDecimal(decimal.Parse(text, CultureInfo.InvariantCulture), out _));

    [Theory]
    [InlineData(2_450_000_000, "2,450")]
    [InlineData(1_500_000, "1.5")]
    [InlineData(-1, "-0.000001")]
    public void Credits_are_written_exactly(long micros, string text) => Assert.Equal(text, Credits.FromMicros(micros).ToString());

    [Theory]
    [InlineData(3900, "$39")]
    [InlineData(999, "$9.99")]
    [InlineData(-500, "-$5")]
    [InlineData(123456789, "$1,234,567.89")]
    public void Money_is_written_as_the_contract_prints_prices(long cents, string text) => Assert.Equal(text, Money.FromCents(cents).ToString());

    [Fact]
    public void Ids_sort_as_the_milliseconds_they_were_made_in()
    {
        var start = new DateTimeOffset(2026, 6, 16, 12, 0, 0, TimeSpan.Zero);
        var ids = Enumerable.Range(0, 5000).Select(index => Ids.New("tx", start.AddMilliseconds(index * 997L))).ToList();

        Assert.Equal(ids, ids.Order(StringComparer.Ordinal));
        Assert.All(ids, id => Assert.Equal("tx_".Length + Ids.SuffixLength, id.Length));
    }

    [Fact]
    public void Ids_made_in_one_millisecond_differ()
    {
        var now = new DateTimeOffset(2026, 6, 16, 12, 0, 0, TimeSpan.Zero);
        Assert.Distinct(Enumerable.Range(0, 10_000).Select(_ => Ids.New("tx", now)));
    }

    private static void Check(Property property) => property.Check(Config.QuickThrowOnFailure.WithMaxTest(3000).WithQuietOnSuccess(true));

    private static void AssertExactOrOverflow(BigInteger exact, Func<long> compute)
    {
        if (exact >= long.MinValue && exact <= long.MaxValue)
        {
            Assert.Equal((long)exact, compute());
        }
        else
        {
            Assert.Throws<OverflowException>(() => compute());
        }
    }

    /// <summary>Twice the value, plus or minus one half, cut off: another way than the ledger's.</summary>
    private static BigInteger RoundedHalfAwayFromZero(BigInteger numerator, BigInteger denominator) =>
        ((2 * numerator) + (numerator.Sign * denominator)) / (2 * denominator);
}

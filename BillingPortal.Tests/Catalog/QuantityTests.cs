using System.Globalization;
using BillingPortal.Catalog;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Catalog;

public sealed class QuantityTests
{
    private const long Far = long.MaxValue / 4;

    [Theory]
    [InlineData("0", 0)]
    [InlineData("1", 1_000_000)]
    [InlineData("2.5", 2_500_000)]
    [InlineData("0.000001", 1)]
    [InlineData("9223372036854.775807", long.MaxValue)]
    public void A_plain_number_is_read_exactly(string text, long micros)
    {
        Assert.True(Quantity.TryParse(text, out var quantity));
        Assert.Equal(micros, quantity.Micros);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("-0.000001")]
    [InlineData("0.0000001")]
    [InlineData("1e3")]
    [InlineData("ten")]
    [InlineData("")]
    [InlineData("9223372036854.775808")]
    public void Anything_negative_finer_malformed_or_too_large_is_refused(string text) => Assert.False(Quantity.TryParse(text, out _));

    [Fact]
    public void What_a_quantity_says_it_is_can_be_read_back() =>
        Laws.Hold(Numbers.Between(0, long.MaxValue), micros =>
        {
            var quantity = Quantity.FromMicros(micros);
            Assert.Equal(micros / 1_000_000m, quantity.ToDecimal());
            Assert.True(Quantity.TryParse(quantity.ToDecimal().ToString(CultureInfo.InvariantCulture), out var read));
            Assert.Equal(quantity, read);
        });

    [Fact]
    public void Quantities_add_subtract_and_compare_like_whole_numbers() =>
        Laws.Hold(Numbers.Between(0, Far), Numbers.Between(0, Far), (a, b) =>
        {
            var (x, y) = (Quantity.FromMicros(a), Quantity.FromMicros(b));
            Assert.Equal(a + b, (x + y).Micros);
            Assert.Equal(x, x + y - y);
            Assert.Equal((a > b, a < b, a <= b, a >= b), (x > y, x < y, x <= y, x >= y));
            Assert.Equal(Math.Min(a, b), Quantity.Min(x, y).Micros);
            Assert.Equal(Math.Sign(a.CompareTo(b)), Math.Sign(x.CompareTo(y)));
            Assert.Equal((a == 0, a % 1_000_000 == 0), (x.IsZero, x.IsWhole));
        });

    [Fact]
    public void A_part_of_a_unit_counts_as_a_whole_one() =>
        Laws.Hold(Numbers.Between(0, Far), Numbers.Between(1, 1_000_000), (micros, unitSize) =>
        {
            var up = Quantity.FromMicros(micros).RoundUpTo(unitSize);
            var unit = unitSize * 1_000_000;
            Assert.Equal(0, up.Micros % unit);
            Assert.InRange(up.Micros - micros, 0, unit - 1);
            Assert.Equal(up, up.RoundUpTo(unitSize));
        });

    [Fact]
    public void A_quantity_is_never_negative_and_never_wraps()
    {
        var most = Quantity.FromMicros(long.MaxValue);
        Assert.Throws<ArgumentOutOfRangeException>(() => Quantity.FromMicros(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Quantity.FromWhole(1) - Quantity.FromWhole(2));
        Assert.Throws<OverflowException>(() => Quantity.FromWhole(long.MaxValue));
        Assert.Throws<OverflowException>(() => most + Quantity.FromMicros(1));
        Assert.Throws<OverflowException>(() => most.RoundUpTo(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => most.RoundUpTo(0));
    }

    [Theory]
    [InlineData(12_500_000, "12.5")]
    [InlineData(1_000_000_000_000, "1,000,000")]
    public void A_quantity_prints_exactly(long micros, string text) => Assert.Equal(text, Quantity.FromMicros(micros).ToString());
}

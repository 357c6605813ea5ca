using System.Globalization;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Ledger;

public sealed class ExactDecimalTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("-0", 0)]
    [InlineData("1", 1_000_000)]
    [InlineData("-1.5", -1_500_000)]
    [InlineData("007.25", 7_250_000)]
    [InlineData("0.000001", 1)]
    [InlineData("0.0000010000", 1)]
    [InlineData("9223372036854.775807", long.MaxValue)]
    [InlineData("-9223372036854.775807", -long.MaxValue)]
    public void Plain_decimals_are_read_exactly(string text, long scaled)
    {
        Assert.True(ExactDecimal.TryParse(text, 6, out var value));
        Assert.Equal(scaled, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData(".")]
    [InlineData(".5")]
    [InlineData("5.")]
    [InlineData("+5")]
    [InlineData("--5")]
    [InlineData("5-")]
    [InlineData(" 5")]
    [InlineData("5 ")]
    [InlineData("1,000")]
    [InlineData("1.2.3")]
    [InlineData("1e3")]
    [InlineData("0x10")]
    [InlineData("٣")]
    [InlineData("NaN")]
    [InlineData("0.0000001")]
    [InlineData("1.0000000000000000000000000000000000001")]
    [InlineData("9223372036854.775808")]
    [InlineData("99999999999999999999999999999999999999999999999999999999999999999999")]
    public void Anything_else_is_refused(string text)
    {
        Assert.False(ExactDecimal.TryParse(text, 6, out var value));
        Assert.Equal(0, value);
    }

    [Fact]
    public void What_decimal_prints_is_read_back() =>
        Laws.Hold(Numbers.Between(-long.MaxValue, long.MaxValue), Numbers.Between(0, 8), (number, decimals) =>
        {
            var text = (number / Enumerable.Repeat(10m, (int)decimals).Aggregate(1m, decimal.Multiply)).ToString(CultureInfo.InvariantCulture);
            Assert.True(ExactDecimal.TryParse(text, (int)decimals, out var value));
            Assert.Equal(number, value);
        });

    [Fact]
    public void A_digit_below_the_smallest_unit_is_refused_unless_it_is_zero() =>
        Laws.Hold(Numbers.Between(0, 1_000_000_000_000), Numbers.Between(0, 9), (number, digit) =>
            Assert.Equal(digit == 0, ExactDecimal.TryParse(string.Create(CultureInfo.InvariantCulture, $"{number}.00{digit}"), 2, out _)));
}

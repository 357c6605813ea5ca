using BillingPortal.Components;
using BillingPortal.Ledger;

namespace BillingPortal.Tests.Components;

public sealed class DisplayTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(3_420_000_000, "3,420")]
    [InlineData(3_420_999_999, "3,420")]
    [InlineData(999_999_999, "999.99")]
    [InlineData(350_000, "0.35")]
    [InlineData(1, "0.000001")]
    [InlineData(-30_000_000, "−30")]
    [InlineData(-1_234_567_890, "−1,234")]
    public void Credits_are_grouped_and_never_promise_more_than_there_is(long micros, string expected) =>
        Assert.Equal(expected, Display.Amount(Credits.FromMicros(micros)));

    [Theory]
    [InlineData(5_000, "+5,000")]
    [InlineData(-30, "−30")]
    [InlineData(0, "0")]
    public void A_change_carries_its_sign(long credits, string expected) => Assert.Equal(expected, Display.Change(Credits.FromWhole(credits)));

    [Fact]
    public void Exact_credits_have_every_digit() => Assert.Equal("−1,234.56789", Display.Exact(Credits.FromMicros(-1_234_567_890)));

    [Theory]
    [InlineData(3900, "$39.00")]
    [InlineData(-125, "−$1.25")]
    [InlineData(123_456_789, "$1,234,567.89")]
    public void Money_has_cents(long cents, string expected) => Assert.Equal(expected, Display.Price(Money.FromCents(cents)));

    [Theory]
    [InlineData(1, "1 call")]
    [InlineData(0, "0 calls")]
    [InlineData(1204, "1,204 calls")]
    public void One_is_singular(long number, string expected) => Assert.Equal(expected, Display.Count(number, "call"));
}

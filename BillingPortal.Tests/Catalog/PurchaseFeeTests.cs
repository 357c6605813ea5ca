using System.Numerics;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Catalog;

public sealed class PurchaseFeeTests
{
    private static readonly PurchaseFee FivePercent = new(500);

    [Theory]
    [InlineData(999, 949_050, 50)]
    [InlineData(2_499, 2_374_050, 125)]
    [InlineData(4_999, 4_749_050, 250)]
    [InlineData(9_999, 9_499_050, 500)]
    [InlineData(19_999, 18_999_050, 1_000)]
    [InlineData(1_000, 950_000, 50)]
    public void Five_per_cent_leaves_the_figures_of_the_contract(long priceCents, long credits, long feeCents)
    {
        Assert.Equal(Credits.FromWhole(credits), FivePercent.CreditsFor(Money.FromCents(priceCents)));
        Assert.Equal(Money.FromCents(feeCents), FivePercent.On(Money.FromCents(priceCents)));
        Assert.Equal(5m, FivePercent.Percent);
    }

    [Fact]
    public void No_cent_from_half_a_dollar_to_a_thousand_gives_a_credit_for_free()
    {
        for (var cents = 50; cents <= 100_000; cents++)
        {
            var credits = FivePercent.CreditsFor(Money.FromCents(cents)).ToDecimal();
            Assert.Equal(cents * 0.95m * 1_000m, credits);

            // Half away from zero: a fee that ends in half a cent is shown as the whole one.
            Assert.Equal(decimal.Round(cents * 0.05m, MidpointRounding.AwayFromZero), FivePercent.On(Money.FromCents(cents)).Cents);
        }
    }

    [Fact]
    public void Any_fee_on_any_price_gives_every_whole_credit_paid_for_and_none_more() =>
        Laws.Hold(Numbers.Between(0, 100_000_000), Numbers.Between(0, 9_999), (cents, basisPoints) =>
        {
            var paid = (BigInteger)cents * 1_000 * (10_000 - basisPoints);
            BigInteger credits = new PurchaseFee((int)basisPoints).CreditsFor(Money.FromCents(cents)).Micros / 1_000_000;
            Assert.InRange(paid - (credits * 10_000), 0, 9_999);
        });

    [Fact]
    public void A_larger_price_never_buys_less() =>
        Laws.Hold(Numbers.Between(0, 100_000_000), Numbers.Between(0, 9_999), (cents, basisPoints) =>
        {
            var fee = new PurchaseFee((int)basisPoints);
            Assert.True(fee.CreditsFor(Money.FromCents(cents + 1)) >= fee.CreditsFor(Money.FromCents(cents)));
            Assert.True(fee.On(Money.FromCents(cents + 1)) >= fee.On(Money.FromCents(cents)));
        });

    [Fact]
    public void A_price_is_not_negative() => Assert.Throws<ArgumentOutOfRangeException>(() => FivePercent.CreditsFor(Money.FromCents(-1)));
}

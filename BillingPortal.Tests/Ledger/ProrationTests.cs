using System.Numerics;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Ledger;

public sealed class ProrationTests
{
    private const long MostTicks = 366L * TimeSpan.TicksPerDay;

    private static readonly DateTimeOffset Start = new(2026, 4, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Cycle April = new(Start, Start.AddDays(30));

    [Fact]
    public void Half_a_cycle_is_half_its_amount()
    {
        Assert.Equal(Money.FromCents(1_950), Proration.Unused(Money.FromDollars(39), April, Start.AddDays(15)));
        Assert.Equal(Credits.FromWhole(4_000), Proration.Unused(Credits.FromWhole(8_000), April, Start.AddDays(15)));
    }

    [Fact]
    public void A_half_cent_goes_away_from_zero()
    {
        Assert.Equal(Money.FromCents(1), Proration.Unused(Money.FromCents(1), April, Start.AddDays(15)));
        Assert.Equal(Money.FromCents(0), Proration.Unused(Money.FromCents(1), April, Start.AddDays(15).AddTicks(1)));
    }

    [Fact]
    public void All_is_unused_until_the_cycle_starts_and_nothing_once_it_has_ended()
    {
        var price = Money.FromDollars(39);
        Assert.Equal(price, Proration.Unused(price, April, Start.AddDays(-3)));
        Assert.Equal(price, Proration.Unused(price, April, Start));
        Assert.Equal(Money.Zero, Proration.Unused(price, April, April.End));
        Assert.Equal(Money.Zero, Proration.Unused(price, April, April.End.AddDays(3)));
    }

    [Fact]
    public void An_empty_cycle_has_no_parts() =>
        Assert.Throws<ArgumentException>(() => Proration.Unused(Money.FromDollars(1), new Cycle(Start, Start), Start));

    [Fact]
    public void The_unused_part_is_the_share_of_time_left_rounded_once() =>
        Laws.Hold(Numbers.Between(0, 1_000_000_000_000_000), Numbers.Between(1, MostTicks), Numbers.Between(0, MostTicks), (amount, length, passed) =>
        {
            var (cycle, at) = (new Cycle(Start, Start.AddTicks(length)), Start.AddTicks(passed));
            var left = Math.Max(0, length - passed);
            var expected = RoundingTests.Oracle((BigInteger)amount * left, length);
            Assert.Equal(expected, Proration.Unused(Credits.FromMicros(amount), cycle, at).Micros);
            Assert.Equal(expected, Proration.Unused(Money.FromCents(amount), cycle, at).Cents);
        });

    [Fact]
    public void The_unused_part_never_grows_and_never_exceeds_the_whole() =>
        Laws.Hold(Numbers.Between(0, 1_000_000_000), Numbers.Between(0, MostTicks), Numbers.Between(0, MostTicks), (amount, one, other) =>
        {
            var cycle = new Cycle(Start, Start.AddTicks(MostTicks));
            var earlier = Proration.Unused(Money.FromCents(amount), cycle, Start.AddTicks(Math.Min(one, other)));
            var later = Proration.Unused(Money.FromCents(amount), cycle, Start.AddTicks(Math.Max(one, other)));
            Assert.InRange(later.Cents, 0, earlier.Cents);
            Assert.InRange(earlier.Cents, 0, amount);
        });

    [Fact]
    public void What_the_steps_through_a_cycle_use_up_makes_the_whole() =>
        Laws.Hold(Numbers.Between(0, 1_000_000_000_000), Numbers.Between(1, 400), (amount, steps) =>
        {
            var (whole, used) = (Credits.FromMicros(amount), Credits.Zero);
            var before = whole;
            for (var step = 1; step <= steps; step++)
            {
                var left = Proration.Unused(whole, April, Start.AddTicks(April.Length.Ticks / steps * step));
                used += before - left;
                before = left;
            }

            Assert.Equal(whole, used + before);
            Assert.InRange(before.Micros, 0, (amount / 1_000_000) + 1);
        });
}

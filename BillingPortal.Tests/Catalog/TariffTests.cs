using System.Collections.Immutable;
using System.Numerics;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Catalog;

public sealed class TariffTests
{
    private static readonly Tariff Graduated = Tiered(TierMode.Graduated);
    private static readonly Tariff Volume = Tiered(TierMode.Volume);

    [Fact]
    public void One_rate_holds_for_any_amount()
    {
        var flat = Tariff.Flat(Credits.FromWhole(8));
        Assert.Equal([Part(70, 8)], flat.Split(Quantity.FromWhole(1_000_000), Quantity.FromWhole(70)));
        Assert.Equal(Credits.FromWhole(8), flat.FirstRate);
        Assert.False(flat.IsTiered);
    }

    [Fact]
    public void A_graduated_price_splits_an_event_at_each_boundary_it_crosses()
    {
        Assert.True(Graduated.IsTiered);
        Assert.Equal([Part(100, 8)], Graduated.Split(Quantity.Zero, Quantity.FromWhole(100)));
        Assert.Equal([Part(1, 7)], Graduated.Split(Quantity.FromWhole(100), Quantity.FromWhole(1)));
        Assert.Equal([Part(10, 8), Part(400, 7), Part(90, 5)], Graduated.Split(Quantity.FromWhole(90), Quantity.FromWhole(500)));
    }

    [Fact]
    public void A_volume_price_takes_the_rate_of_the_tier_the_last_unit_falls_in()
    {
        Assert.Equal([Part(100, 8)], Volume.Split(Quantity.Zero, Quantity.FromWhole(100)));
        Assert.Equal([Part(101, 7)], Volume.Split(Quantity.Zero, Quantity.FromWhole(101)));
        Assert.Equal([Part(500, 5)], Volume.Split(Quantity.FromWhole(90), Quantity.FromWhole(500)));
    }

    [Fact]
    public void No_units_have_the_rate_of_the_next_one()
    {
        Assert.Equal([Part(0, 8)], Graduated.Split(Quantity.Zero, Quantity.Zero));
        Assert.Equal([Part(0, 7)], Graduated.Split(Quantity.FromWhole(100), Quantity.Zero));
        Assert.Equal([Part(0, 5)], Graduated.Split(Quantity.FromWhole(9_000), Quantity.Zero));
    }

    [Fact]
    public void The_parts_of_a_split_make_the_whole_and_cost_what_the_whole_cycle_costs_more() =>
        Laws.Hold(AnyTariff(), Numbers.Between(0, 2_000_000_000), Numbers.Between(0, 2_000_000_000), (row, used, units) =>
        {
            var tariff = TariffOf(TierMode.Graduated, row);
            var parts = tariff.Split(Quantity.FromMicros(used), Quantity.FromMicros(units));
            Assert.Equal(units, parts.Sum(part => part.Units.Micros));
            Assert.Equal(CycleCost(tariff, used + units) - CycleCost(tariff, used), Cost(parts));
        });

    [Fact]
    public void A_graduated_price_is_the_same_however_the_usage_is_cut_into_events() =>
        Laws.Hold(AnyTariff(), Numbers.Between(0, 2_000_000_000), Numbers.Between(0, 2_000_000_000), (row, first, second) =>
        {
            var tariff = TariffOf(TierMode.Graduated, row);
            var (one, other) = (Quantity.FromMicros(first), Quantity.FromMicros(second));
            Assert.Equal(Cost(tariff.Split(Quantity.Zero, one + other)), Cost(tariff.Split(Quantity.Zero, one)) + Cost(tariff.Split(one, other)));
        });

    [Fact]
    public void A_volume_price_has_the_one_rate_of_the_tier_that_holds_its_end() =>
        Laws.Hold(AnyTariff(), Numbers.Between(0, 2_000_000_000), Numbers.Between(0, 2_000_000_000), (row, used, units) =>
        {
            var tariff = TariffOf(TierMode.Volume, row);
            var part = Assert.Single(tariff.Split(Quantity.FromMicros(used), Quantity.FromMicros(units)));
            var tier = tariff.Tiers.Count(tier => tier.UpTo is { } limit && limit.Micros < used + units);
            Assert.Equal(new RatedUnits(Quantity.FromMicros(units), tariff.Tiers[tier].Rate), part);
        });

    /// <summary>Two boundaries and three rates.</summary>
    private static FsCheck.Arbitrary<Numbers.Row> AnyTariff()
    {
        var (boundary, rate) = (Numbers.Between(1, 1_000_000_000), Numbers.Between(0, 1_000_000_000_000));
        return Numbers.RowOf(("first tier", boundary), ("second tier", boundary), ("first rate", rate), ("second rate", rate), ("last rate", rate));
    }

    private static Tariff TariffOf(TierMode mode, Numbers.Row row) => new(mode,
    [
        new Tier(Quantity.FromMicros(row[0]), Credits.FromMicros(row[2])),
        new Tier(Quantity.FromMicros(row[0] + row[1]), Credits.FromMicros(row[3])),
        new Tier(null, Credits.FromMicros(row[4])),
    ]);

    private static BigInteger CycleCost(Tariff tariff, long units)
    {
        var (cost, below) = (BigInteger.Zero, 0L);
        foreach (var tier in tariff.Tiers)
        {
            var end = tier.UpTo?.Micros ?? long.MaxValue;
            cost += (BigInteger)Math.Max(0, Math.Min(units, end) - below) * tier.Rate.Micros;
            below = end;
        }

        return cost;
    }

    private static BigInteger Cost(ImmutableArray<RatedUnits> parts) =>
        parts.Aggregate(BigInteger.Zero, (cost, part) => cost + ((BigInteger)part.Units.Micros * part.Rate.Micros));

    private static Tariff Tiered(TierMode mode) => new(mode,
    [
        new Tier(Quantity.FromWhole(100), Credits.FromWhole(8)),
        new Tier(Quantity.FromWhole(500), Credits.FromWhole(7)),
        new Tier(null, Credits.FromWhole(5)),
    ]);

    private static RatedUnits Part(long units, long rate) => new(Quantity.FromWhole(units), Credits.FromWhole(rate));
}

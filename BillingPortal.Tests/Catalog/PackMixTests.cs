using System.Collections.Immutable;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Catalog;

public sealed class PackMixTests
{
    [Theory]
    [InlineData(0, "", 0)]
    [InlineData(1, "credits_1000 x1", 900)]
    [InlineData(2_450, "credits_1000 x3", 2_700)]
    [InlineData(3_001, "credits_5000 x1", 3_900)]
    [InlineData(6_000, "credits_5000 x1, credits_1000 x1", 4_800)]
    [InlineData(17_000, "credits_5000 x3, credits_1000 x2", 13_500)]
    [InlineData(18_001, "credits_20000 x1", 13_900)]
    [InlineData(378_000, "credits_100000 x3, credits_20000 x3, credits_5000 x3, credits_1000 x3", 235_800)]
    public void The_shipped_packs_are_combined_as_cheaply_as_their_limits_allow(long needed, string packs, long cents)
    {
        var mix = PackMix.Cheapest(Catalogs.Shipped.Packs, Credits.FromWhole(needed));

        Assert.NotNull(mix);
        Assert.Equal(packs, string.Join(", ", mix.Packs.Select(one => $"{one.Pack.Id} x{one.Count}")));
        Assert.Equal(Money.FromCents(cents), mix.Price);
    }

    [Fact]
    public void What_all_packs_of_a_cycle_do_not_give_cannot_be_bought() =>
        Assert.Null(PackMix.Cheapest(Catalogs.Shipped.Packs, Credits.FromWhole(378_000) + Credits.FromMicros(1)));

    [Fact]
    public void No_valid_combination_is_cheaper_nor_of_the_same_price_simpler() =>
        Laws.Hold(
            Numbers.RowOf(
                ("needed", Numbers.Between(0, 60_000_000)),
                ("credits a", Numbers.Between(1, 10)), ("cents a", Numbers.Between(1, 500)), ("limit a", Numbers.Between(1, 4)),
                ("credits b", Numbers.Between(1, 10)), ("cents b", Numbers.Between(1, 500)), ("limit b", Numbers.Between(1, 4)),
                ("credits c", Numbers.Between(1, 10)), ("cents c", Numbers.Between(1, 500)), ("limit c", Numbers.Between(1, 4))),
            row =>
            {
                ImmutableArray<CreditPack> packs = [.. Enumerable.Range(0, 3).Select(i => Pack($"p{i}", row[(3 * i) + 1], row[(3 * i) + 2], (int)row[(3 * i) + 3]))];
                var needed = Credits.FromMicros(row[0]);

                var mix = PackMix.Cheapest(packs, needed);

                var best = Every(packs).Where(counts => Given(packs, counts) >= needed.Micros)
                    .Select(counts => (Price: counts.Zip(packs).Sum(one => one.First * one.Second.Price.Cents), Count: counts.Sum(), Less: -Given(packs, counts)))
                    .Order().Cast<(long Price, int Count, long Less)?>().FirstOrDefault();
                Assert.Equal(best, mix is null ? null : (mix.Price.Cents, mix.Packs.Sum(one => one.Count), -mix.Credits.Micros));
                Assert.Equal(mix?.Credits.Micros, mix?.Packs.Sum(one => one.Count * one.Pack.Credits.Micros));
                Assert.Equal(mix?.Price.Cents, mix?.Packs.Sum(one => one.Count * one.Pack.Price.Cents));
                Assert.All(mix?.Packs ?? [], one => Assert.InRange(one.Count, 1, one.Pack.Limit));
            },
            cases: 2_000);

    [Fact]
    public void Generous_limits_do_not_make_it_slow()
    {
        ImmutableArray<CreditPack> packs = [.. Enumerable.Range(1, 8).Select(i => Pack($"p{i}", i * 7, i * 60 + 1, 1_000))];

        Assert.NotNull(PackMix.Cheapest(packs, Credits.FromWhole(99_999)));
    }

    private static CreditPack Pack(string id, long credits, long cents, int limit) => new()
    {
        Id = id,
        Code = id,
        Name = id,
        Credits = Credits.FromWhole(credits),
        Price = Money.FromCents(cents),
        MinimumPlanRank = 0,
        LimitPerCycle = limit,
    };

    private static IEnumerable<int[]> Every(ImmutableArray<CreditPack> packs) =>
        from a in Enumerable.Range(0, packs[0].LimitPerCycle + 1)
        from b in Enumerable.Range(0, packs[1].LimitPerCycle + 1)
        from c in Enumerable.Range(0, packs[2].LimitPerCycle + 1)
        select new[] { a, b, c };

    private static long Given(ImmutableArray<CreditPack> packs, int[] counts) => counts.Zip(packs).Sum(one => one.First * one.Second.Credits.Micros);
}

using System.Collections.Immutable;
using BillingPortal.Ledger;

namespace BillingPortal.Catalog;

/// <summary>A pack of one kind of credit, to be bought at most so many times.</summary>
/// <param name="Id">As purchases name it.</param>
/// <param name="Name">What people read.</param>
/// <param name="Credits">What one gives.</param>
/// <param name="Price">What one costs.</param>
/// <param name="Limit">How many may be bought.</param>
public sealed record PackChoice(string Id, string Name, Credits Credits, Money Price, int Limit);

/// <summary>So many of one pack; at least one.</summary>
public readonly record struct PackCount(PackChoice Pack, int Count)
{
    public Money Price => Pack.Price.Scale(Count, 1);
}

/// <summary>Packs bought together in one billing cycle.</summary>
/// <param name="Packs">Each pack once, the largest first; empty if nothing is needed.</param>
/// <param name="Credits">What they give together.</param>
/// <param name="Price">What they cost together.</param>
public sealed record PackMix(ImmutableArray<PackCount> Packs, Credits Credits, Money Price)
{
    /// <summary>The cheapest packs that give at least <paramref name="needed"/> within each pack's limit; null if all of them together do not.</summary>
    /// <remarks>
    /// Of equal prices the fewest packs, then the most credits. Exact: branch and bound, cut off by the best price per credit of the packs left, and wherever the same
    /// was missing before at no greater cost.
    /// </remarks>
    public static PackMix? Cheapest(IEnumerable<PackChoice> packs, Credits needed) => new Search([.. packs], needed).Run();

    /// <inheritdoc cref="Cheapest(IEnumerable{PackChoice}, Credits)"/>
    public static PackMix? Cheapest(IEnumerable<CreditPack> packs, Credits needed) => Cheapest(packs.Select(pack => pack.UpTo(pack.LimitPerCycle)), needed);

    /// <summary>Packs by price per credit, the best first, so that the first mix found is a good one and cuts off most others.</summary>
    private sealed class Search(ImmutableArray<PackChoice> packs, Credits needed)
    {
        private readonly ImmutableArray<PackChoice> sorted = packs.Sort(ByUnitPrice);
        private readonly int[] counts = new int[packs.Length];
        private readonly Dictionary<(int Index, Int128 Missing), (long Price, int Count)> reached = [];
        private (long Price, int Count, Int128 Surplus, int[] Counts)? best;

        public PackMix? Run()
        {
            Try(0, needed.Micros, 0, 0);
            if (best is not { } found)
            {
                return null;
            }

            var chosen = sorted.Zip(found.Counts, (pack, count) => new PackCount(pack, count)).Where(one => one.Count > 0).OrderByDescending(one => one.Pack.Credits).ToImmutableArray();
            return new PackMix(
                chosen,
                Credits.FromMicros(checked((long)((Int128)needed.Micros + found.Surplus))),
                Money.FromCents(found.Price));
        }

        private void Try(int index, Int128 missing, long price, int count)
        {
            if (missing <= 0)
            {
                Offer(price, count, -missing);
                return;
            }

            if (index == sorted.Length || IsHopeless(index, missing, price)
                || (reached.TryGetValue((index, missing), out var earlier) && earlier.CompareTo((price, count)) <= 0))
            {
                return;
            }

            reached[(index, missing)] = (price, count);

            var pack = sorted[index];
            var enough = (missing + pack.Credits.Micros - 1) / pack.Credits.Micros;
            for (var taken = (int)Int128.Min(enough, pack.Limit); taken >= 0; taken--)
            {
                counts[index] = taken;
                Try(index + 1, missing - ((Int128)taken * pack.Credits.Micros), price + (taken * pack.Price.Cents), count + taken);
            }

            counts[index] = 0;
        }

        /// <summary>Whether what is missing costs too much even at the best price per credit that is left.</summary>
        private bool IsHopeless(int index, Int128 missing, long price) =>
            best is { } found && (missing * sorted[index].Price.Cents) > (Int128)(found.Price - price) * sorted[index].Credits.Micros;

        private void Offer(long price, int count, Int128 surplus)
        {
            if (best is null || (price, count, -surplus).CompareTo((best.Value.Price, best.Value.Count, -best.Value.Surplus)) < 0)
            {
                best = (price, count, surplus, [.. counts]);
            }
        }

        private static int ByUnitPrice(PackChoice left, PackChoice right) =>
            ((Int128)left.Price.Cents * right.Credits.Micros).CompareTo((Int128)right.Price.Cents * left.Credits.Micros);
    }
}

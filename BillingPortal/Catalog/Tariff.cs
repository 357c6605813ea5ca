using System.Collections.Immutable;
using BillingPortal.Ledger;

namespace BillingPortal.Catalog;

/// <summary>How tiers apply to the units of a billing cycle.</summary>
public enum TierMode
{
    /// <summary>Each unit costs the rate of the tier it falls in; an event that crosses a boundary is split there.</summary>
    Graduated,

    /// <summary>All units of an event cost the rate of the tier its last unit falls in. Earlier charges are never rated again: docs/decisions/0005.</summary>
    Volume,
}

/// <summary>A rate up to and including <paramref name="UpTo"/> units of the cycle; null is without end, as the last tier is.</summary>
public sealed record Tier(Quantity? UpTo, Credits Rate);

/// <summary>Units and the rate they cost.</summary>
public readonly record struct RatedUnits(Quantity Units, Credits Rate);

/// <summary>What a unit costs: one rate, or tiers by what was used before in the billing cycle.</summary>
/// <remarks>Tiers ascend and the last has no end; the catalog's reader sees to it.</remarks>
public sealed record Tariff(TierMode Mode, ImmutableArray<Tier> Tiers)
{
    public static Tariff Flat(Credits rate) => new(TierMode.Graduated, [new Tier(null, rate)]);

    /// <summary>Whether the rate depends on what was used before; only then does a charge need to know it.</summary>
    public bool IsTiered => Tiers.Length > 1;

    /// <summary>The rate of a cycle's first unit: the one that price lists show.</summary>
    public Credits FirstRate => Tiers[0].Rate;

    /// <summary>The rates that <paramref name="units"/> cost after <paramref name="usedBefore"/> in the same cycle; at least one entry.</summary>
    /// <exception cref="OverflowException">The units of the cycle do not fit.</exception>
    public ImmutableArray<RatedUnits> Split(Quantity usedBefore, Quantity units)
    {
        var end = usedBefore + units;
        if (Mode is TierMode.Volume)
        {
            return [new RatedUnits(units, Tiers.First(tier => tier.UpTo is null || end <= tier.UpTo).Rate)];
        }

        var parts = ImmutableArray.CreateBuilder<RatedUnits>(1);
        var from = usedBefore;
        foreach (var tier in Tiers)
        {
            var to = tier.UpTo is { } limit ? Quantity.Min(limit, end) : end;
            if (to > from)
            {
                parts.Add(new RatedUnits(to - from, tier.Rate));
                from = to;
            }
        }

        return parts.Count > 0 ? parts.DrainToImmutable() : [new RatedUnits(Quantity.Zero, RateAfter(usedBefore))];
    }

    private Credits RateAfter(Quantity used) => Tiers.First(tier => tier.UpTo is null || used < tier.UpTo).Rate;
}

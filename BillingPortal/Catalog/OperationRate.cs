using System.Collections.Immutable;
using BillingPortal.Ledger;

namespace BillingPortal.Catalog;

/// <summary>What becomes of a part of a unit in one event.</summary>
public enum PartUnits
{
    /// <summary>Charged as it is, to the millionth.</summary>
    Exact,

    /// <summary>Counts as a whole unit, once per event.</summary>
    RoundUp,

    /// <summary>Cannot be: such an event is malformed. Messages, calls and tokens come whole.</summary>
    Refuse,
}

/// <summary>One price of an operation that has several, chosen by the event's <see cref="OperationRate.VariantProperty"/>.</summary>
/// <param name="Id">The id of this rate in price lists and in a plan's own rates.</param>
/// <param name="Value">The property's value that chooses it, such as <c>public</c>.</param>
/// <param name="Type">What people read, such as "Public Node".</param>
/// <param name="TypeCode">The machine's form of <paramref name="Type"/>.</param>
/// <param name="Tariff">Its price, where a plan has none of its own.</param>
public sealed record RateVariant(string Id, string Value, string Type, string TypeCode, Tariff Tariff);

/// <summary>What an operation is, what it is measured in and what it costs.</summary>
/// <remarks>
/// Priced in exactly one of three ways: by <see cref="Tariff"/>, by <see cref="Variants"/>, or by the model's tier (<see cref="PricedByModel"/>).
/// Source: design §3; contract, "The portal's own", operations.
/// </remarks>
public sealed record OperationRate
{
    /// <summary>The most priced units one event may hold: with the largest rate a catalog may name, a charge then always fits 64 bits.</summary>
    public const long MaximumUnits = 1_000_000;

    /// <summary>The largest rate a catalog may name, for a priced unit.</summary>
    public static Credits MaximumRate { get; } = Credits.FromWhole(1_000_000);

    /// <summary>The most units that one priced unit may hold.</summary>
    public const int MaximumUnitSize = 1_000_000;

    public required string Id { get; init; }

    /// <summary>What people read, such as "Image → HTML".</summary>
    public required string Label { get; init; }

    /// <summary>One of <see cref="UsageCategories"/>.</summary>
    public required string Category { get; init; }

    /// <summary>One of <see cref="Channels"/>.</summary>
    public required string Channel { get; init; }

    /// <summary>What a quantity counts, in the singular: "minute", "token".</summary>
    public required string Unit { get; init; }

    /// <summary>How many of <see cref="Unit"/> the rate is for: 1, or 1,000,000 tokens.</summary>
    public required long UnitSize { get; init; }

    /// <summary>What the rate is for, as price lists print it: "minute", "1M tokens".</summary>
    public required string PricedUnit { get; init; }

    /// <summary>The kind of credit it costs; one of <see cref="CreditTypes"/>.</summary>
    public required string CreditType { get; init; }

    /// <summary>The price where a plan has none of its own; null if it depends on a variant or a model.</summary>
    public Tariff? Tariff { get; init; }

    public PartUnits PartUnits { get; init; }

    /// <summary>Added for each priced unit of a toll-free inbound call, on every plan; never covered by included minutes.</summary>
    public Credits TollFreeSurcharge { get; init; }

    /// <summary>How far below zero this operation may take a wallet; zero for none.</summary>
    public Credits OverdraftLimit { get; init; }

    /// <summary>Whether a plan's included minutes are used before credits, and a plan's overage rate applies beyond them.</summary>
    public bool UsesIncludedMinutes { get; init; }

    /// <summary>Whether integrators report it; false for what only the portal itself charges, such as number rental.</summary>
    public bool Reported { get; init; } = true;

    /// <summary>Whether the tokens of a call are charged by the tier of its model.</summary>
    public bool PricedByModel { get; init; }

    /// <summary>The event property that chooses among <see cref="Variants"/>; null without variants.</summary>
    public string? VariantProperty { get; init; }

    /// <summary>The value taken when an event does not name one; null if it must.</summary>
    public string? DefaultVariant { get; init; }

    public ImmutableArray<RateVariant> Variants { get; init; } = [];

    /// <summary>What price lists call the operation, such as "Storage egress"; set where <see cref="Variants"/> are listed.</summary>
    public string? Concept { get; init; }

    /// <summary>The machine's form of <see cref="Concept"/>.</summary>
    public string? ConceptCode { get; init; }

    /// <summary>The variant that <paramref name="value"/> chooses, or the default for null; null if there is none such.</summary>
    public RateVariant? FindVariant(string? value) =>
        Variants.FirstOrDefault(variant => string.Equals(variant.Value, value ?? DefaultVariant, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether <paramref name="rateId"/> is this operation's own rate, or that of one of its variants.</summary>
    public bool HasPrice(string rateId) => (Tariff is not null && Id == rateId) || Variants.Any(variant => variant.Id == rateId);

    /// <summary>Whether one event may report <paramref name="quantity"/>.</summary>
    public UsageFault Check(Quantity quantity)
    {
        if (quantity.Micros > (Int128)MaximumUnits * UnitSize * Quantity.MicrosPerUnit)
        {
            return UsageFault.QuantityTooLarge;
        }

        return PartUnits is PartUnits.Refuse && !quantity.IsWhole ? UsageFault.QuantityNotWhole : UsageFault.None;
    }

    /// <summary>The price that holds on <paramref name="plan"/>: the plan's own, else its overage rate where included minutes apply, else the catalog's.</summary>
    /// <exception cref="ArgumentException">The operation is priced by model, or a variant is missing or another operation's.</exception>
    public Tariff TariffOn(Plan plan, RateVariant? variant = null)
    {
        if (PricedByModel || Variants.IsEmpty != variant is null || (variant is not null && !Variants.Contains(variant)))
        {
            throw new ArgumentException($"The operation {Id} has no such price.", nameof(variant));
        }

        if (plan.Rates.TryGetValue(variant?.Id ?? Id, out var own))
        {
            return own;
        }

        return UsesIncludedMinutes && plan.OverageRate is { } overage ? Tariff.Flat(overage) : variant?.Tariff ?? Tariff!;
    }
}

/// <summary>One line of the public price list. Source: contract, <c>GET /credits/rates</c>.</summary>
public sealed record ListedRate(string Id, string Type, string TypeCode, string Concept, string ConceptCode, string Unit, Credits Rate);

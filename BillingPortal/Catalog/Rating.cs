using System.Collections.Immutable;
using BillingPortal.Ledger;

namespace BillingPortal.Catalog;

/// <summary>What an event says that bears on its price.</summary>
public sealed record UsageFacts
{
    /// <summary>How much was used; for a model call the tokens below say it.</summary>
    public Quantity Quantity { get; init; }

    /// <summary>The variant the event chose, for an operation that has variants.</summary>
    public RateVariant? Variant { get; init; }

    /// <summary>The tier of the model called, for an operation priced by model.</summary>
    public ModelTier? Model { get; init; }

    public Quantity InputTokens { get; init; }

    public Quantity OutputTokens { get; init; }

    /// <summary>An inbound call to a toll-free number.</summary>
    public bool TollFree { get; init; }

    /// <summary>What the carrier charged for a toll-free call, at 1 credit = $0.01 (<see cref="CreditValue"/>).</summary>
    public Credits CarrierCost { get; init; }

    /// <summary>Units of this operation already charged for in the billing cycle; matters to tiered prices only.</summary>
    public Quantity UsedInCycle { get; init; }
}

/// <summary>Why facts cannot be rated.</summary>
public enum UsageFault
{
    None,

    /// <summary>A part of something that comes whole: a message, a call, a token.</summary>
    QuantityNotWhole,

    /// <summary>More than <see cref="OperationRate.MaximumUnits"/> priced units in one event.</summary>
    QuantityTooLarge,

    /// <summary>The operation has variants, and the facts choose none of them.</summary>
    VariantMissing,

    /// <summary>The operation is priced by model, and the facts name none.</summary>
    ModelMissing,

    /// <summary>Negative, or more than <see cref="Rating.MaximumCarrierCost"/>.</summary>
    CarrierCostOutOfRange,
}

/// <summary>Turns usage into credits. Pure: the same facts always cost the same.</summary>
public static class Rating
{
    /// <summary>The most a carrier can have charged for one call: $10,000.</summary>
    public static Credits MaximumCarrierCost { get; } = CreditValue.Of(Money.FromDollars(10_000));

    /// <summary>Whether <see cref="Rate"/> can rate these facts, and if not, why.</summary>
    public static UsageFault Check(OperationRate rate, UsageFacts facts)
    {
        if (facts.CarrierCost.IsNegative || facts.CarrierCost > MaximumCarrierCost)
        {
            return UsageFault.CarrierCostOutOfRange;
        }

        if (rate.PricedByModel)
        {
            return facts.Model is null ? UsageFault.ModelMissing : CheckTokens(rate, facts);
        }

        var chosen = facts.Variant is { } variant ? rate.Variants.Contains(variant) : rate.Variants.IsEmpty;
        return chosen ? rate.Check(facts.Quantity) : UsageFault.VariantMissing;
    }

    /// <summary>Rates one event of <paramref name="rate"/> for an organization on <paramref name="plan"/>.</summary>
    /// <exception cref="ArgumentException"><see cref="Check"/> finds fault with the facts.</exception>
    public static RatedUsage Rate(OperationRate rate, Plan plan, UsageFacts facts)
    {
        if (Check(rate, facts) is not UsageFault.None and var fault)
        {
            throw new ArgumentException($"Usage of {rate.Id} cannot be rated: {fault}.", nameof(facts));
        }

        return rate.PricedByModel ? OfModelCall(rate, facts, facts.Model!) : OfUnits(rate, plan, facts);
    }

    private static UsageFault CheckTokens(OperationRate rate, UsageFacts facts)
    {
        // Each alone first, so that their sum fits.
        var alone = rate.Check(facts.InputTokens) is not UsageFault.None and var input ? input : rate.Check(facts.OutputTokens);
        return alone is UsageFault.None ? rate.Check(facts.InputTokens + facts.OutputTokens) : alone;
    }

    private static RatedUsage OfModelCall(OperationRate rate, UsageFacts facts, ModelTier tier)
    {
        ImmutableArray<RatedUnits> tokens = [new(facts.InputTokens, tier.InputRate), new(facts.OutputTokens, tier.OutputRate)];
        return new RatedUsage(rate, facts.InputTokens + facts.OutputTokens, _ => tokens);
    }

    private static RatedUsage OfUnits(OperationRate rate, Plan plan, UsageFacts facts)
    {
        var tariff = rate.TariffOn(plan, facts.Variant);
        var billed = rate.PartUnits is PartUnits.RoundUp ? facts.Quantity.RoundUpTo(rate.UnitSize) : facts.Quantity;
        var tollFree = facts.TollFree && rate.TollFreeSurcharge.IsPositive;
        return new RatedUsage(rate, billed, included => tariff.Split(facts.UsedInCycle, billed - included))
        {
            IncludedUnits = rate.UsesIncludedMinutes ? Credits.FromMicros(billed.Micros) : Credits.Zero,
            SurchargeRate = tollFree ? rate.TollFreeSurcharge : Credits.Zero,
            CarrierCost = tollFree ? facts.CarrierCost : Credits.Zero,
        };
    }
}

/// <summary>A rated event. Its price depends on one thing more: how many of its units the included minutes serve.</summary>
public sealed class RatedUsage
{
    private readonly OperationRate rate;
    private readonly Func<Quantity, ImmutableArray<RatedUnits>> split;

    internal RatedUsage(OperationRate rate, Quantity quantity, Func<Quantity, ImmutableArray<RatedUnits>> split)
    {
        this.rate = rate;
        this.split = split;
        Quantity = quantity;
    }

    /// <summary>The kind of credit the price is in.</summary>
    public string CreditType => rate.CreditType;

    /// <summary>The units as billed, after a part unit was counted as a whole one; for a model call its tokens.</summary>
    public Quantity Quantity { get; }

    /// <summary>How much of <see cref="CreditTypes.IncludedMinutes"/> the event may draw before it costs credits; zero where they do not apply.</summary>
    public Credits IncludedUnits { get; internal init; }

    /// <summary>The rate of the first unit charged, for each priced unit; of a model call, the one of its tokens in. <see cref="Lines"/> has them all.</summary>
    public Credits Rate => Lines(Credits.Zero)[0].Rate;

    /// <summary>The toll-free surcharge, on included minutes too.</summary>
    public Credits Surcharge => Credits.FromMicros(Rounding.Divide(SurchargeExact, Denominator));

    /// <summary>A toll-free call's carrier cost above its surcharge, at cost. Source: contract, surface 002.</summary>
    public Credits PassThrough => Credits.Max(CarrierCost - Surcharge, Credits.Zero);

    internal Credits SurchargeRate { get; init; }

    internal Credits CarrierCost { get; init; }

    // Amounts over this are micro-credits: a micro-credit rate for so many units, times millionths of a unit.
    private Int128 Denominator => (Int128)rate.UnitSize * Quantity.MicrosPerUnit;

    private Int128 SurchargeExact => (Int128)Quantity.Micros * SurchargeRate.Micros;

    /// <summary>The units charged and their rates, after <paramref name="includedDrawn"/> units were served by included minutes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More was drawn than <see cref="IncludedUnits"/>, or less than nothing.</exception>
    public ImmutableArray<RatedUnits> Lines(Credits includedDrawn)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(includedDrawn.Micros, nameof(includedDrawn));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(includedDrawn, IncludedUnits);
        return split(Quantity.FromMicros(includedDrawn.Micros));
    }

    /// <summary>The exact credits to debit after <paramref name="includedDrawn"/> units were served by included minutes.</summary>
    /// <remarks>Units times rates, surcharge and pass-through are added up exactly and rounded once, half away from zero, to a micro-credit.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">More was drawn than <see cref="IncludedUnits"/>, or less than nothing.</exception>
    public Credits Price(Credits includedDrawn)
    {
        // A surcharge and the carrier's cost above it make the larger of the two.
        var total = Int128.Max(SurchargeExact, CarrierCost.Micros * Denominator);
        foreach (var line in Lines(includedDrawn))
        {
            total += (Int128)line.Units.Micros * line.Rate.Micros;
        }

        return Credits.FromMicros(Rounding.Divide(total, Denominator));
    }
}

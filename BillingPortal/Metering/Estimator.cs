using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using BillingPortal.Catalog;
using BillingPortal.Ledger;

namespace BillingPortal.Metering;

/// <summary>What somebody expects to use in a month.</summary>
public sealed record EstimateWish
{
    /// <summary>By the id of an operation, or of one of its variants, in its unit.</summary>
    public ImmutableArray<(string Id, Quantity Quantity)> Usage { get; init; } = [];

    /// <summary>The model whose tokens are told; null without model calls.</summary>
    public string? Model { get; init; }

    public Quantity InputTokens { get; init; }

    public Quantity OutputTokens { get; init; }

    /// <summary>Flows wanted on each day; null if none.</summary>
    public int? FlowsPerDay { get; init; }

    /// <summary>The plan whose rates hold; null: the catalog's own.</summary>
    public string? PlanId { get; init; }
}

/// <summary>Why a wish cannot be estimated.</summary>
/// <param name="Code">Stable and machine-readable.</param>
/// <param name="Field">The part of the wish that is at fault.</param>
/// <param name="Message">A sentence for people.</param>
public sealed record EstimateFault(string Code, string Field, string Message);

/// <summary>What one operation costs.</summary>
/// <param name="Id">As the wish named it.</param>
/// <param name="Rate">The operation.</param>
/// <param name="Quantity">Units as billed; of model calls all tokens.</param>
/// <param name="UnitRate">The rate of the first unit.</param>
/// <param name="Credits">In the operation's kind of credit.</param>
public sealed record EstimateLine(string Id, OperationRate Rate, Quantity Quantity, Credits UnitRate, Credits Credits);

/// <summary>A plan for a month, and the packs that make up for what its allowance does not cover.</summary>
/// <param name="Plan">For one seat.</param>
/// <param name="Credits">What the usage costs on it, its rates and included minutes taken into account.</param>
/// <param name="Packs">For the credits beyond its allowance.</param>
public sealed record PlanOption(Plan Plan, Credits Credits, PackMix Packs)
{
    public Money Price => Plan.MonthlyPrice + Packs.Price;
}

/// <summary>What a wish costs, and what would pay for it. Nothing that anybody holds is subtracted.</summary>
/// <param name="Lines">In the order of the wish.</param>
/// <param name="Total">In credits.</param>
/// <param name="ApiTotal">In API credits.</param>
/// <param name="Pack">The smallest pack that covers the total; null if nothing is needed or none does.</param>
/// <param name="ApiPack">The same for API credits.</param>
/// <param name="Cheapest">The cheapest packs that cover it together; null if all that a cycle allows do not.</param>
/// <param name="CheapestPlan">The plan that makes the month cheapest; null if nothing is needed or none covers it.</param>
/// <param name="FlowsPlan">The least plan with the flows wanted; null if none are wanted or none has them.</param>
public sealed record Estimate(
    ImmutableArray<EstimateLine> Lines,
    Credits Total,
    Credits ApiTotal,
    CreditPack? Pack,
    ApiCreditPack? ApiPack,
    PackMix? Cheapest,
    PlanOption? CheapestPlan,
    Plan? FlowsPlan)
{
    /// <summary>Whether that plan, at its full price, costs less than packs alone.</summary>
    public bool IsPlanCheaper => CheapestPlan is { } option && (Cheapest is null || option.Price < Cheapest.Price);

    /// <summary>Whether one of a pack would cover the total.</summary>
    public bool IsCoveredBy(CreditPack pack) => pack.Credits >= Total;
}

/// <summary>Estimates what usage costs, by the same rating as charges. Pure.</summary>
public sealed class Estimator(PriceCatalog catalog)
{
    public const string UnknownPlan = "UNKNOWN_PLAN";

    /// <summary>The estimate; null, and why, if the wish cannot be rated.</summary>
    public Estimate? Of(EstimateWish wish, [NotNullWhen(false)] out EstimateFault? fault)
    {
        var plan = wish.PlanId is null ? catalog.FreePlan : catalog.FindPlan(wish.PlanId);
        if (plan is null)
        {
            fault = new EstimateFault(UnknownPlan, "plan", $"There is no such plan. Choose one of {string.Join(", ", catalog.Plans.Select(known => known.Id))}.");
            return null;
        }

        var parts = PartsOf(wish, out fault);
        try
        {
            return fault is null ? Compute(wish, plan, parts) : null;
        }
        catch (OverflowException)
        {
            fault = new EstimateFault(UsageRejection.Invalid, parts[0].Id, "That is more than can be priced at once.");
            return null;
        }
    }

    private Estimate Compute(EstimateWish wish, Plan plan, ImmutableArray<Part> parts)
    {
        var lines = parts.Select(part => LineOf(part, plan)).ToImmutableArray();
        var total = TotalOf(lines, CreditTypes.Credits);
        var apiTotal = TotalOf(lines, CreditTypes.ApiCredits);
        var flows = wish.FlowsPerDay ?? 0;
        return new Estimate(
            lines,
            total,
            apiTotal,
            total.IsPositive ? catalog.Packs.Where(pack => pack.Credits >= total).MinBy(pack => pack.Credits) : null,
            apiTotal.IsPositive ? catalog.ApiPacks.Where(pack => pack.Credits >= apiTotal).MinBy(pack => pack.Credits) : null,
            PackMix.Cheapest(catalog.Packs, total),
            total.IsPositive || flows > 0
                ? catalog.Plans.Where(option => !option.IsFree && option.DailyFlows >= flows).Select(option => OptionOf(option, parts)).OfType<PlanOption>().MinBy(option => option.Price)
                : null,
            flows > 0 ? catalog.Plans.FirstOrDefault(option => option.DailyFlows >= flows) : null);
    }

    /// <summary>A month on a plan; null if no packs that it may buy cover the rest.</summary>
    private PlanOption? OptionOf(Plan plan, ImmutableArray<Part> parts)
    {
        var minutes = Credits.FromWhole(plan.IncludedMinutes);
        var credits = Credits.Zero;
        foreach (var part in parts.Where(part => part.Rate.CreditType == CreditTypes.Credits))
        {
            var rated = Rating.Rate(part.Rate, plan, part.Facts);
            var drawn = Credits.Min(minutes, rated.IncludedUnits);
            minutes -= drawn;
            credits += rated.Price(drawn);
        }

        var missing = Credits.Max(Credits.Zero, credits - plan.MonthlyCredits);
        return PackMix.Cheapest(catalog.Packs.Where(pack => pack.IsOpenTo(plan)), missing) is { } packs ? new PlanOption(plan, credits, packs) : null;
    }

    private static EstimateLine LineOf(Part part, Plan plan)
    {
        var rated = Rating.Rate(part.Rate, plan, part.Facts);
        return new EstimateLine(part.Id, part.Rate, rated.Quantity, rated.Rate, rated.Price(Credits.Zero));
    }

    private static Credits TotalOf(ImmutableArray<EstimateLine> lines, string creditType) =>
        Credits.Sum(lines.Where(line => line.Rate.CreditType == creditType).Select(line => line.Credits));

    private ImmutableArray<Part> PartsOf(EstimateWish wish, out EstimateFault? fault)
    {
        var parts = ImmutableArray.CreateBuilder<Part>();
        foreach (var (id, quantity) in wish.Usage)
        {
            if (Find(id, quantity) is not { } part)
            {
                fault = new EstimateFault(UsageRejection.UnknownOperation, id, "There is no such operation.");
                return [];
            }

            parts.Add(part);
        }

        if (wish.Model is { } model)
        {
            if (catalog.FindModel(model) is not { } tier || catalog.Operations.FirstOrDefault(operation => operation.PricedByModel) is not { } rate)
            {
                fault = new EstimateFault(UsageRejection.UnknownModel, "model", "There is no such model.");
                return [];
            }

            parts.Add(new Part("inputTokens", rate, new UsageFacts { Model = tier, InputTokens = wish.InputTokens, OutputTokens = wish.OutputTokens }));
        }

        fault = parts.Select(FaultOf).FirstOrDefault(found => found is not null);
        return parts.DrainToImmutable();
    }

    /// <summary>A variant by its own id, or an operation with its default variant.</summary>
    private Part? Find(string id, Quantity quantity)
    {
        var rate = catalog.FindOperation(id) ?? catalog.Operations.FirstOrDefault(operation => operation.HasPrice(id));
        if (rate is null || rate.PricedByModel)
        {
            return null;
        }

        var variant = rate.Variants.IsEmpty ? null : rate.Variants.FirstOrDefault(one => one.Id == id) ?? rate.FindVariant(null);
        return new Part(id, rate, new UsageFacts { Quantity = quantity, Variant = variant });
    }

    private static EstimateFault? FaultOf(Part part) => Rating.Check(part.Rate, part.Facts) switch
    {
        UsageFault.None => null,
        UsageFault.QuantityNotWhole => new(UsageRejection.Invalid, part.Id, $"The unit '{part.Rate.Unit}' comes whole."),
        UsageFault.VariantMissing => new(
            UsageRejection.Invalid, part.Id, $"Choose one of {string.Join(", ", part.Rate.Variants.Select(variant => variant.Id))}."),
        _ => new(UsageRejection.Invalid, part.Id, "That is more than can be priced at once."),
    };

    private sealed record Part(string Id, OperationRate Rate, UsageFacts Facts);
}

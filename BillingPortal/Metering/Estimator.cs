using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using BillingPortal.Catalog;
using BillingPortal.Ledger;

namespace BillingPortal.Metering;

/// <summary>Tokens of model calls.</summary>
/// <param name="Id">What lines and faults name them by.</param>
/// <param name="Model">The model called.</param>
/// <param name="Input">Tokens in.</param>
/// <param name="Output">Tokens out.</param>
public sealed record TokenWish(string Id, string Model, Quantity Input, Quantity Output);

/// <summary>What somebody expects to use in a month.</summary>
public sealed record EstimateWish
{
    /// <summary>By the id of an operation, or of one of its variants, in its unit.</summary>
    public ImmutableArray<(string Id, Quantity Quantity)> Usage { get; init; } = [];

    public ImmutableArray<TokenWish> Tokens { get; init; } = [];

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
/// <param name="Plan">Which.</param>
/// <param name="PlanPrice">Of a month on it.</param>
/// <param name="Credits">What the usage costs on it, its rates and included minutes taken into account.</param>
/// <param name="Packs">For the credits beyond its allowance.</param>
public sealed record PlanOption(Plan Plan, Money PlanPrice, Credits Credits, PackMix Packs)
{
    public Money Price => PlanPrice + Packs.Price;
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

/// <summary>What an organization has for a month before it buys anything.</summary>
/// <param name="PlanId">The plan held, whose rates hold and whose packs may be bought.</param>
/// <param name="Interval">How often it is paid; other plans are compared at the same.</param>
/// <param name="Seats">How many are held, where a plan is sold by the seat.</param>
/// <param name="Price">Of a month on it.</param>
/// <param name="Allowance">Credits it grants for a month.</param>
/// <param name="Minutes">Voice minutes it includes for a month.</param>
/// <param name="Held">Credits that can be spent besides its allowance; below zero: owed.</param>
/// <param name="ApiHeld">API credits that can be spent; below zero: owed.</param>
/// <param name="PlacesLeft">How many of each pack the billing cycle still allows, by the pack's id.</param>
public sealed record EstimateMeans(
    string PlanId,
    BillingInterval Interval,
    int Seats,
    Money Price,
    Credits Allowance,
    Credits Minutes,
    Credits Held,
    Credits ApiHeld,
    IReadOnlyDictionary<string, int> PlacesLeft);

/// <summary>What pays for an estimate, in the order it is spent, and what is best bought for the rest.</summary>
/// <param name="ByMinutes">Credits saved by included minutes.</param>
/// <param name="Owed">To be settled first.</param>
/// <param name="ByAllowance">Paid by the plan's credits.</param>
/// <param name="ByHeld">Paid by other credits that are held.</param>
/// <param name="Missing">Total less all these, and what is owed.</param>
/// <param name="LacksFlows">Whether the plan held gives fewer flows than are wanted.</param>
/// <param name="PlanPrice">Of a month on the plan held.</param>
/// <param name="Packs">The cheapest packs for what is missing that may still be bought; null if they do not cover it.</param>
/// <param name="Change">Of all other plans the one that makes the month cheapest; null if nothing is wanted or none covers it.</param>
/// <param name="ApiMissing">API credits that are not held.</param>
/// <param name="ApiPacks">The cheapest packs for those.</param>
public sealed record EstimateCover(
    Credits ByMinutes,
    Credits Owed,
    Credits ByAllowance,
    Credits ByHeld,
    Credits Missing,
    bool LacksFlows,
    Money PlanPrice,
    PackMix? Packs,
    PlanOption? Change,
    Credits ApiMissing,
    PackMix? ApiPacks)
{
    /// <summary>What the month costs as it is; null if that does not cover it.</summary>
    public Money? Price => LacksFlows || Packs is null ? null : PlanPrice + Packs.Price;

    /// <summary>Whether changing the plan costs less, or is the only way.</summary>
    public bool IsChangeBetter => Change is { } change && (Price is not { } price || change.Price < price);
}

/// <summary>Estimates what usage costs, by the same rating as charges. Pure.</summary>
public sealed class Estimator(PriceCatalog catalog)
{
    public const string UnknownPlan = "UNKNOWN_PLAN";

    /// <summary>The estimate; null, and why, if the wish cannot be rated.</summary>
    public Estimate? Of(EstimateWish wish, [NotNullWhen(false)] out EstimateFault? fault)
    {
        var plan = PlanOf(wish.PlanId);
        if (plan is null)
        {
            fault = new EstimateFault(UnknownPlan, "plan", $"There is no such plan. Choose one of {string.Join(", ", catalog.Plans.Select(known => known.Id))}.");
            return null;
        }

        var (parts, faults) = PartsOf(wish);
        try
        {
            fault = faults.FirstOrDefault();
            return fault is null ? Compute(wish, plan, parts) : null;
        }
        catch (OverflowException)
        {
            fault = new EstimateFault(UsageRejection.Invalid, parts[0].Id, "That is more than can be priced at once.");
            return null;
        }
    }

    /// <summary>Everything in a wish that cannot be rated.</summary>
    public ImmutableArray<EstimateFault> Check(EstimateWish wish) => PartsOf(wish).Faults;

    /// <summary>What pays for a wish, and what is best bought for the rest.</summary>
    /// <param name="wish">One that can be estimated.</param>
    /// <param name="means">What is there already; null: nothing, and any pack may be bought.</param>
    public EstimateCover Cover(EstimateWish wish, EstimateMeans? means)
    {
        var (parts, _) = PartsOf(wish);
        var flows = wish.FlowsPerDay ?? 0;
        var held = means is null ? null : catalog.FindPlan(means.PlanId);
        var plan = held ?? catalog.FreePlan;
        var total = CreditsOn(plan, parts, Credits.Zero);
        var beyondMinutes = CreditsOn(plan, parts, means?.Minutes ?? Credits.Zero);
        var owed = Credits.Max(Credits.Zero, -(means?.Held ?? Credits.Zero));
        var needed = beyondMinutes + owed;
        var byAllowance = Credits.Min(needed, means?.Allowance ?? Credits.Zero);
        var byHeld = Credits.Min(needed - byAllowance, Credits.Max(Credits.Zero, means?.Held ?? Credits.Zero));
        var missing = needed - byAllowance - byHeld;
        var apiMissing = Credits.Max(Credits.Zero, TotalOf(parts.Select(part => LineOf(part, plan)), CreditTypes.ApiCredits) - (means?.ApiHeld ?? Credits.Zero));
        return new EstimateCover(
            total - beyondMinutes,
            owed,
            byAllowance,
            byHeld,
            missing,
            flows > plan.DailyFlows,
            means?.Price ?? Money.Zero,
            PackMix.Cheapest(
                catalog.Packs.Where(pack => held is null || pack.IsOpenTo(held)).Select(pack => pack.UpTo(means?.PlacesLeft[pack.Id] ?? pack.LimitPerCycle)), missing),
            total.IsPositive || flows > 0 ? CheapestPlan(parts, flows, means) : null,
            apiMissing,
            PackMix.Cheapest(catalog.ApiPacks.Select(pack => pack.Unlimited), apiMissing));
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
            total.IsPositive || flows > 0 ? CheapestPlan(parts, flows, null) : null,
            flows > 0 ? catalog.Plans.FirstOrDefault(option => option.DailyFlows >= flows) : null);
    }

    private Plan? PlanOf(string? planId) => planId is null ? catalog.FreePlan : catalog.FindPlan(planId);

    /// <summary>Of the paid plans that are not held; of equal prices the lowest.</summary>
    private PlanOption? CheapestPlan(ImmutableArray<Part> parts, int flows, EstimateMeans? means) => catalog.Plans
        .Where(plan => !plan.IsFree && plan.DailyFlows >= flows && plan.Id != means?.PlanId)
        .Select(plan => OptionOf(plan, parts, means)).OfType<PlanOption>()
        .MinBy(option => option.Price);

    /// <summary>A month on a plan; null if no packs that it may buy cover the rest.</summary>
    private PlanOption? OptionOf(Plan plan, ImmutableArray<Part> parts, EstimateMeans? means)
    {
        var month = plan.MonthOf(means?.Interval ?? BillingInterval.Monthly, means?.Seats ?? 1);
        var credits = CreditsOn(plan, parts, month.Minutes);
        var missing = Credits.Max(Credits.Zero, credits - month.Credits - (means?.Held ?? Credits.Zero));
        return PackMix.Cheapest(catalog.Packs.Where(pack => pack.IsOpenTo(plan)), missing) is { } packs ? new PlanOption(plan, month.Price, credits, packs) : null;
    }

    private static Credits CreditsOn(Plan plan, ImmutableArray<Part> parts, Credits minutes)
    {
        var credits = Credits.Zero;
        foreach (var part in parts.Where(part => part.Rate.CreditType == CreditTypes.Credits))
        {
            var rated = Rating.Rate(part.Rate, plan, part.Facts);
            var drawn = Credits.Min(minutes, rated.IncludedUnits);
            minutes -= drawn;
            credits += rated.Price(drawn);
        }

        return credits;
    }

    private static EstimateLine LineOf(Part part, Plan plan)
    {
        var rated = Rating.Rate(part.Rate, plan, part.Facts);
        return new EstimateLine(part.Id, part.Rate, rated.Quantity, rated.Rate, rated.Price(Credits.Zero));
    }

    private static Credits TotalOf(IEnumerable<EstimateLine> lines, string creditType) =>
        Credits.Sum(lines.Where(line => line.Rate.CreditType == creditType).Select(line => line.Credits));

    private (ImmutableArray<Part> Parts, ImmutableArray<EstimateFault> Faults) PartsOf(EstimateWish wish)
    {
        var parts = ImmutableArray.CreateBuilder<Part>();
        var faults = ImmutableArray.CreateBuilder<EstimateFault>();
        foreach (var (id, quantity) in wish.Usage)
        {
            if (Find(id, quantity) is { } part)
            {
                parts.Add(part);
            }
            else
            {
                faults.Add(new EstimateFault(UsageRejection.UnknownOperation, id, "There is no such operation."));
            }
        }

        foreach (var tokens in wish.Tokens)
        {
            if (catalog.FindModel(tokens.Model) is { } tier && catalog.Operations.FirstOrDefault(operation => operation.PricedByModel) is { } rate)
            {
                parts.Add(new Part(tokens.Id, rate, new UsageFacts { Model = tier, InputTokens = tokens.Input, OutputTokens = tokens.Output }));
            }
            else
            {
                faults.Add(new EstimateFault(UsageRejection.UnknownModel, "model", "There is no such model."));
            }
        }

        faults.AddRange(parts.Select(FaultOf).OfType<EstimateFault>());
        return (parts.DrainToImmutable(), faults.DrainToImmutable());
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

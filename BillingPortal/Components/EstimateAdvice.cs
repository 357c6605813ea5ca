using System.Globalization;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;

namespace BillingPortal.Components;

/// <summary>Where advice leads.</summary>
public sealed record AdviceLink(string Text, string Href);

/// <summary>What is best bought for an estimate, and why.</summary>
/// <param name="Title">The advice.</param>
/// <param name="Reasons">Sentences.</param>
/// <param name="Links">To follow it; the first is the main one.</param>
public sealed record EstimateAdvice(string Title, IReadOnlyList<string> Reasons, IReadOnlyList<AdviceLink> Links)
{
    /// <param name="estimate">Of something.</param>
    /// <param name="cover">What pays for it.</param>
    /// <param name="viewer">Who asks; null: somebody who is not signed in.</param>
    /// <param name="catalog">What is sold.</param>
    public static EstimateAdvice Of(Estimate estimate, EstimateCover cover, EstimateOverview? viewer, PriceCatalog catalog)
    {
        var advice = viewer is null ? ForVisitors(estimate, cover, catalog.FreePlan) : ForMembers(cover, viewer, catalog);
        if (cover.ApiPacks is { Packs: [var largest, ..] } api)
        {
            advice = advice with
            {
                Reasons = [.. advice.Reasons, $"API credits: {NameOf(api)}, {Display.Price(api.Price)}, is the cheapest way to {Display.Amount(cover.ApiMissing)}."],
                Links = viewer is null ? advice.Links : [.. advice.Links, new AdviceLink("Buy API credits", $"/buy?pack={largest.Pack.Id}#api-credits")],
            };
        }

        return viewer is { MayBuy: false } && advice.Links.Count > 0
            ? advice with { Reasons = [.. advice.Reasons, "Buying is for the roles billing and owner."], Links = [] }
            : advice;
    }

    // Packs need a plan, so somebody without one is told of plans.
    private static EstimateAdvice ForVisitors(Estimate estimate, EstimateCover cover, Plan free)
    {
        AdviceLink start = new("Start free", "/Account/Register");
        if (estimate.Total <= free.OneTimeCredits && !cover.LacksFlows)
        {
            return new($"{free.Name} covers it", [$"It comes with {Display.Amount(free.OneTimeCredits)} credits, once, and {Display.Count(free.DailyFlows, "flow")} a day."], [start]);
        }

        if (cover.Change is not { } plan)
        {
            return new("No plan covers this", ["Neither do all the packs that a month allows. An organization can still top up as it goes."], [start]);
        }

        var reasons = new List<string> { SumOf(plan, "Its credits") };
        if (cover is { LacksFlows: false, Packs: { Packs: [_, ..] } packs })
        {
            reasons.Add($"On a paid plan already, packs alone are {NameOf(packs)}, {Display.Price(packs.Price)}.");
        }

        return new($"{plan.Plan.Name} is cheapest: {Display.Price(plan.Price)} a month", reasons, [start with { Text = $"Start with {plan.Plan.Name}" }]);
    }

    private static EstimateAdvice ForMembers(EstimateCover cover, EstimateOverview viewer, PriceCatalog catalog)
    {
        if (cover is { IsChangeBetter: true, Change: { } plan })
        {
            return new(
                cover.Price is null ? $"{plan.Plan.Name} covers it: {Display.Price(plan.Price)} a month" : $"{plan.Plan.Name} would be cheaper: {Display.Price(plan.Price)} a month",
                [SumOf(plan, "Its credits and what you hold"), AsItIs(cover, viewer)],
                [new AdviceLink($"Look at {plan.Plan.Name}", $"/plan?plan={plan.Plan.Id}&interval={viewer.Means.Interval.ToString().ToLowerInvariant()}#review")]);
        }

        if (cover.LacksFlows)
        {
            return new("No plan gives so many flows a day", [], []);
        }

        var topUp = TopUpFor(cover.Missing, catalog.TopUp);
        if (cover.Price is null)
        {
            return new(
                "No packs that are left in this cycle cover this",
                topUp is null ? [] : [$"A top-up of {Display.Price(topUp.Value)} does."],
                topUp is null ? [] : [LinkTo(topUp.Value)]);
        }

        if (cover is { Missing.IsZero: true, ApiPacks: { Packs: [_, ..] } api })
        {
            return new($"Buy {NameOf(api)}: {Display.Price(api.Price)}", [], []);
        }

        if (cover.Missing.IsZero)
        {
            return new("Nothing to buy", [$"{viewer.PlanName} and what you hold cover it."], []);
        }

        var (packs, links) = (cover.Packs!, new List<AdviceLink>(cover.Packs!.Packs.Select(one => LinkTo(one, cover.Missing))));
        var reasons = new List<string> { $"The cheapest packs for the {Display.Amount(cover.Missing)} credits that are missing; {Display.Amount(packs.Credits - cover.Missing)} are left over." };
        var single = catalog.Packs
            .Where(pack => pack.Credits >= cover.Missing && pack.IsOpenTo(catalog.FindPlan(viewer.Means.PlanId)!) && viewer.Means.PlacesLeft[pack.Id] > 0)
            .MinBy(pack => pack.Price);
        if (single is not null && single.Price > packs.Price)
        {
            reasons.Add($"One {single.Name}, {Display.Price(single.Price)}, covers it too; better only if you use the {Display.Amount(single.Credits - cover.Missing)} that it leaves.");
        }

        if (topUp is { } amount && amount < packs.Price)
        {
            reasons.Add($"For this once, a top-up of {Display.Price(amount)} is enough.");
            links.Add(LinkTo(amount));
        }

        return new($"Buy {NameOf(packs)}: {Display.Price(packs.Price)}", reasons, links);
    }

    private static string AsItIs(EstimateCover cover, EstimateOverview viewer) => cover switch
    {
        { LacksFlows: true } => $"{viewer.PlanName} does not give as many flows a day.",
        { Packs: null } => $"{viewer.PlanName} does not cover it, nor do the packs that it may still buy in this cycle.",
        { Packs: { Packs: [_, ..] } packs, Price: { } price } => $"As it is, {viewer.PlanName} and {NameOf(packs)} come to {Display.Price(price)}.",
        _ => $"As it is, {viewer.PlanName} costs {Display.Price(cover.PlanPrice)} a month.",
    };

    private static string SumOf(PlanOption plan, string means) => plan.Packs.Packs.IsEmpty
        ? $"{means} cover it, with no packs to buy."
        : $"{means} leave some to buy: {Display.Price(plan.PlanPrice)} for the plan, and {NameOf(plan.Packs)}, {Display.Price(plan.Packs.Price)}.";

    private static string NameOf(PackMix mix) => string.Join(" and ", mix.Packs.Select(one => $"{one.Count} × {one.Pack.Name}"));

    private static AdviceLink LinkTo(PackCount one, Credits missing) =>
        new($"Buy {one.Count} × {one.Pack.Name}", $"/buy?pack={one.Pack.Id}&need={missing.ToDecimal().ToString(CultureInfo.InvariantCulture)}#{one.Pack.Id}");

    private static AdviceLink LinkTo(Money amount) => new($"Top up {Display.Price(amount)}", $"/buy?amount={amount.ToDecimal().ToString(CultureInfo.InvariantCulture)}#topup");

    // A credit is a cent; what is missing of one costs the whole.
    private static Money? TopUpFor(Credits missing, TopUpLimits limits)
    {
        var cents = Money.FromCents((missing.Micros + Credits.MicrosPerCredit - 1) / Credits.MicrosPerCredit);
        var amount = cents < limits.Minimum ? limits.Minimum : cents;
        return limits.Allows(amount) ? amount : null;
    }
}

using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;

namespace BillingPortal.Components;

/// <summary>What is filled in for a month, and what comes of it.</summary>
/// <param name="Texts">By field.</param>
/// <param name="Faults">By field, what is wrong with its text.</param>
/// <param name="Estimate">Null if it cannot be estimated.</param>
/// <param name="Problem">Why not.</param>
/// <param name="Cover">What pays for it; null if nothing is filled in.</param>
/// <param name="Advice">What is best bought; null if nothing is filled in.</param>
public sealed record EstimateScenario(
    IReadOnlyDictionary<string, string> Texts, IReadOnlyDictionary<string, string> Faults, Estimate? Estimate, string? Problem, EstimateCover? Cover, EstimateAdvice? Advice)
{
    /// <summary>Nothing is filled in and nothing is counted yet.</summary>
    public static EstimateScenario Empty { get; } = new(new Dictionary<string, string>(), new Dictionary<string, string>(), null, null, null, null);

    public Credits Total => Estimate?.Total ?? Credits.Zero;

    /// <summary>What a field costs; empty if it costs nothing.</summary>
    public string CostOf(string field) => Estimate?.Lines.FirstOrDefault(line => line.Id == field) is { } line ? Display.Amount(line.Credits) : "";

    /// <param name="texts">What is filled in.</param>
    /// <param name="form">Reads it.</param>
    /// <param name="estimator">Counts it.</param>
    /// <param name="viewer">For whom; null: nobody in particular.</param>
    /// <param name="prices">What is sold.</param>
    public static EstimateScenario Of(IReadOnlyDictionary<string, string> texts, EstimateForm form, Estimator estimator, EstimateOverview? viewer, PriceCatalog prices)
    {
        var (wish, faults) = form.Read(texts, viewer?.Means.PlanId);
        var estimate = estimator.Of(wish, out var fault);
        if (estimate is null || (estimate.Lines.Length == 0 && wish.FlowsPerDay is null))
        {
            return new EstimateScenario(texts, faults, estimate, fault?.Message, null, null);
        }

        var cover = estimator.Cover(wish, viewer?.Means);
        return new EstimateScenario(texts, faults, estimate, null, cover, EstimateAdvice.Of(estimate, cover, viewer, prices));
    }
}

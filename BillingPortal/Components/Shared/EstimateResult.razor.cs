using System.Globalization;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Shared;

/// <summary>What a month comes to, what covers it, and what is best bought for the rest.</summary>
public sealed partial class EstimateResult
{
    [Parameter, EditorRequired]
    public EstimateScenario Scenario { get; set; } = null!;

    [Parameter, EditorRequired]
    public IReadOnlyList<EstimateGroup> Groups { get; set; } = [];

    /// <summary>Whom it counts for; null: nobody in particular.</summary>
    [Parameter]
    public EstimateOverview? Overview { get; set; }

    /// <summary>What tells it apart from the other one; null: it stands alone.</summary>
    [Parameter]
    public string? Letter { get; set; }

    private Credits Total => Scenario.Total;

    private IEnumerable<Part> Uses => Groups
        .Select((group, index) => new Part(
            group.Title,
            Credits.Sum(Scenario.Estimate!.Lines.Where(line => line.Rate.CreditType == CreditTypes.Credits && group.Fields.Any(one => one.Name == line.Id)).Select(line => line.Credits)),
            ChartSeries.ColorOf(index)))
        .Where(use => use.Credits.IsPositive);

    private IEnumerable<Part> Sources
    {
        get
        {
            var cover = Scenario.Cover!;
            return new Part[]
            {
                new("Included minutes", cover.ByMinutes, "var(--amber)"),
                new($"{Overview!.PlanName} plan credits", cover.ByAllowance, "var(--blue)"),
                new(cover.ByAllowance.IsPositive ? "Other credits you hold" : "Credits you hold", cover.ByHeld, "var(--teal)"),
                new(cover.Owed.IsPositive ? "Still missing, what is owed included" : "Still missing", cover.Missing, "var(--other)", "held"),
            }.Where(source => source.Credits.IsPositive);
        }
    }

    private string Finding
    {
        get
        {
            var most = Uses.MaxBy(use => use.Credits)!;
            var use = $"{(most.Credits == Total ? "All" : $"{UsageFinding.Percent(most.Credits, Total)}%")} of it is {most.Name}.";
            return Overview is null
                ? use
                : Scenario.Cover is { Missing: { IsPositive: true } missing }
                    ? $"{use} What you have covers {Display.Amount(Credits.Max(Credits.Zero, Total - missing))} of {Display.Amount(Total)}; you need about {Display.Amount(missing)} more."
                    : $"{use} What you have covers all of it.";
        }
    }

    private string Named(string part) => Letter is null ? part : $"{part}-{Letter.ToLowerInvariant()}";

    private static string DescriptionOf(string what, IEnumerable<Part> parts) =>
        $"{what}: {string.Join(", ", parts.Select(part => $"{part.Name} {Display.Amount(part.Credits)}"))}";

    private static string Share(Credits credits) => credits.ToDecimal().ToString("0.######", CultureInfo.InvariantCulture);

    private sealed record Part(string Name, Credits Credits, string Tone, string Class = "");
}

using System.Globalization;
using BillingPortal.Catalog;
using BillingPortal.Metering;
using Microsoft.AspNetCore.WebUtilities;

namespace BillingPortal.Components;

/// <summary>A quantity that can be filled in.</summary>
/// <param name="Name">As addresses and forms have it.</param>
/// <param name="Label">What people read.</param>
/// <param name="Rate">What it costs.</param>
/// <param name="IsWhole">Whether parts of a unit cannot be.</param>
public sealed record EstimateField(string Name, string Label, string Rate, bool IsWhole);

/// <summary>Quantities that belong together.</summary>
public sealed record EstimateGroup(string Title, IReadOnlyList<EstimateField> Fields);

/// <summary>The estimator's fields: what they are called, and what an address or a viewer wrote into them.</summary>
public sealed class EstimateForm(PriceCatalog catalog, Estimator estimator)
{
    public const string FlowsPerDay = "flowsPerDay";
    public const string FlowsTitle = "Flows";

    /// <summary>Says in an address that there is a second scenario, even one with nothing filled in.</summary>
    public const string Compare = "compare";

    /// <summary>Stands before the names of the second scenario's fields.</summary>
    public const string SecondPrefix = "b.";

    /// <summary>Longest text of a field.</summary>
    public const int MaximumLength = 20;

    private const int MostFlows = 1_000_000;

    private static readonly (string Title, string Category)[] Groups =
        [("Operations", UsageCategories.Operations), ("Voice", UsageCategories.Voice), ("AI and tokens", UsageCategories.Ai), ("Storage", UsageCategories.Storage)];

    /// <summary>All fields, with the rates of a plan.</summary>
    /// <param name="planId">Null: the catalog's own rates.</param>
    public IReadOnlyList<EstimateGroup> FieldsOn(string? planId)
    {
        var plan = planId is null ? catalog.FreePlan : catalog.FindPlan(planId) ?? catalog.FreePlan;
        return
        [
            .. Groups
                .Select(group => new EstimateGroup(
                    group.Title, [.. catalog.Operations.Where(operation => operation.Category == group.Category).SelectMany(operation => FieldsOf(operation, plan))]))
                .Where(group => group.Fields.Count > 0),
            new EstimateGroup(FlowsTitle, [new EstimateField(FlowsPerDay, "Posts a day", "1 flow each", true)]),
        ];
    }

    /// <summary>What an address says of the fields; empty if it says nothing.</summary>
    public IReadOnlyDictionary<string, string> Parse(string query) => Parse(query, "");

    /// <summary>What an address says of a second scenario; null if there is none.</summary>
    public IReadOnlyDictionary<string, string>? ParseSecond(string query) => QueryHelpers.ParseQuery(query).ContainsKey(Compare) ? Parse(query, SecondPrefix) : null;

    /// <summary>The address that has these texts; one without any says so, for an address that says nothing starts from what was used.</summary>
    /// <param name="path">The page.</param>
    /// <param name="texts">What is filled in.</param>
    /// <param name="second">The same of a second scenario; null: there is none.</param>
    public static string Address(string path, IReadOnlyDictionary<string, string> texts, IReadOnlyDictionary<string, string>? second = null)
    {
        var named = texts.Count == 0 ? [KeyValuePair.Create(FlowsPerDay, "0")] : texts.ToList();
        if (second is not null)
        {
            named = [.. named, KeyValuePair.Create(Compare, "1"), .. second.Select(pair => KeyValuePair.Create(SecondPrefix + pair.Key, pair.Value))];
        }

        return path + QueryString.Create(named.Select(pair => KeyValuePair.Create<string, string?>(pair.Key, pair.Value)));
    }

    /// <summary>The wish in these texts, and by field what is wrong with those that are left out of it.</summary>
    public (EstimateWish Wish, IReadOnlyDictionary<string, string> Faults) Read(IReadOnlyDictionary<string, string> texts, string? planId)
    {
        var faults = new Dictionary<string, string>(StringComparer.Ordinal);
        var amounts = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var (name, text) in texts)
        {
            if (!Quantity.TryParse(text, out var amount))
            {
                faults[name] = "A number of zero or more, with at most six decimals.";
            }
            else if (name == FlowsPerDay && (!amount.IsWhole || amount > Quantity.FromWhole(MostFlows)))
            {
                faults[name] = $"A whole number up to {Display.Number(MostFlows)}.";
            }
            else if (!amount.IsZero)
            {
                amounts[name] = amount;
            }
        }

        foreach (var fault in estimator.Check(WishOf(amounts, planId)))
        {
            faults[fault.Field] = fault.Message;
            amounts.Remove(fault.Field);
        }

        return (WishOf(amounts, planId), faults);
    }

    /// <summary>What to write into the fields for a wish whose tokens are named by tier.</summary>
    public static IReadOnlyDictionary<string, string> TextsOf(EstimateWish wish) => wish.Usage
        .Concat(wish.Tokens.SelectMany(tokens => new[] { (Id: InputOf(tokens.Id), Quantity: tokens.Input), (Id: OutputOf(tokens.Id), Quantity: tokens.Output) }))
        .Append((Id: FlowsPerDay, Quantity: Quantity.FromWhole(wish.FlowsPerDay ?? 0)))
        .Where(field => !field.Quantity.IsZero)
        .ToDictionary(field => field.Id, field => field.Quantity.ToDecimal().ToString(CultureInfo.InvariantCulture), StringComparer.Ordinal);

    private Dictionary<string, string> Parse(string query, string prefix)
    {
        var known = FieldsOn(null).SelectMany(group => group.Fields).Select(field => prefix + field.Name).ToHashSet(StringComparer.Ordinal);
        return QueryHelpers.ParseQuery(query)
            .Select(pair => (pair.Key, Text: pair.Value.ToString().Trim()))
            .Where(pair => known.Contains(pair.Key) && pair.Text.Length is > 0 and <= MaximumLength)
            .ToDictionary(pair => pair.Key[prefix.Length..], pair => pair.Text, StringComparer.Ordinal);
    }

    private EstimateWish WishOf(Dictionary<string, Quantity> amounts, string? planId)
    {
        Quantity AmountOf(string name) => amounts.GetValueOrDefault(name);
        return new EstimateWish
        {
            PlanId = planId,
            Usage =
            [
                .. catalog.Operations.Where(operation => !operation.PricedByModel).SelectMany(NamesOf)
                    .Where(amounts.ContainsKey).Select(name => (name, AmountOf(name))),
            ],
            Tokens =
            [
                .. catalog.ModelTiers.SelectMany(tier => new[]
                {
                    new TokenWish(InputOf(tier.Id), tier.Models[0], AmountOf(InputOf(tier.Id)), Quantity.Zero),
                    new TokenWish(OutputOf(tier.Id), tier.Models[0], Quantity.Zero, AmountOf(OutputOf(tier.Id))),
                }).Where(tokens => amounts.ContainsKey(tokens.Id)),
            ],
            FlowsPerDay = amounts.TryGetValue(FlowsPerDay, out var flows) ? (int)flows.ToDecimal() : null,
        };
    }

    private static IEnumerable<string> NamesOf(OperationRate operation) =>
        operation.Variants.IsEmpty ? [operation.Id] : operation.Variants.Select(variant => variant.Id);

    private IEnumerable<EstimateField> FieldsOf(OperationRate operation, Plan plan)
    {
        string Per(Ledger.Credits rate) =>
            $"{Display.Amount(rate)} per {operation.PricedUnit}{(operation.CreditType == CreditTypes.Credits ? "" : $", {CreditTypes.NameOf(operation.CreditType)}")}";
        var whole = operation.PartUnits is PartUnits.Refuse;
        if (operation.PricedByModel)
        {
            return catalog.ModelTiers.SelectMany(tier => new[]
            {
                new EstimateField(InputOf(tier.Id), $"{tier.Name} tokens in", Per(tier.InputRate), whole),
                new EstimateField(OutputOf(tier.Id), $"{tier.Name} tokens out", Per(tier.OutputRate), whole),
            });
        }

        return operation.Variants.IsEmpty
            ? [new EstimateField(operation.Id, operation.Label, Per(operation.TariffOn(plan).FirstRate), whole)]
            : operation.Variants.Select(variant => new EstimateField(
                variant.Id, $"{operation.Label}, {variant.Type}", Per(operation.TariffOn(plan, variant).FirstRate), whole));
    }

    private static string InputOf(string tier) => $"in.{tier}";

    private static string OutputOf(string tier) => $"out.{tier}";
}

using System.Collections.Frozen;
using System.Collections.Immutable;

namespace BillingPortal.Catalog;

/// <summary>Everything the portal sells and what it costs, read from the configuration at start and unchanged from then on.</summary>
public sealed class PriceCatalog
{
    private readonly FrozenDictionary<string, Plan> plans;
    private readonly FrozenDictionary<string, CreditPack> packs;
    private readonly FrozenDictionary<string, ApiCreditPack> apiPacks;
    private readonly FrozenDictionary<string, OperationRate> operations;
    private readonly FrozenDictionary<string, ModelTier> models;

    internal PriceCatalog(
        IEnumerable<Plan> plans,
        IEnumerable<CreditPack> packs,
        IEnumerable<ApiCreditPack> apiPacks,
        IEnumerable<OperationRate> operations,
        IEnumerable<ModelTier> modelTiers,
        PurchaseFee fee,
        TopUpLimits topUp,
        GiftLimits gifts)
    {
        Plans = [.. plans.OrderBy(plan => plan.Rank)];
        Packs = [.. packs];
        ApiPacks = [.. apiPacks];
        Operations = [.. operations];
        ModelTiers = [.. modelTiers];
        (Fee, TopUp, GiftLimits) = (fee, topUp, gifts);
        ListedRates = [.. Operations.SelectMany(Listed)];
        this.plans = Plans.ToFrozenDictionary(plan => plan.Id, StringComparer.Ordinal);
        this.packs = Packs.ToFrozenDictionary(pack => pack.Id, StringComparer.Ordinal);
        this.apiPacks = ApiPacks.ToFrozenDictionary(pack => pack.Key, StringComparer.Ordinal);
        this.operations = Operations.ToFrozenDictionary(operation => operation.Id, StringComparer.Ordinal);
        models = ModelTiers.SelectMany(tier => tier.Models.Select(model => (model, tier)))
            .ToFrozenDictionary(pair => pair.model, pair => pair.tier, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>All plans, by rank.</summary>
    public ImmutableArray<Plan> Plans { get; }

    public Plan FreePlan => Plans[0];

    public ImmutableArray<CreditPack> Packs { get; }

    public ImmutableArray<ApiCreditPack> ApiPacks { get; }

    public ImmutableArray<OperationRate> Operations { get; }

    public ImmutableArray<ModelTier> ModelTiers { get; }

    /// <summary>The fee on API-credit packs.</summary>
    public PurchaseFee Fee { get; }

    public decimal FeePercent => Fee.Percent;

    public TopUpLimits TopUp { get; }

    public GiftLimits GiftLimits { get; }

    /// <summary>The public price list of storage and AI.</summary>
    public ImmutableArray<ListedRate> ListedRates { get; }

    public Plan? FindPlan(string id) => plans.GetValueOrDefault(id);

    public CreditPack? FindPack(string id) => packs.GetValueOrDefault(id);

    public ApiCreditPack? FindApiPack(string key) => apiPacks.GetValueOrDefault(key);

    public OperationRate? FindOperation(string id) => operations.GetValueOrDefault(id);

    /// <summary>The tier of a model, by its name in any case.</summary>
    public ModelTier? FindModel(string model) => models.GetValueOrDefault(model);

    private static IEnumerable<ListedRate> Listed(OperationRate operation) => operation.Variants.Select(variant => new ListedRate(
        variant.Id, variant.Type, variant.TypeCode, operation.Concept!, operation.ConceptCode!, operation.PricedUnit, variant.Tariff.FirstRate));
}

using System.Collections.Immutable;
using BillingPortal.Ledger;

namespace BillingPortal.Catalog;

/// <summary>Builds the catalog from the configuration, or lists everything that is wrong with it at once.</summary>
internal sealed class CatalogReader
{
    private const int MaximumRank = 100;
    private const int MaximumCount = 1_000_000;

    // Operations and variants share one space of ids, in which plans name them.
    private const string RateIds = "rate ids";

    // Stand in for what could not be read, so that reading goes on to the next fault. No catalog that holds one is ever returned.
    private static readonly Credits NoCredits = Credits.Zero;
    private static readonly Tariff NoTariff = Tariff.Flat(Credits.Zero);

    private readonly List<CatalogFault> faults = [];
    private readonly HashSet<(string Kind, string Value)> seen = [];

    private CatalogReader()
    {
    }

    /// <exception cref="CatalogException">The catalog is broken; the message lists every fault.</exception>
    public static PriceCatalog Read(IConfiguration configuration)
    {
        var reader = new CatalogReader();
        var catalog = reader.ReadAll(new SettingReader(configuration.GetSection(CatalogServices.Section), reader.faults));
        return reader.faults.Count == 0 ? catalog() : throw new CatalogException([.. reader.faults]);
    }

    private Func<PriceCatalog> ReadAll(SettingReader settings)
    {
        // Operations first: the plans name them.
        var operations = Each(settings.RequiredParts("Operations"), ReadOperation);
        var plans = Each(settings.RequiredParts("Plans"), part => ReadPlan(part, operations));
        var packs = Each(settings.Parts("Packs"), part => ReadPack(part, plans));
        var basisPoints = settings.Amount("FeePercent", 2, 0, "must be a percentage from 0 to 99.99 with at most two decimals", 9_999);
        var fee = new PurchaseFee((int)(basisPoints ?? 0));
        var apiPacks = Each(settings.Parts("ApiPacks"), part => ReadApiPack(part, fee));
        var tiers = Each(settings.Parts("ModelTiers"), ReadModelTier);
        var topUp = ReadTopUp(settings.Part("TopUp"));
        var gifts = ReadGifts(settings.Part("Gifts"));
        settings.RefuseUnknown();

        if (plans.Count > 0 && plans.All(plan => plan.Rank > Plan.FreeRank))
        {
            settings.Fault("Plans", "must have one of rank 0, which costs nothing");
        }

        if (tiers.Count == 0 && operations.Any(operation => operation.PricedByModel))
        {
            settings.Fault("ModelTiers", "must list at least one, since an operation is priced by model");
        }

        if (plans.Any(plan => plan.IncludedMinutes > 0) && !operations.Any(operation => operation.UsesIncludedMinutes))
        {
            settings.Fault("Operations", "must have one with UsesIncludedMinutes, since a plan includes minutes");
        }

        return () => new PriceCatalog(plans, packs, apiPacks, operations, tiers, fee, topUp, gifts);
    }

    private OperationRate ReadOperation(SettingReader settings)
    {
        var id = Unique(settings, "Id", RateIds, settings.Id("Id"));
        var unit = settings.RequiredText("Unit") ?? string.Empty;
        var unitSize = settings.Has("UnitSize") ? settings.Number("UnitSize", 1, OperationRate.MaximumUnitSize) ?? 1 : 1;
        var variants = Each(settings.Parts("Variants"), part => ReadVariant(part, id));
        var operation = new OperationRate
        {
            Id = id,
            Label = settings.RequiredText("Label") ?? string.Empty,
            Category = settings.OneOf("Category", UsageCategories.All) ?? string.Empty,
            Channel = settings.OneOf("Channel", Channels.All) ?? string.Empty,
            Unit = unit,
            UnitSize = unitSize,
            PricedUnit = (unitSize == 1 ? settings.Text("PricedUnit") : settings.RequiredText("PricedUnit")) ?? unit,
            CreditType = settings.OneOf("CreditType", [CreditTypes.Credits, CreditTypes.Flows, CreditTypes.ApiCredits]) ?? string.Empty,
            PartUnits = settings.Choice<PartUnits>("PartUnits"),
            TollFreeSurcharge = Optional(settings, "TollFreeSurcharge", settings.Rate) ?? NoCredits,
            OverdraftLimit = Optional(settings, "OverdraftLimit", settings.WholeCreditsOrZero) ?? NoCredits,
            UsesIncludedMinutes = settings.Flag("UsesIncludedMinutes"),
            Reported = settings.Flag("Reported", absent: true),
            PricedByModel = settings.Flag("PricedByModel"),
            VariantProperty = variants.Count > 0 ? settings.RequiredText("VariantProperty") : settings.Text("VariantProperty"),
            DefaultVariant = settings.Text("DefaultVariant"),
            Variants = [.. variants],
            Concept = variants.Count > 0 ? settings.RequiredText("Concept") : settings.Text("Concept"),
            ConceptCode = variants.Count > 0 ? settings.RequiredText("ConceptCode") : settings.Text("ConceptCode"),
            Tariff = HasTariff(settings) ? ReadTariff(settings) : null,
        };
        settings.RefuseUnknown();
        CheckPricing(settings, operation);
        return operation;
    }

    private static void CheckPricing(SettingReader settings, OperationRate operation)
    {
        var ways = (operation.Tariff is null ? 0 : 1) + (operation.Variants.IsEmpty ? 0 : 1) + (operation.PricedByModel ? 1 : 0);
        if (ways != 1)
        {
            settings.Fault("must have exactly one of CreditsPerUnit, Tiers, Variants and PricedByModel");
        }

        if (operation.UsesIncludedMinutes && (operation.Tariff is null || operation.CreditType != CreditTypes.Credits || operation.UnitSize != 1))
        {
            settings.Fault("UsesIncludedMinutes", "needs a rate for single minutes in credits");
        }

        if (!operation.TollFreeSurcharge.IsZero && (operation.CreditType != CreditTypes.Credits || operation.PricedByModel))
        {
            settings.Fault("TollFreeSurcharge", "needs an operation that is measured in units and paid in credits");
        }

        if (operation.DefaultVariant is not null && operation.FindVariant(null) is null)
        {
            settings.Fault("DefaultVariant", "must be the Value of one of the variants");
        }
    }

    private RateVariant ReadVariant(SettingReader settings, string operation)
    {
        var variant = new RateVariant(
            Unique(settings, "Id", RateIds, settings.Id("Id")),
            Unique(settings, "Value", $"values of {operation}", settings.RequiredText("Value")?.ToLowerInvariant()),
            settings.RequiredText("Type") ?? string.Empty,
            settings.RequiredText("TypeCode") ?? string.Empty,
            ReadTariff(settings));
        settings.RefuseUnknown();
        return variant;
    }

    private static bool HasTariff(SettingReader settings) =>
        settings.Has("CreditsPerUnit") | settings.Has("Tiers") | settings.Has("TierMode");

    private static Tariff ReadTariff(SettingReader settings)
    {
        var flat = settings.Has("CreditsPerUnit");
        var tiered = settings.Has("Tiers") | settings.Has("TierMode");
        if (flat && tiered)
        {
            settings.Fault("must have CreditsPerUnit or Tiers, not both");
            return NoTariff;
        }

        return tiered ? ReadTiers(settings) : Tariff.Flat(settings.Rate("CreditsPerUnit") ?? NoCredits);
    }

    private static Tariff ReadTiers(SettingReader settings)
    {
        if (settings.RequiredText("TierMode") is null)
        {
            return NoTariff;
        }

        var mode = settings.Choice<TierMode>("TierMode");
        var parts = settings.RequiredParts("Tiers");
        var tiers = ImmutableArray.CreateBuilder<Tier>(parts.Count);
        var below = 0L;
        foreach (var (index, part) in parts.Index())
        {
            var last = index == parts.Count - 1;
            if (last && part.Has("UpTo"))
            {
                part.Fault("UpTo", "must be absent from the last tier, which has no end");
            }

            var limit = last ? null : part.Amount("UpTo", 6, below + 1, "must be more than the tier before it, in units with at most six decimals");
            below = limit ?? below;
            tiers.Add(new Tier(limit is { } micros ? Quantity.FromMicros(micros) : null, part.Rate("CreditsPerUnit") ?? NoCredits));
            part.RefuseUnknown();
        }

        return tiers.Count > 0 ? new Tariff(mode, tiers.DrainToImmutable()) : NoTariff;
    }

    private Plan ReadPlan(SettingReader settings, List<OperationRate> operations)
    {
        var rank = settings.Number("Rank", Plan.FreeRank, MaximumRank);
        Unique(settings, "Rank", "plan ranks", rank is { } number ? $"{number}" : null);
        var plan = new Plan
        {
            Id = Unique(settings, "Id", "plans", settings.Id("Id")),
            Name = settings.RequiredText("Name") ?? string.Empty,
            Rank = rank ?? -1,
            MonthlyPrice = settings.PriceOrZero("MonthlyPrice") ?? Money.FromCents(-1),
            YearlyPrice = settings.PriceOrZero("YearlyPrice") ?? Money.FromCents(-1),
            MonthlyCredits = settings.WholeCreditsOrZero("MonthlyCredits") ?? NoCredits,
            YearlyCreditsPerCycle = Optional(settings, "YearlyCredits", settings.WholeCreditsOrZero),
            OneTimeCredits = Optional(settings, "OneTimeCredits", settings.WholeCreditsOrZero) ?? NoCredits,
            PerSeat = settings.Flag("PerSeat"),
            DailyFlows = settings.Number("DailyFlows", 0, MaximumCount) ?? 0,
            IncludedMinutes = settings.Number("IncludedMinutes", 0, MaximumCount) ?? 0,
            OverageRate = Optional(settings, "OverageRate", settings.Rate),
            ApiAccess = settings.Flag("ApiAccess"),
            PackPurchase = settings.Flag("PackPurchase"),
            Rates = ReadPlanRates(settings, operations),
        };
        settings.RefuseUnknown();
        CheckPrice(settings, "MonthlyPrice", plan, plan.MonthlyPrice);
        CheckPrice(settings, "YearlyPrice", plan, plan.YearlyPrice);
        return plan;
    }

    private static void CheckPrice(SettingReader settings, string key, Plan plan, Money price)
    {
        if (plan.Rank == Plan.FreeRank && price.Cents > 0)
        {
            settings.Fault(key, "must be 0 for the plan of rank 0");
        }

        if (plan.Rank > Plan.FreeRank && price.Cents == 0)
        {
            settings.Fault(key, "must be positive for a plan above rank 0");
        }
    }

    private static ImmutableDictionary<string, Tariff> ReadPlanRates(SettingReader settings, List<OperationRate> operations)
    {
        var rates = ImmutableDictionary.CreateBuilder<string, Tariff>(StringComparer.Ordinal);
        foreach (var part in settings.Parts("Rates"))
        {
            var operation = operations.Find(operation => operation.HasPrice(part.Key));
            if (operation is null)
            {
                part.Fault("must be the id of an operation, or of a variant, that has a rate of its own");
            }
            else if (operation.UsesIncludedMinutes && settings.Has("OverageRate"))
            {
                part.Fault("must not stand beside an OverageRate, which already prices it");
            }

            rates[part.Key] = ReadTariff(part);
            part.RefuseUnknown();
        }

        return rates.ToImmutable();
    }

    private CreditPack ReadPack(SettingReader settings, IReadOnlyCollection<Plan> plans)
    {
        var popular = settings.Flag("Popular");
        if (popular && !seen.Add(("packs", "popular")))
        {
            settings.Fault("Popular", "must not be true for more than one pack");
        }

        var pack = new CreditPack
        {
            Id = Unique(settings, "Id", "pack ids", settings.Id("Id")),
            Code = Unique(settings, "Code", "pack codes", settings.RequiredText("Code")),
            Name = settings.RequiredText("Name") ?? string.Empty,
            Credits = settings.WholeCredits("Credits") ?? NoCredits,
            Price = settings.Price("Price") ?? Money.Zero,
            Popular = popular,
            MinimumPlanRank = settings.Number("MinimumPlanRank", Plan.FreeRank, MaximumRank) ?? -1,
            LimitPerCycle = settings.Has("LimitPerCycle") ? settings.Number("LimitPerCycle", 1, MaximumCount) ?? 0 : CreditPack.DefaultLimitPerCycle,
        };
        settings.RefuseUnknown();
        if (pack.MinimumPlanRank >= 0 && plans.All(plan => plan.Rank != pack.MinimumPlanRank))
        {
            settings.Fault("MinimumPlanRank", "must be the rank of a plan");
        }

        return pack;
    }

    private ApiCreditPack ReadApiPack(SettingReader settings, PurchaseFee fee)
    {
        var key = Unique(settings, "Key", "API packs", settings.Id("Key"));
        var name = settings.RequiredText("Name") ?? string.Empty;
        var price = settings.Price("Price") ?? Money.Zero;
        settings.RefuseUnknown();
        return new ApiCreditPack(key, name, price, fee.CreditsFor(price), fee.On(price));
    }

    private ModelTier ReadModelTier(SettingReader settings)
    {
        var models = settings.Texts("Models");
        if (models.Count == 0)
        {
            settings.Fault("Models", "must list at least one");
        }

        foreach (var (path, model) in models)
        {
            if (model.Length == 0)
            {
                settings.Fault(path, "is missing");
            }
            else
            {
                // A model goes by its name in any case.
                Unique(settings, path, "models", model.ToLowerInvariant());
            }
        }

        var tier = new ModelTier(
            Unique(settings, "Id", "model tiers", settings.Id("Id")),
            settings.RequiredText("Name") ?? string.Empty,
            settings.Rate("InputRate") ?? NoCredits,
            settings.Rate("OutputRate") ?? NoCredits,
            [.. models.Select(model => model.Text)]);
        settings.RefuseUnknown();
        return tier;
    }

    private static TopUpLimits ReadTopUp(SettingReader settings)
    {
        var (minimum, maximum) = (settings.Price("Minimum"), settings.Price("Maximum"));
        if (minimum > maximum)
        {
            settings.Fault("Maximum", "must not be less than the minimum");
        }

        settings.RefuseUnknown();
        return new TopUpLimits(minimum ?? Money.Zero, maximum ?? Money.Zero);
    }

    private static GiftLimits ReadGifts(SettingReader settings)
    {
        var (minimum, maximum) = (settings.WholeCredits("Minimum"), settings.WholeCredits("Maximum"));
        if (minimum > maximum)
        {
            settings.Fault("Maximum", "must not be less than the minimum");
        }

        settings.RefuseUnknown();
        return new GiftLimits(minimum ?? NoCredits, maximum ?? NoCredits);
    }

    /// <summary>Notes a fault if an earlier setting of this kind has the same value; empty text stands for one that could not be read.</summary>
    private string Unique(SettingReader settings, string key, string kind, string? value)
    {
        if (value is not null && !seen.Add((kind, value)))
        {
            settings.Fault(key, $"must not be {value} a second time");
        }

        return value ?? string.Empty;
    }

    private static TValue? Optional<TValue>(SettingReader settings, string key, Func<string, TValue?> read)
        where TValue : struct => settings.Has(key) ? read(key) : null;

    private static List<T> Each<T>(IEnumerable<SettingReader> parts, Func<SettingReader, T> read) => [.. parts.Select(read)];
}

using BillingPortal.Catalog;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Catalog;

public sealed class BrokenCatalogTests
{
    [Theory]
    [InlineData("Packs:2:Price", "", "is missing")]
    [InlineData("Packs:2:Price", "free", "must be a positive amount in dollars with at most two decimals")]
    [InlineData("Packs:2:Price", "0", "must be a positive amount in dollars with at most two decimals")]
    [InlineData("Packs:2:Price", "-9", "must be a positive amount in dollars with at most two decimals")]
    [InlineData("Packs:2:Price", "9.999", "must be a positive amount in dollars with at most two decimals")]
    [InlineData("Packs:2:Price", "1e2", "must be a positive amount in dollars with at most two decimals")]
    [InlineData("Packs:2:Price", "9,99", "must be a positive amount in dollars with at most two decimals")]
    [InlineData("Packs:2:Price", "99999999999999999999", "must be a positive amount in dollars with at most two decimals")]
    [InlineData("Packs:2:Credits", "0", "must be a whole number of credits from 1 to 1,000,000,000")]
    [InlineData("Packs:2:Credits", "10.5", "must be a whole number of credits from 1 to 1,000,000,000")]
    [InlineData("Packs:2:Id", "credits_1000", "must not be credits_1000 a second time")]
    [InlineData("Packs:2:Id", "Credits 1", "must be a lower-case letter followed by lower-case letters, digits or underscores, 50 at most")]
    [InlineData("Packs:2:Code", "growth", "must not be growth a second time")]
    [InlineData("Packs:2:Name", " ", "is missing")]
    [InlineData("Packs:2:Popular", "true", "must not be true for more than one pack")]
    [InlineData("Packs:2:Popular", "maybe", "must be true or false")]
    [InlineData("Packs:2:MinimumPlanRank", "7", "must be the rank of a plan")]
    [InlineData("Packs:2:LimitPerCycle", "0", "must be a whole number from 1 to 1000000")]
    [InlineData("Packs:2:Prize", "9", "is not a setting of the catalog")]
    [InlineData("Plans:2:Id", "lite", "must not be lite a second time")]
    [InlineData("Plans:2:Rank", "1", "must not be 1 a second time")]
    [InlineData("Plans:2:Rank", "-1", "must be a whole number from 0 to 100")]
    [InlineData("Plans:2:MonthlyPrice", "0", "must be positive for a plan above rank 0")]
    [InlineData("Plans:0:YearlyPrice", "1", "must be 0 for the plan of rank 0")]
    [InlineData("Plans:0:Rank", "50", "must be positive for a plan above rank 0", "Plans:0:MonthlyPrice")]
    [InlineData("Plans:2:MonthlyCredits", "lots", "must be a whole number of credits from 0 to 1,000,000,000")]
    [InlineData("Plans:2:YearlyCredits", "-1", "must be a whole number of credits from 0 to 1,000,000,000")]
    [InlineData("Plans:2:DailyFlows", "1.5", "must be a whole number from 0 to 1000000")]
    [InlineData("Plans:2:IncludedMinutes", "", "is missing")]
    [InlineData("Plans:2:OverageRate", "7.0000001", "must be a number of credits from 0 to 1,000,000 with at most six decimals")]
    [InlineData("Plans:2:Rates:voice:CreditsPerUnit", "7", "must not stand beside an OverageRate, which already prices it", "Plans:2:Rates:voice")]
    [InlineData("Plans:2:Rates:teleport:CreditsPerUnit", "7", "must be the id of an operation, or of a variant, that has a rate of its own", "Plans:2:Rates:teleport")]
    [InlineData("Plans:2:Rates:model_call:CreditsPerUnit", "7", "must be the id of an operation, or of a variant, that has a rate of its own", "Plans:2:Rates:model_call")]
    [InlineData("Plans:2:Rates:chat:CreditsPerUnit", "cheap", "must be a number of credits from 0 to 1,000,000 with at most six decimals")]
    [InlineData("Plans:2:Rates:chat:TierMode", "Graduated", "must list at least one", "Plans:2:Rates:chat:Tiers")]
    [InlineData("Operations:0:Id", "voice", "must not be voice a second time", "Operations:3:Id")]
    [InlineData("Operations:0:Category", "misc", "must be one of storage, ai, operations, voice")]
    [InlineData("Operations:0:Channel", "fax", "must be one of voice, chat, transfer_minute, number, operations, storage, ai")]
    [InlineData("Operations:0:CreditType", "included_minutes", "must be one of credits, flows, api_credits")]
    [InlineData("Operations:0:Unit", "", "is missing")]
    [InlineData("Operations:0:UnitSize", "0", "must be a whole number from 1 to 1000000")]
    [InlineData("Operations:0:UnitSize", "100", "is missing", "Operations:0:PricedUnit")]
    [InlineData("Operations:0:PartUnits", "Sometimes", "must be one of Exact, RoundUp, Refuse")]
    [InlineData("Operations:0:CreditsPerUnit", "1000000.1", "must be a number of credits from 0 to 1,000,000 with at most six decimals")]
    [InlineData("Operations:0:CreditsPerUnit", "", "must have exactly one of CreditsPerUnit, Tiers, Variants and PricedByModel", "Operations:0")]
    [InlineData("Operations:0:PricedByModel", "true", "must have exactly one of CreditsPerUnit, Tiers, Variants and PricedByModel", "Operations:0")]
    [InlineData("Operations:0:TierMode", "Volume", "must have CreditsPerUnit or Tiers, not both", "Operations:0")]
    [InlineData("Operations:3:UnitSize", "60", "needs a rate for single minutes in credits", "Operations:3:UsesIncludedMinutes")]
    [InlineData("Operations:3:UsesIncludedMinutes", "", "must have one with UsesIncludedMinutes, since a plan includes minutes", "Operations")]
    [InlineData("Operations:3:TollFreeSurcharge", "-2", "must be a number of credits from 0 to 1,000,000 with at most six decimals")]
    [InlineData("Operations:9:TollFreeSurcharge", "2", "needs an operation that is measured in units and paid in credits")]
    [InlineData("Operations:7:DefaultVariant", "lunar", "must be the Value of one of the variants")]
    [InlineData("Operations:7:VariantProperty", "", "is missing")]
    [InlineData("Operations:7:Concept", "", "is missing")]
    [InlineData("Operations:7:Variants:1:Value", "Public", "must not be public a second time")]
    [InlineData("Operations:7:Variants:1:Id", "voice", "must not be voice a second time")]
    [InlineData("Operations:7:Variants:1:CreditsPerUnit", "", "is missing")]
    [InlineData("Operations:7:Variants:1:TypeCode", "", "is missing")]
    [InlineData("Operations:7:Variants:1:Colour", "red", "is not a setting of the catalog")]
    [InlineData("FeePercent", "100", "must be a percentage from 0 to 99.99 with at most two decimals")]
    [InlineData("FeePercent", "5.001", "must be a percentage from 0 to 99.99 with at most two decimals")]
    [InlineData("ApiPacks:1:Key", "starter", "must not be starter a second time")]
    [InlineData("ApiPacks:1:Price", "nine", "must be a positive amount in dollars with at most two decimals")]
    [InlineData("ModelTiers:1:Id", "core", "must not be core a second time")]
    [InlineData("ModelTiers:1:InputRate", "", "is missing")]
    [InlineData("ModelTiers:1:Models:2", "GPT-4O-mini", "must not be gpt-4o-mini a second time")]
    [InlineData("ModelTiers:1:Models:2", "", "is missing")]
    [InlineData("TopUp:Maximum", "4.99", "must not be less than the minimum")]
    [InlineData("TopUp:Minimum", "0", "must be a positive amount in dollars with at most two decimals")]
    [InlineData("Gifts:Maximum", "0", "must be a whole number of credits from 1 to 1,000,000,000")]
    [InlineData("Packs", "none", "must be a list")]
    [InlineData("Pakcs", "x", "is not a setting of the catalog")]
    public void A_fault_is_told_with_its_path(string setting, string value, string problem, string? path = null)
    {
        var broken = Assert.Throws<CatalogException>(() => Catalogs.With((setting, value)));
        Assert.Contains(new CatalogFault($"Catalog:{path ?? setting}", problem), broken.Faults);
    }

    [Fact]
    public void One_fault_is_told_once_and_alone() => Assert.Equal(
        [new CatalogFault("Catalog:Packs:2:Price", "must be a positive amount in dollars with at most two decimals")],
        Assert.Throws<CatalogException>(() => Catalogs.With(("Packs:2:Price", "cheap"))).Faults);

    [Fact]
    public void All_faults_are_told_at_once()
    {
        var broken = Assert.Throws<CatalogException>(() => Catalogs.With(
            ("Packs:2:Price", "cheap"), ("Plans:4:Rank", "x"), ("Operations:1:Channel", "fax"), ("ModelTiers:0:OutputRate", "-1"), ("TopUp:Minimum", "")));
        Assert.Equal(
            ["Catalog:Operations:1:Channel", "Catalog:Plans:4:Rank", "Catalog:Packs:2:Price", "Catalog:ModelTiers:0:OutputRate", "Catalog:TopUp:Minimum"],
            broken.Faults.Select(fault => fault.Path));
        Assert.All(broken.Faults, fault => Assert.Contains($"\n  {fault.Path}: {fault.Problem}", broken.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("0", "20", "must be more than the tier before it, in units with at most six decimals", "Tiers:0:UpTo")]
    [InlineData("10", "10", "must be more than the tier before it, in units with at most six decimals", "Tiers:1:UpTo")]
    [InlineData("10", "", "is missing", "Tiers:1:UpTo")]
    public void Tiers_ascend(string first, string second, string problem, string path)
    {
        var broken = Assert.Throws<CatalogException>(() => Catalogs.With(
            ("Plans:5:Rates:chat:TierMode", "Volume"),
            ("Plans:5:Rates:chat:Tiers:0:UpTo", first), ("Plans:5:Rates:chat:Tiers:0:CreditsPerUnit", "1"),
            ("Plans:5:Rates:chat:Tiers:1:UpTo", second), ("Plans:5:Rates:chat:Tiers:1:CreditsPerUnit", "0.9"),
            ("Plans:5:Rates:chat:Tiers:2:CreditsPerUnit", "0.8")));
        Assert.Equal([new CatalogFault($"Catalog:Plans:5:Rates:chat:{path}", problem)], broken.Faults);
    }

    [Fact]
    public void The_last_tier_has_no_end()
    {
        var broken = Assert.Throws<CatalogException>(() => Catalogs.With(
            ("Plans:5:Rates:chat:TierMode", "Volume"),
            ("Plans:5:Rates:chat:Tiers:0:UpTo", "10"), ("Plans:5:Rates:chat:Tiers:0:CreditsPerUnit", "1")));
        Assert.Equal([new CatalogFault("Catalog:Plans:5:Rates:chat:Tiers:0:UpTo", "must be absent from the last tier, which has no end")], broken.Faults);
    }

    [Fact]
    public void A_catalog_that_is_not_there_is_told_part_by_part()
    {
        var broken = Assert.Throws<CatalogException>(() => Catalogs.Only());
        Assert.Contains(new CatalogFault("Catalog:Plans", "must list at least one"), broken.Faults);
        Assert.Contains(new CatalogFault("Catalog:Operations", "must list at least one"), broken.Faults);
        Assert.Contains(new CatalogFault("Catalog:TopUp:Minimum", "is missing"), broken.Faults);
    }

    [Fact]
    public void A_ladder_needs_a_plan_that_costs_nothing()
    {
        var broken = Assert.Throws<CatalogException>(() =>
            Catalogs.With(("Plans:0:Rank", "50"), ("Plans:0:MonthlyPrice", "1"), ("Plans:0:YearlyPrice", "10")));
        Assert.Equal([new CatalogFault("Catalog:Plans", "must have one of rank 0, which costs nothing")], broken.Faults);
    }

    [Fact]
    public void An_operation_priced_by_model_needs_models()
    {
        var broken = Assert.Throws<CatalogException>(() => Catalogs.Only(
            ("Operations:0:Id", "model_call"), ("Operations:0:Label", "Model call"), ("Operations:0:Category", "ai"), ("Operations:0:Channel", "ai"),
            ("Operations:0:CreditType", "api_credits"), ("Operations:0:Unit", "token"), ("Operations:0:PricedByModel", "true")));
        Assert.Contains(new CatalogFault("Catalog:ModelTiers", "must list at least one, since an operation is priced by model"), broken.Faults);
    }
}

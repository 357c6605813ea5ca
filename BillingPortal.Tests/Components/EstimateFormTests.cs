using BillingPortal.Catalog;
using BillingPortal.Components;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Components;

public sealed class EstimateFormTests
{
    private const string Example = "?image_to_html=50&code_export=50&figma_export=20";

    private static readonly Estimator Estimator = new(Catalogs.Shipped);
    private static readonly EstimateForm Form = new(Catalogs.Shipped, Estimator);

    [Fact]
    public void Everything_that_costs_credit_can_be_filled_in()
    {
        var fields = Form.FieldsOn(null).SelectMany(group => group.Fields).Select(field => field.Name).ToList();

        Assert.Equal(fields.Distinct(), fields);
        Assert.Equal(
            Catalogs.Shipped.Operations.Where(operation => operation is { PricedByModel: false, Variants.IsEmpty: true }).Select(operation => operation.Id),
            Catalogs.Shipped.Operations.Select(operation => operation.Id).Intersect(fields));
        Assert.All(["storage_egress_private", "ai_tokens_public", "in.core", "out.ultra", EstimateForm.FlowsPerDay], name => Assert.Contains(name, fields));
    }

    [Fact]
    public void A_link_carries_what_was_filled_in_and_leaves_out_what_it_does_not_know()
    {
        var texts = Form.Parse($"{Example}&in.core=1000&voice=&interval=yearly&chat={new string('9', 50)}");

        Assert.Equal("/estimate?image_to_html=50&code_export=50&figma_export=20&in.core=1000", EstimateForm.Address("/estimate", texts));
        Assert.Equal("/estimate?flowsPerDay=0", EstimateForm.Address("/estimate", Form.Parse("")));
    }

    [Fact]
    public void A_link_carries_a_second_scenario_beside_the_first_even_an_empty_one()
    {
        var (first, second) = (Form.Parse("?chat=5"), Form.Parse("?chat=7&in.core=1000"));
        var address = EstimateForm.Address("/estimate", first, second);

        Assert.Equal("/estimate?chat=5&compare=1&b.chat=7&b.in.core=1000", address);
        Assert.Equal(first, Form.Parse(address["/estimate".Length..]));
        Assert.Equal(second, Form.ParseSecond(address["/estimate".Length..]));
        Assert.Equal("/estimate?flowsPerDay=0&compare=1", EstimateForm.Address("/estimate", Form.Parse(""), Form.Parse("")));
        Assert.Empty(Form.ParseSecond("?chat=5&compare=1")!);
        Assert.Null(Form.ParseSecond("?chat=5"));
    }

    [Fact]
    public void What_is_wrong_is_named_by_its_field_and_the_rest_still_counts()
    {
        var (wish, faults) = Form.Read(Form.Parse("?image_to_html=1.5&chat=-1&voice=ten&figma_export=2&flowsPerDay=0.5&in.pro=0.5"), null);

        Assert.Equal(["chat", "flowsPerDay", "image_to_html", "in.pro", "voice"], faults.Keys.Order());
        Assert.Equal("The unit 'call' comes whole.", faults["image_to_html"]);
        Assert.Equal([("figma_export", Quantity.FromWhole(2))], wish.Usage);
    }

    [Fact]
    public void Tokens_count_by_their_tier()
    {
        var (wish, faults) = Form.Read(Form.Parse("?in.core=1000&out.core=1000&out.ultra=500"), null);

        Assert.Empty(faults);
        Assert.Equal(Credits.FromWhole(1 + 2 + 8), Estimator.Of(wish, out _)!.ApiTotal);
    }

    [Fact]
    public void A_wish_is_written_into_the_fields_it_came_from()
    {
        var wish = new EstimateWish
        {
            Usage = [("voice", Quantity.FromMicros(1_500_000))],
            Tokens = [new TokenWish("ultra", "gpt-4.1", Quantity.FromWhole(10), Quantity.Zero)],
            FlowsPerDay = 3,
        };

        Assert.Equal(
            [("flowsPerDay", "3"), ("in.ultra", "10"), ("voice", "1.5")], EstimateForm.TextsOf(wish).Select(pair => (pair.Key, pair.Value)).Order());
    }

    [Fact]
    public void Advice_names_the_cheapest_packs_and_says_why()
    {
        var advice = AdviceOn("lite", "?image_to_html=100&code_export=100&figma_export=40");

        Assert.Equal("Buy 3 × Starter Pack: $27.00", advice.Title);
        Assert.Contains("One Growth Pack, $39.00, covers it too; better only if you use the 2,100 that it leaves.", advice.Reasons);
        Assert.Equal("/buy?pack=credits_1000&need=2900#credits_1000", advice.Links[0].Href);
    }

    [Fact]
    public void Advice_for_what_is_covered_is_to_buy_nothing()
    {
        var advice = AdviceOn("lite", "?chat=10");

        Assert.Equal("Nothing to buy", advice.Title);
        Assert.Empty(advice.Links);
    }

    [Fact]
    public void Advice_to_change_the_plan_says_what_staying_costs()
    {
        var advice = AdviceOn("lite", "?chat=20000");

        Assert.Equal("Growth would be cheaper: $89.00 a month", advice.Title);
        Assert.Contains("As it is, Lite and 1 × Scale Pack come to $149.00.", advice.Reasons);
        Assert.StartsWith("/plan?plan=growth&interval=monthly", advice.Links[0].Href, StringComparison.Ordinal);
    }

    [Fact]
    public void Whoever_may_not_buy_gets_advice_without_buttons() => Assert.Empty(AdviceOn("lite", "?chat=20000", mayBuy: false).Links);

    [Fact]
    public void Visitors_are_told_of_plans_for_packs_need_one()
    {
        var advice = AdviceOn(null, Example);
        var little = AdviceOn(null, "?chat=60");

        Assert.Equal("Lite is cheapest: $19.00 a month", advice.Title);
        Assert.Contains("On a paid plan already, packs alone are 3 × Starter Pack, $27.00.", advice.Reasons);
        Assert.Equal("Free covers it", little.Title);
    }

    private static EstimateAdvice AdviceOn(string? planId, string query, bool mayBuy = true)
    {
        var viewer = planId is null ? null : ViewerOn(Catalogs.Shipped.FindPlan(planId)!, mayBuy);
        var (wish, _) = Form.Read(Form.Parse(query), planId);
        return EstimateAdvice.Of(Estimator.Of(wish, out _)!, Estimator.Cover(wish, viewer?.Means), viewer, Catalogs.Shipped);
    }

    private static EstimateOverview ViewerOn(Plan plan, bool mayBuy)
    {
        var month = plan.MonthOf(BillingInterval.Monthly);
        return new EstimateOverview(
            plan.Name,
            new EstimateMeans(
                plan.Id, BillingInterval.Monthly, 1, month.Price, month.Credits, month.Minutes, Credits.Zero, Credits.Zero,
                Catalogs.Shipped.Packs.ToDictionary(pack => pack.Id, pack => pack.LimitPerCycle)),
            mayBuy,
            new Dictionary<string, string>());
    }
}

using System.Text.Json;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Metering;

public sealed class EstimateTests(MeteredSite<SqliteEngine> portal) : IClassFixture<MeteredSite<SqliteEngine>>
{
    [Fact]
    public async Task The_example_of_the_contract_is_estimated_to_the_credit()
    {
        var answer = await AskAsync("image_to_html=50&code_export=50&figma_export=20");

        Assert.Equal(200, answer.Status);
        Assert.Equal([1500m, 750m, 200m], answer["items"].EnumerateArray().Select(item => item.GetProperty("credits").GetDecimal()));
        Assert.Equal((2450m, "credits_5000"), (answer["totalCredits"].GetDecimal(), answer.Text("recommendedPack")));
        Assert.Equal(
            """[{"id":"credits_1000","covers":false},{"id":"credits_5000","covers":true},{"id":"credits_20000","covers":true},{"id":"credits_100000","covers":true}]""",
            answer["packs"].GetRawText());
        Assert.Equal(
            """{"packs":[{"id":"credits_1000","count":3}],"credits":3000,"priceUsd":27,"leftover":550}""", answer["cheapest"].GetRawText());
        Assert.Equal(
            """{"id":"lite","monthlyPriceUsd":10,"credits":2450,"monthlyCredits":2000,"packs":{"packs":[{"id":"credits_1000","count":1}],"credits":1000,"priceUsd":9,"leftover":550},"totalUsd":19,"cheaper":true}""",
            answer["plan"].GetRawText());
    }

    [Theory]
    [InlineData("voice=10.2", 88)]
    [InlineData("voice=10.2&plan=pro", 71.5)]
    [InlineData("chat=7", 7)]
    [InlineData("transfer_minute=3", 6)]
    [InlineData("number=2", 400)]
    [InlineData("storage_egress=1.5", 15)]
    [InlineData("storage_egress_private=1.5&storage_egress_public=1.5", 16.5)]
    [InlineData("ai_tokens=1500000", 1500)]
    [InlineData("", 0)]
    public async Task Everything_that_costs_credits_is_estimated(string query, double credits)
    {
        var answer = await AskAsync(query);

        Assert.Equal((200, (decimal)credits), (answer.Status, answer["totalCredits"].GetDecimal()));
        Assert.Equal(credits == 0 ? null : "credits_1000", credits > 1000 ? "credits_1000" : answer.Text("recommendedPack"));
    }

    [Fact]
    public async Task Model_calls_are_estimated_in_api_credits()
    {
        var answer = await AskAsync("model=gpt-4.1&inputTokens=1000000&outputTokens=250000000");

        Assert.Equal(0m, answer["totalCredits"].GetDecimal());
        Assert.Equal((4_008_000m, "scale"), (answer["apiCredits"].GetProperty("totalCredits").GetDecimal(), answer["apiCredits"].GetProperty("recommendedPack").GetString()));
    }

    [Fact]
    public async Task Flows_ask_for_the_least_plan_that_has_them()
    {
        var some = await AskAsync("flowsPerDay=16");
        var many = await AskAsync("flowsPerDay=101&chat=1");

        Assert.Equal(("growth", "growth"), (some.Text("flowsPlan"), some["plan"].GetProperty("id").GetString()));
        Assert.Equal((null, JsonValueKind.Null), (many.Text("flowsPlan"), many["plan"].ValueKind));
    }

    [Fact]
    public async Task A_plan_counts_with_its_minutes_and_its_own_rates()
    {
        var answer = await AskAsync("voice=3000");

        // Growth: 2,250 minutes beyond its 750 at 7 credits are within its 20,000 credits; Starter at 7.5 beyond 250 would lack 12,625.
        var plan = answer["plan"];
        Assert.Equal(("growth", 15_750m, 89m, true), (plan.GetProperty("id").GetString(), plan.GetProperty("credits").GetDecimal(), plan.GetProperty("totalUsd").GetDecimal(), plan.GetProperty("cheaper").GetBoolean()));
        Assert.Equal(24_000m, answer["totalCredits"].GetDecimal());
    }

    [Fact]
    public async Task Where_packs_are_cheaper_than_any_plan_that_is_said()
    {
        var answer = await AskAsync("image_to_html=33");

        Assert.Equal(9m, answer["cheapest"].GetProperty("priceUsd").GetDecimal());
        Assert.False(answer["plan"].GetProperty("cheaper").GetBoolean());
    }

    [Fact]
    public async Task What_no_packs_cover_is_said_to_be_so()
    {
        var answer = await AskAsync("image_to_html=500000");

        Assert.Equal((200, null, JsonValueKind.Null), (answer.Status, answer.Text("recommendedPack"), answer["cheapest"].ValueKind));
    }

    [Theory]
    [InlineData("image_to_htm=50", "image_to_htm", "UNKNOWN_OPERATION")]
    [InlineData("model_call=50", "model_call", "UNKNOWN_OPERATION")]
    [InlineData("image_to_html=1.5", "image_to_html", "INVALID_REQUEST")]
    [InlineData("image_to_html=-1", "image_to_html", "INVALID_REQUEST")]
    [InlineData("image_to_html=1e3", "image_to_html", "INVALID_REQUEST")]
    [InlineData("image_to_html=NaN", "image_to_html", "INVALID_REQUEST")]
    [InlineData("image_to_html=9223372036854775808", "image_to_html", "INVALID_REQUEST")]
    [InlineData("image_to_html=9000000000000", "image_to_html", "INVALID_REQUEST")]
    [InlineData("chat=1&chat=2", "chat", "INVALID_REQUEST")]
    [InlineData("model=gpt-9", "model", "UNKNOWN_MODEL")]
    [InlineData("plan=platinum", "plan", "UNKNOWN_PLAN")]
    [InlineData("flowsPerDay=-1", "flowsPerDay", "INVALID_REQUEST")]
    public async Task What_cannot_be_estimated_is_refused_by_its_name(string query, string field, string code)
    {
        var answer = await AskAsync(query);

        Assert.Equal((400, field, code), (answer.Status, answer.Text("field"), answer.Text("code")));
    }

    private async Task<Answer> AskAsync(string query)
    {
        using var nobody = portal.Site.NewClient();
        return await Answer.OfAsync(await nobody.GetAsync($"api/v1/estimate?{query}", TestContext.Current.CancellationToken));
    }
}

using System.Text;
using System.Text.Json;
using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;

namespace BillingPortal.Tests.Metering;

public abstract class UsageEventTests<TEngine>(MeteredSite<TEngine> portal) : IClassFixture<MeteredSite<TEngine>>, IDisposable
    where TEngine : IStoreEngine, new()
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        portal.Clock.Now = MeteredSite<TEngine>.Noon;
        GC.SuppressFinalize(this);
    }

    // Plan Lite has neither included minutes nor prices of its own.
    [Theory]
    [InlineData("""{"operation":"image_to_html"}""", "credits", "30", "1", "operations")]
    [InlineData("""{"operation":"code_export","quantity":2}""", "credits", "30", "2", "operations")]
    [InlineData("""{"operation":"figma_export","quantity":null}""", "credits", "10", "1", "operations")]
    [InlineData("""{"operation":"chat","quantity":7.0}""", "credits", "7", "7", "chat")]
    [InlineData("""{"operation":"voice","quantity":2.1}""", "credits", "24", "3", "voice")]
    [InlineData("""{"operation":"voice","quantity":3,"properties":{"tollFree":true,"agentId":"agent-7"}}""", "credits", "30", "3", "voice")]
    [InlineData("""{"operation":"voice","quantity":1,"properties":{"tollFree":true,"carrierCostUsd":0.055}}""", "credits", "13.5", "1", "voice")]
    [InlineData("""{"operation":"voice","quantity":2,"properties":{"tollFree":true,"carrierCostUsd":0.04}}""", "credits", "20", "2", "voice")]
    [InlineData("""{"operation":"transfer_minute","quantity":0.000001}""", "credits", "2", "1", "transfer_minute")]
    [InlineData("""{"operation":"storage_egress","quantity":1.25}""", "credits", "12.5", "1.25", "storage")]
    [InlineData("""{"operation":"storage_egress","quantity":1.25,"properties":{"nodeType":"private"}}""", "credits", "1.25", "1.25", "storage")]
    [InlineData("""{"operation":"ai_tokens","quantity":1500}""", "credits", "1.5", "1500", "ai")]
    [InlineData("""{"operation":"ai_tokens","properties":{"outputTokens":20000,"nodeType":"PRIVATE","llmModel":"x"}}""", "credits", "1", "20000", "ai")]
    [InlineData("""{"operation":"model_call","properties":{"model":"gpt-4o-mini","inputTokens":1500,"outputTokens":10}}""", "api_credits", "1.52", "1510", "ai")]
    [InlineData("""{"operation":"model_call","properties":{"model":"deepseek-r1","inputTokens":1000}}""", "api_credits", "3", "1000", "ai")]
    [InlineData("""{"operation":"model_call","properties":{"model":"claude-opus","outputTokens":1}}""", "api_credits", "0.016", "1", "ai")]
    public async Task Each_operation_costs_what_the_catalog_says(string json, string creditType, string credits, string quantity, string channel)
    {
        var customer = await portal.NewCustomerAsync();
        await portal.FundAsync(customer, CreditTypes.ApiCredits, Credits.FromWhole(100));
        var before = await portal.BalanceAsync(customer, creditType);

        var answer = await customer.SendAsync(WithId(json, "evt-1"));

        var cost = decimal.Parse(credits, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(200, answer.Status);
        Assert.Equal("evt-1", answer.Text("id"));
        Assert.Equal("charged", answer.Text("status"));
        Assert.Equal(creditType, answer.Text("creditType"));
        Assert.Equal(cost, answer["credits"].GetDecimal());
        Assert.Equal(before.ToDecimal() - cost, answer["balanceAfter"].GetDecimal());
        Assert.StartsWith("tx_", answer.Text("transactionId"), StringComparison.Ordinal);
        Assert.Equal(before.ToDecimal() - cost, (await portal.BalanceAsync(customer, creditType)).ToDecimal());
        var item = Assert.Single((await ItemsAsync(customer)).Items);
        Assert.Equal(("evt-1", channel, cost, quantity), (item.EventId, item.Channel, item.Credits.ToDecimal(), item.Quantity.ToDecimal().ToString(System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal(answer.Text("transactionId"), item.TransactionId);
        Assert.Equal(customer.KeyId, item.KeyId);
        Assert.Equal(portal.Clock.Now, item.OccurredAt);
    }

    [Fact]
    public async Task A_call_that_straddles_the_last_included_minute_is_split_there()
    {
        var customer = await portal.NewCustomerAsync("starter");
        await customer.SendAsync("""{"id":"long","operation":"voice","quantity":248.5}""");

        var answer = await customer.SendAsync("""{"id":"straddle","operation":"voice","quantity":3,"properties":{"tollFree":true}}""");
        var beyond = await customer.SendAsync("""{"id":"beyond","operation":"voice","quantity":0.5}""");

        // One minute was left: two at the plan's overage rate of 7.5, and the surcharge on all three.
        Assert.Equal(21m, answer["credits"].GetDecimal());
        Assert.Equal(7.5m, beyond["credits"].GetDecimal());
        Assert.Equal(Credits.Zero, await portal.BalanceAsync(customer, CreditTypes.IncludedMinutes));
        var items = (await ItemsAsync(customer)).Items.ToDictionary(item => item.EventId);
        Assert.Equal(Credits.FromWhole(249), items["long"].Included);
        Assert.Equal(Credits.FromWhole(1), items["straddle"].Included);
        Assert.Equal(Credits.Zero, items["beyond"].Included);
    }

    [Fact]
    public async Task A_call_within_the_included_minutes_is_charged_to_them_alone()
    {
        var customer = await portal.NewCustomerAsync("starter");
        var before = await portal.BalanceAsync(customer);

        var answer = await customer.SendAsync("""{"id":"a","operation":"voice","quantity":10}""");

        Assert.Equal("charged", answer.Text("status"));
        Assert.Equal(0m, answer["credits"].GetDecimal());
        Assert.Equal(before, await portal.BalanceAsync(customer));
        Assert.Equal(Credits.FromWhole(240), await portal.BalanceAsync(customer, CreditTypes.IncludedMinutes));
    }

    [Fact]
    public async Task Included_minutes_come_again_with_the_next_cycle()
    {
        var customer = await portal.NewCustomerAsync("starter");
        await customer.SendAsync("""{"id":"a","operation":"voice","quantity":250}""");

        portal.Clock.Now = MeteredSite<TEngine>.Noon.AddMonths(1);
        var answer = await customer.SendAsync("""{"id":"b","operation":"voice","quantity":100}""");

        Assert.Equal(0m, answer["credits"].GetDecimal());
        Assert.Equal(Credits.FromWhole(150), await portal.BalanceAsync(customer, CreditTypes.IncludedMinutes));
    }

    [Theory]
    [InlineData("""{"operation":"chat"}""", "id")]
    [InlineData("""{"id":null,"operation":"chat"}""", "id")]
    [InlineData("""{"id":7,"operation":"chat"}""", "id")]
    [InlineData("""{"id":"","operation":"chat"}""", "id")]
    [InlineData("""{"id":"a\u0000b","operation":"chat"}""", "id")]
    [InlineData("""{"id":"\ud800","operation":"chat"}""", "id")]
    [InlineData("""{"id":"a"}""", "operation")]
    [InlineData("""{"id":"a","operation":["chat"]}""", "operation")]
    [InlineData("""{"id":"a","operation":"voice"}""", "quantity")]
    [InlineData("""{"id":"a","operation":"storage_egress"}""", "quantity")]
    [InlineData("""{"id":"a","operation":"ai_tokens"}""", "quantity")]
    [InlineData("""{"id":"a","operation":"chat","quantity":-1}""", "quantity")]
    [InlineData("""{"id":"a","operation":"chat","quantity":1.5}""", "quantity")]
    [InlineData("""{"id":"a","operation":"chat","quantity":"10"}""", "quantity")]
    [InlineData("""{"id":"a","operation":"chat","quantity":1e3}""", "quantity")]
    [InlineData("""{"id":"a","operation":"chat","quantity":[1]}""", "quantity")]
    [InlineData("""{"id":"a","operation":"chat","quantity":true}""", "quantity")]
    [InlineData("""{"id":"a","operation":"chat","quantity":9007199254740993}""", "quantity")]
    [InlineData("""{"id":"a","operation":"chat","quantity":9223372036854775808}""", "quantity")]
    [InlineData("""{"id":"a","operation":"ai_tokens","quantity":1000000001}""", "quantity")]
    [InlineData("""{"id":"a","operation":"voice","quantity":0.0000001}""", "quantity")]
    [InlineData("""{"id":"a","operation":"voice","quantity":1000001}""", "quantity")]
    [InlineData("""{"id":"a","operation":"chat","occurredAt":"yesterday"}""", "occurredAt")]
    [InlineData("""{"id":"a","operation":"chat","occurredAt":1775000000}""", "occurredAt")]
    [InlineData("""{"id":"a","operation":"chat","occurredAt":"2027-02-03T11:59:59Z"}""", "occurredAt")]
    [InlineData("""{"id":"a","operation":"chat","occurredAt":"2027-03-10T12:05:01Z"}""", "occurredAt")]
    [InlineData("""{"id":"a","operation":"chat","occurredAt":"9999-12-31T23:59:59Z"}""", "occurredAt")]
    [InlineData("""{"id":"a","operation":"chat","properties":[]}""", "properties")]
    [InlineData("""{"id":"a","operation":"chat","properties":{"agentId":7}}""", "properties.agentId")]
    [InlineData("""{"id":"a","operation":"chat","properties":{"repoId":"a\u0007"}}""", "properties.repoId")]
    [InlineData("""{"id":"a","operation":"voice","quantity":1,"properties":{"tollFree":"yes"}}""", "properties.tollFree")]
    [InlineData("""{"id":"a","operation":"voice","quantity":1,"properties":{"tollFree":true,"carrierCostUsd":-0.01}}""", "properties.carrierCostUsd")]
    [InlineData("""{"id":"a","operation":"voice","quantity":1,"properties":{"tollFree":true,"carrierCostUsd":10000.01}}""", "properties.carrierCostUsd")]
    [InlineData("""{"id":"a","operation":"voice","quantity":1,"properties":{"carrierCostUsd":"1"}}""", "properties.carrierCostUsd")]
    [InlineData("""{"id":"a","operation":"storage_egress","quantity":1,"properties":{"nodeType":"secret"}}""", "properties.nodeType")]
    [InlineData("""{"id":"a","operation":"model_call","properties":{"inputTokens":1}}""", "properties.model")]
    [InlineData("""{"id":"a","operation":"model_call","properties":{"model":"gpt-4.1"}}""", "properties.inputTokens")]
    [InlineData("""{"id":"a","operation":"model_call","properties":{"model":"gpt-4.1","inputTokens":0.5}}""", "properties.inputTokens")]
    [InlineData("""{"id":"a","operation":"model_call","properties":{"model":"gpt-4.1","inputTokens":-1}}""", "properties.inputTokens")]
    [InlineData("""{"id":"a","operation":"model_call","properties":{"model":"gpt-4.1","inputTokens":1,"outputTokens":1e99}}""", "properties.outputTokens")]
    [InlineData("""[]""", null)]
    [InlineData("""7""", null)]
    [InlineData("""null""", null)]
    [InlineData("""{"id":"a",""", null)]
    [InlineData("", null)]
    public async Task What_is_no_event_is_refused_by_the_name_of_its_field_and_nothing_is_stored(string json, string? field)
    {
        var customer = await portal.NewCustomerAsync();
        var before = await portal.BalanceAsync(customer);

        var answer = await customer.SendAsync(json);

        Assert.Equal(400, answer.Status);
        Assert.Equal("INVALID_REQUEST", answer.Text("code"));
        Assert.Equal(field, answer.Text("field"));
        Assert.False(string.IsNullOrEmpty(answer.Text("error")));
        Assert.False(string.IsNullOrEmpty(answer.Text("traceId")));
        Assert.Empty((await ItemsAsync(customer)).Items);
        Assert.Equal(before, await portal.BalanceAsync(customer));
    }

    [Theory]
    [InlineData("""{"id":"a","operation":"mining"}""", "UNKNOWN_OPERATION", "operation")]
    [InlineData("""{"id":"a","operation":"number","quantity":1}""", "UNKNOWN_OPERATION", "operation")]
    [InlineData("""{"id":"a","operation":"model_call","properties":{"model":"gpt-9","inputTokens":1}}""", "UNKNOWN_MODEL", "properties.model")]
    public async Task What_the_catalog_does_not_have_is_refused_by_a_code_of_its_own(string json, string code, string field)
    {
        var customer = await portal.NewCustomerAsync();

        var answer = await customer.SendAsync(json);

        Assert.Equal((400, code, field), (answer.Status, answer.Text("code"), answer.Text("field")));
    }

    [Fact]
    public async Task An_id_may_have_200_characters_of_any_script_and_not_one_more()
    {
        var customer = await portal.NewCustomerAsync();
        var id = new string('界', 200);

        var fits = await customer.SendAsync(new { id, operation = "chat" });
        var longer = await customer.SendAsync(new { id = id + "x", operation = "chat" });

        Assert.Equal((200, id), (fits.Status, fits.Text("id")));
        Assert.Equal((400, "id"), (longer.Status, longer.Text("field")));
    }

    [Fact]
    public async Task A_failed_call_is_recorded_free_and_its_id_is_spent()
    {
        var customer = await portal.NewCustomerAsync();
        await portal.FundAsync(customer, CreditTypes.ApiCredits, Credits.FromWhole(100));

        var failed = await customer.SendAsync("""{"id":"a","operation":"model_call","properties":{"model":"gpt-4.1","inputTokens":900,"status":"failed"}}""");
        var again = await customer.SendAsync("""{"id":"a","operation":"model_call","properties":{"model":"gpt-4.1","inputTokens":900}}""");

        Assert.Equal((200, "free"), (failed.Status, failed.Text("status")));
        Assert.Equal((0m, JsonValueKind.Null, 100m), (failed["credits"].GetDecimal(), failed["transactionId"].ValueKind, failed["balanceAfter"].GetDecimal()));
        Assert.Equal("duplicate", again.Text("status"));
        var item = Assert.Single((await ItemsAsync(customer)).Items);
        Assert.Equal((UsageOutcome.Free, Credits.Zero), (item.Outcome, item.Credits));
        Assert.Equal(Credits.FromWhole(100), await portal.BalanceAsync(customer, CreditTypes.ApiCredits));
    }

    [Fact]
    public async Task A_repeated_id_is_answered_with_the_first_result_whatever_else_it_says()
    {
        var customer = await portal.NewCustomerAsync();
        var first = await customer.SendAsync("""{"id":"a","operation":"image_to_html"}""");
        await customer.SendAsync("""{"id":"b","operation":"chat"}""");

        var again = await customer.SendAsync("""{"id":"a","operation":"code_export","quantity":5}""");

        Assert.Equal((200, "duplicate"), (again.Status, again.Text("status")));
        Assert.Equal(first.Text("transactionId"), again.Text("transactionId"));
        Assert.Equal(first["balanceAfter"].GetDecimal(), again["balanceAfter"].GetDecimal());
        Assert.Equal((30m, "credits"), (again["credits"].GetDecimal(), again.Text("creditType")));
        Assert.Equal(2, (await ItemsAsync(customer)).Items.Count);
    }

    [Fact]
    public async Task A_recorded_id_is_known_for_ever_however_late_or_wrong_it_comes_again()
    {
        var customer = await portal.NewCustomerAsync();
        await customer.SendAsync("""{"id":"a","operation":"chat","occurredAt":"2027-03-10T11:00:00Z"}""");

        portal.Clock.Now = portal.Clock.Now.AddDays(400);
        var late = await customer.SendAsync("""{"id":"a","operation":"chat","occurredAt":"2027-03-10T11:00:00Z"}""");
        var wrong = await customer.SendAsync("""{"id":"a","operation":"mining"}""");

        Assert.Equal(("duplicate", "duplicate"), (late.Text("status"), wrong.Text("status")));
    }

    [Fact]
    public async Task The_same_id_in_two_organizations_is_two_events()
    {
        var (one, other) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync());

        Assert.Equal("charged", (await one.SendAsync("""{"id":"a","operation":"chat"}""")).Text("status"));
        Assert.Equal("charged", (await other.SendAsync("""{"id":"a","operation":"chat"}""")).Text("status"));
    }

    [Fact]
    public async Task Without_enough_credit_one_event_is_answered_402_and_may_come_again()
    {
        var customer = await portal.NewCustomerAsync();
        await portal.LeaveAsync(customer, 4);

        var poor = await customer.SendAsync("""{"id":"a","operation":"chat","quantity":5}""");
        var items = await ItemsAsync(customer);
        await portal.FundAsync(customer, CreditTypes.Credits, Credits.FromWhole(10));
        var rich = await customer.SendAsync("""{"id":"a","operation":"chat","quantity":5}""");

        Assert.Equal(402, poor.Status);
        Assert.Equal("Insufficient credits", poor.Text("error"));
        Assert.Equal("Need ~5 credits, have 4", poor.Text("message"));
        Assert.Equal((4m, 5m), (poor["balance"].GetDecimal(), poor["estimated_cost"].GetDecimal()));
        Assert.Equal("INSUFFICIENT_CREDITS", poor.Text("code"));
        Assert.Empty(items.Items);
        Assert.Equal("charged", rich.Text("status"));
        Assert.Equal(9m, rich["balanceAfter"].GetDecimal());
    }

    [Fact]
    public async Task A_call_too_dear_for_what_the_included_minutes_leave_takes_none_of_them()
    {
        var customer = await portal.NewCustomerAsync("starter");
        await portal.LeaveAsync(customer, 10);

        var answer = await customer.SendAsync("""{"id":"a","operation":"voice","quantity":252}""");

        Assert.Equal((402, 15m), (answer.Status, answer["estimated_cost"].GetDecimal()));
        Assert.Equal(Credits.FromWhole(250), await portal.BalanceAsync(customer, CreditTypes.IncludedMinutes));
    }

    [Fact]
    public async Task A_batch_is_answered_event_by_event_in_its_order()
    {
        var customer = await portal.NewCustomerAsync();
        await portal.LeaveAsync(customer, 40);

        var answer = await customer.SendAsync(
            """
            [
              {"id":"a","operation":"image_to_html"},
              {"id":"b","operation":"image_to_html"},
              7,
              {"id":"c","operation":"mining"},
              {"id":"a","operation":"chat"},
              {"id":"d","operation":"chat","properties":{"status":"failed"}},
              {"id":"e","operation":"chat","quantity":"3"},
              {"id":"f","operation":"figma_export"}
            ]
            """);

        Assert.Equal(200, answer.Status);
        var results = answer["results"].EnumerateArray().Select(result => (Id: result.GetProperty("id").GetString(), Status: result.GetProperty("status").GetString(), Code: Code(result)));
        Assert.Equal(
            [
                ("a", "charged", null), ("b", "rejected", "INSUFFICIENT_CREDITS"), ("", "rejected", "INVALID_REQUEST"), ("c", "rejected", "UNKNOWN_OPERATION"),
                ("a", "duplicate", null), ("d", "free", null), ("e", "rejected", "INVALID_REQUEST"), ("f", "charged", null),
            ],
            results);
        Assert.Equal(Credits.Zero, await portal.BalanceAsync(customer));
        Assert.Equal(3, (await ItemsAsync(customer)).Items.Count);
    }

    [Fact]
    public async Task A_batch_of_a_thousand_is_charged_and_one_more_is_refused_whole()
    {
        var customer = await portal.NewCustomerAsync();
        var before = await portal.BalanceAsync(customer);

        var full = await customer.SendAsync(Enumerable.Range(0, 1000).Select(i => new { id = $"e{i}", operation = "chat" }));
        var over = await customer.SendAsync(Enumerable.Range(0, 1001).Select(i => new { id = $"f{i}", operation = "chat" }));

        Assert.Equal(1000, full["results"].EnumerateArray().Count(result => result.GetProperty("status").GetString() == "charged"));
        Assert.Equal(400, over.Status);
        Assert.Equal(before - Credits.FromWhole(1000), await portal.BalanceAsync(customer));
    }

    [Fact]
    public async Task A_body_without_bounds_is_refused()
    {
        var customer = await portal.NewCustomerAsync();

        // Told so before it is sent: a client that is still sending would see the connection close.
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/v1/usage/events");
        request.Content = new StringContent($$"""{"id":"a","operation":"chat","note":"{{new string('x', 5 * 1024 * 1024)}}"}""", Encoding.UTF8, "application/json");
        request.Headers.ExpectContinue = true;

        using var response = await customer.Client.SendAsync(request, Ct);
        var answer = await Answer.OfAsync(response);

        Assert.Equal(413, answer.Status);
    }

    [Fact]
    public async Task Sixteen_callers_with_the_same_events_charge_each_once()
    {
        var customer = await portal.NewCustomerAsync();
        var before = await portal.BalanceAsync(customer);
        var events = Enumerable.Range(0, 25).Select(i => new { id = $"e{i}", operation = "figma_export" }).ToList();

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => customer.SendAsync(events)));

        var statuses = answers.SelectMany(answer => answer["results"].EnumerateArray()).CountBy(result => result.GetProperty("status").GetString()!).ToDictionary();
        Assert.Equal((25, 15 * 25), (statuses["charged"], statuses["duplicate"]));
        Assert.Equal(before - Credits.FromWhole(250), await portal.BalanceAsync(customer));
        Assert.Equal(25, (await ItemsAsync(customer)).Items.Count);
        var transactions = answers.SelectMany(answer => answer["results"].EnumerateArray()).Select(result => result.GetProperty("transactionId").GetString()).Distinct();
        Assert.Equal(25, transactions.Count());
    }

    [Fact]
    public async Task Ten_callers_that_race_for_the_last_credits_succeed_as_often_as_they_cover()
    {
        var customer = await portal.NewCustomerAsync();
        await portal.LeaveAsync(customer, 35);

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => customer.SendAsync(new { id = $"e{i}", operation = "figma_export" })));

        Assert.Equal(3, answers.Count(answer => answer.Status == 200));
        Assert.All(answers.Where(answer => answer.Status != 200), answer => Assert.Equal((402, "Need ~10 credits, have 5"), (answer.Status, answer.Text("message"))));
        Assert.Equal(Credits.FromWhole(5), await portal.BalanceAsync(customer));
    }

    [Fact]
    public async Task A_late_event_is_charged_now_and_reported_on_its_day()
    {
        var customer = await portal.NewCustomerAsync();

        var answer = await customer.SendAsync("""{"id":"a","operation":"chat","occurredAt":"2027-02-05T23:30:00+02:00"}""");

        Assert.Equal(200, answer.Status);
        var item = Assert.Single((await ItemsAsync(customer)).Items);
        Assert.Equal(new DateTimeOffset(2027, 2, 5, 21, 30, 0, TimeSpan.Zero), item.OccurredAt);
        Assert.Equal(portal.Clock.Now, item.RecordedAt);
        var day = Assert.Single(await portal.Get<UsageReports>().GetDaysAsync(customer.Reader, DayRange.LastDays(60, portal.Clock.Now), null, Ct));
        Assert.Equal(new DateOnly(2027, 2, 5), day.Day);
        var today = await portal.Get<UsageReports>().GetTodaysConsumptionAsync(customer.Reader, CreditTypes.Credits, Ct);
        Assert.Equal(Credits.FromWhole(1), today.Total);
        var transaction = await portal.Get<TransactionHistory>().FindAsync(customer.Reader, answer.Text("transactionId")!, Ct);
        Assert.Equal((item.OccurredAt, item.RecordedAt), (transaction!.EffectiveAt, transaction.RecordedAt));
    }

    [Fact]
    public async Task Reporting_needs_credentials_and_the_scope_for_it()
    {
        var reader = await portal.NewCustomerAsync("lite", "billing:read");
        using var stranger = portal.Site.NewClient();
        using var content = new StringContent("""{"id":"a","operation":"chat"}""", Encoding.UTF8, "application/json");

        var forbidden = await reader.SendAsync("""{"id":"a","operation":"chat"}""");
        var unknown = await stranger.PostAsync("api/v1/usage/events", content, Ct);

        Assert.Equal((403, "MISSING_SCOPE"), (forbidden.Status, forbidden.Text("code")));
        Assert.Equal(401, (int)unknown.StatusCode);
        Assert.Empty((await ItemsAsync(reader)).Items);
    }

    [Fact]
    public async Task A_member_who_may_not_spend_money_reports_nothing()
    {
        var customer = await portal.NewCustomerAsync();
        var ingestion = portal.Get<UsageIngestion>();
        UsageEvent[] events = [new("a", "chat", null, null, UsageProperties.None)];

        var denied = await Assert.ThrowsAsync<AccessDeniedException>(
            () => ingestion.IngestAsync(Caller.ForUser("usr_1", customer.Organization, MemberRole.Member), events, Ct));
        var taken = await ingestion.IngestAsync(Caller.ForUser("usr_2", customer.Organization, MemberRole.Billing), events, Ct);

        Assert.Equal(AccessDenial.RoleTooLow, denied.Denial);
        Assert.Equal(UsageStatus.Charged, Assert.Single(taken).Status);
    }

    private Task<UsageItemPage> ItemsAsync(Customer customer) =>
        portal.Get<UsageItems>().ListAsync(customer.Reader, new UsageItemQuery(Limit: 1000), Ct);

    private static string WithId(string json, string id) => json.Insert(1, $"\"id\":\"{id}\",");

    private static string? Code(JsonElement result) => result.TryGetProperty("code", out var code) ? code.GetString() : null;
}

public sealed class UsageEventTestsOnSqlite(MeteredSite<SqliteEngine> portal) : UsageEventTests<SqliteEngine>(portal);

public sealed class UsageEventTestsOnPostgres(MeteredSite<PostgresEngine> portal) : UsageEventTests<PostgresEngine>(portal);

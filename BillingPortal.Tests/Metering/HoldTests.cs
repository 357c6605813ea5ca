using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Tests.Api;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;

namespace BillingPortal.Tests.Metering;

public abstract class HoldTests<TEngine>(MeteredSite<TEngine> portal) : IClassFixture<MeteredSite<TEngine>>, IDisposable
    where TEngine : IStoreEngine, new()
{
    private const string Holds = "api/v1/holds";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        portal.Clock.Now = MeteredSite<TEngine>.Noon;
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_hold_lowers_what_is_available_and_not_the_balance()
    {
        var customer = await portal.NewCustomerAsync();
        await portal.LeaveAsync(customer, 100);

        var hold = await customer.PostAsync(Holds, """{"operation":"image_to_html","quantity":2,"expiresInSeconds":60}""");
        var wallet = (await customer.GetAsync("api/v1/billing/wallet"))["data"];
        var tooMuch = await customer.SendAsync("""{"id":"x","operation":"image_to_html","quantity":2}""");
        var read = await customer.GetAsync($"{Holds}/{hold.Text("id")}");

        Assert.Equal((200, 60m, "2027-03-10T12:01:00.000Z", "open"), (hold.Status, hold["credits"].GetDecimal(), hold.Text("expiresAt"), hold.Text("status")));
        Assert.StartsWith("hold_", hold.Text("id"), StringComparison.Ordinal);
        Assert.Equal((100m, 60m, 40m), (wallet.GetProperty("balanceCredits").GetDecimal(), wallet.GetProperty("heldCredits").GetDecimal(), wallet.GetProperty("availableCredits").GetDecimal()));
        Assert.Equal((402, 40m), (tooMuch.Status, tooMuch["balance"].GetDecimal()));
        Assert.Equal(hold.Body.GetRawText(), read.Body.GetRawText());
    }

    [Fact]
    public async Task Capture_charges_the_real_quantity_records_it_and_frees_the_rest()
    {
        var customer = await portal.NewCustomerAsync();
        await portal.LeaveAsync(customer, 100);
        var id = await PlaceAsync(customer, """{"operation":"chat","quantity":80,"expiresInSeconds":60,"properties":{"agentId":"agent-7"}}""");

        var captured = await customer.PostAsync($"{Holds}/{id}/capture", """{"quantity":30}""");

        Assert.Equal((200, "captured", "credits", 30m, 70m, 80m), (
            captured.Status, captured.Text("status"), captured.Text("creditType"), captured["credits"].GetDecimal(), captured["balanceAfter"].GetDecimal(), captured["heldCredits"].GetDecimal()));
        Assert.StartsWith("tx_", captured.Text("transactionId"), StringComparison.Ordinal);
        Assert.Equal(Credits.FromWhole(70), await portal.BalanceAsync(customer));
        var item = Assert.Single((await ItemsAsync(customer)).Items);
        Assert.Equal((id, "chat", 30m, "agent-7", captured.Text("transactionId")), (item.EventId, item.Operation, item.Credits.ToDecimal(), item.Properties.AgentId, item.TransactionId));
        var day = Assert.Single((await customer.GetAsync("api/v1/billing/usage"))["data"].EnumerateArray());
        Assert.Equal((30m, 30m, 1), (day.GetProperty("quantity").GetDecimal(), day.GetProperty("credits").GetDecimal(), day.GetProperty("items").GetInt32()));
        Assert.Equal("captured", (await customer.GetAsync($"{Holds}/{id}")).Text("status"));
    }

    [Fact]
    public async Task Capture_may_exceed_the_hold_as_far_as_there_is_credit()
    {
        var customer = await portal.NewCustomerAsync();
        await portal.LeaveAsync(customer, 100);
        var id = await PlaceAsync(customer, """{"operation":"chat","quantity":10}""");

        var tooMuch = await customer.PostAsync($"{Holds}/{id}/capture", """{"quantity":101}""");
        var stillHeld = (await customer.GetAsync("api/v1/billing/wallet"))["data"].GetProperty("heldCredits").GetDecimal();
        var all = await customer.PostAsync($"{Holds}/{id}/capture", """{"quantity":100}""");

        Assert.Equal((402, "INSUFFICIENT_CREDITS", "Insufficient credits", 100m, 101m), (
            tooMuch.Status, tooMuch.Text("code"), tooMuch.Text("error"), tooMuch["balance"].GetDecimal(), tooMuch["estimated_cost"].GetDecimal()));
        Assert.Equal(10m, stillHeld);
        Assert.Equal((200, 0m), (all.Status, all["balanceAfter"].GetDecimal()));
    }

    [Fact]
    public async Task Release_frees_everything_and_records_nothing()
    {
        var customer = await portal.NewCustomerAsync();
        await portal.LeaveAsync(customer, 100);
        var id = await PlaceAsync(customer, """{"operation":"chat","quantity":10}""");

        var released = await customer.PostAsync($"{Holds}/{id}/release");

        Assert.Equal((200, "released"), (released.Status, released.Text("status")));
        Assert.Equal(Credits.FromWhole(100), await portal.BalanceAsync(customer));
        Assert.Empty((await ItemsAsync(customer)).Items);
    }

    [Fact]
    public async Task A_hold_that_expires_frees_its_credits_at_that_instant()
    {
        var customer = await portal.NewCustomerAsync();
        await portal.LeaveAsync(customer, 100);
        var id = await PlaceAsync(customer, """{"operation":"chat","quantity":60,"expiresInSeconds":30}""");
        portal.Clock.Now = MeteredSite<TEngine>.Noon.AddSeconds(30).AddMilliseconds(-1);
        var before = await portal.BalanceAsync(customer);
        portal.Clock.Now = MeteredSite<TEngine>.Noon.AddSeconds(30);

        Assert.Equal((Credits.FromWhole(40), Credits.FromWhole(100)), (before, await portal.BalanceAsync(customer)));
        Assert.Equal((409, "HOLD_EXPIRED"), Code(await customer.PostAsync($"{Holds}/{id}/capture", """{"quantity":1}""")));
        Assert.Equal((409, "HOLD_EXPIRED"), Code(await customer.PostAsync($"{Holds}/{id}/release")));
        Assert.Equal("expired", (await customer.GetAsync($"{Holds}/{id}")).Text("status"));
        await portal.Get<ExpirySweep>().SweepAsync(Cancel);
        Assert.Equal((409, "HOLD_EXPIRED"), Code(await customer.PostAsync($"{Holds}/{id}/capture", """{"quantity":1}""")));
        Assert.Equal(Credits.FromWhole(100), await portal.BalanceAsync(customer));
    }

    [Fact]
    public async Task A_hold_ends_once()
    {
        var customer = await portal.NewCustomerAsync();
        var captured = await PlaceAsync(customer, """{"operation":"chat","quantity":10}""");
        var released = await PlaceAsync(customer, """{"operation":"chat","quantity":10}""");
        await customer.PostAsync($"{Holds}/{captured}/capture", """{"quantity":1}""");
        await customer.PostAsync($"{Holds}/{released}/release");

        Assert.Equal((409, "HOLD_CAPTURED"), Code(await customer.PostAsync($"{Holds}/{captured}/capture", """{"quantity":1}""")));
        Assert.Equal((409, "HOLD_CAPTURED"), Code(await customer.PostAsync($"{Holds}/{captured}/release")));
        Assert.Equal((409, "HOLD_RELEASED"), Code(await customer.PostAsync($"{Holds}/{released}/capture", """{"quantity":1}""")));
        Assert.Equal((409, "HOLD_RELEASED"), Code(await customer.PostAsync($"{Holds}/{released}/release")));
    }

    [Fact]
    public async Task Of_many_that_end_a_hold_at_once_one_does()
    {
        var customer = await portal.NewCustomerAsync();
        var before = await portal.BalanceAsync(customer);
        var id = await PlaceAsync(customer, """{"operation":"chat","quantity":10}""");

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i =>
            i % 3 == 0 ? customer.PostAsync($"{Holds}/{id}/release") : customer.PostAsync($"{Holds}/{id}/capture", """{"quantity":7}""")));

        var winner = Assert.Single(answers, answer => answer.Status == 200);
        Assert.All(answers.Where(answer => answer != winner), answer => Assert.Equal((409, winner.Text("status") == "captured" ? "HOLD_CAPTURED" : "HOLD_RELEASED"), Code(answer)));
        Assert.Equal(before - (winner.Text("status") == "captured" ? Credits.FromWhole(7) : Credits.Zero), await portal.BalanceAsync(customer));
        Assert.Empty((await portal.Get<LedgerVerification>().VerifyAsync(null, Cancel)).Faults);
    }

    [Fact]
    public async Task Included_minutes_are_held_first_and_served_first()
    {
        var customer = await portal.NewCustomerAsync("starter");
        await customer.SendAsync("""{"id":"long","operation":"voice","quantity":247}""");
        var before = await portal.BalanceAsync(customer);

        var hold = await customer.PostAsync(Holds, """{"operation":"voice","quantity":5,"properties":{"tollFree":true}}""");
        var minutesHeld = await portal.BalanceAsync(customer, CreditTypes.IncludedMinutes);
        var beside = await customer.SendAsync("""{"id":"beside","operation":"voice","quantity":1}""");
        var captured = await customer.PostAsync($"{Holds}/{hold.Text("id")}/capture", """{"quantity":3.5}""");

        // Three minutes were left; two at 7.5, and the surcharge of 2 on all five.
        Assert.Equal((25m, 3m), (hold["credits"].GetDecimal(), hold["includedUnits"].GetDecimal()));
        Assert.Equal(Credits.Zero, minutesHeld);
        Assert.Equal(7.5m, beside["credits"].GetDecimal());
        Assert.Equal((15.5m, 3m), (captured["credits"].GetDecimal(), captured["includedUnits"].GetDecimal()));
        Assert.Equal(before - Credits.FromWhole(23), await portal.BalanceAsync(customer));
    }

    [Fact]
    public async Task A_call_that_failed_is_captured_free_and_frees_its_minutes_too()
    {
        var customer = await portal.NewCustomerAsync("starter");
        var before = await portal.BalanceAsync(customer);
        var id = await PlaceAsync(customer, """{"operation":"voice","quantity":300}""");

        var captured = await customer.PostAsync($"{Holds}/{id}/capture", """{"quantity":1,"properties":{"status":"failed"}}""");

        Assert.Equal((200, 0m, null), (captured.Status, captured["credits"].GetDecimal(), captured.Text("transactionId")));
        Assert.Equal((before, Credits.FromWhole(250)), (await portal.BalanceAsync(customer), await portal.BalanceAsync(customer, CreditTypes.IncludedMinutes)));
        Assert.Equal("free", Assert.Single((await ItemsAsync(customer)).Items).Outcome.ToString().ToLowerInvariant());
    }

    [Fact]
    public async Task A_hold_that_only_minutes_pay_needs_no_credit()
    {
        var customer = await portal.NewCustomerAsync("starter");
        await portal.LeaveAsync(customer, 0);

        var hold = await customer.PostAsync(Holds, """{"operation":"voice","quantity":10}""");
        var captured = await customer.PostAsync($"{Holds}/{hold.Text("id")}/capture", """{"quantity":2}""");

        Assert.Equal((200, 0m, 10m), (hold.Status, hold["credits"].GetDecimal(), hold["includedUnits"].GetDecimal()));
        Assert.Equal((200, 0m, 2m), (captured.Status, captured["credits"].GetDecimal(), captured["includedUnits"].GetDecimal()));
        Assert.Equal(Credits.FromWhole(248), await portal.BalanceAsync(customer, CreditTypes.IncludedMinutes));
    }

    [Fact]
    public async Task A_model_call_is_held_by_the_tokens_expected_and_captured_by_the_tokens_used()
    {
        var customer = await portal.NewCustomerAsync();
        await portal.FundAsync(customer, CreditTypes.ApiCredits, Credits.FromWhole(100));
        var hold = await customer.PostAsync(Holds, """{"operation":"model_call","properties":{"model":"claude-opus","inputTokens":1000,"outputTokens":4000}}""");

        var captured = await customer.PostAsync($"{Holds}/{hold.Text("id")}/capture", """{"properties":{"outputTokens":500}}""");

        Assert.Equal((72m, "api_credits"), (hold["credits"].GetDecimal(), hold.Text("creditType")));
        Assert.Equal((16m, 84m), (captured["credits"].GetDecimal(), captured["balanceAfter"].GetDecimal()));
    }

    [Fact]
    public async Task Holds_that_race_for_the_last_credit_get_no_more_than_there_is()
    {
        var customer = await portal.NewCustomerAsync();
        await portal.LeaveAsync(customer, 45);

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => customer.PostAsync(Holds, """{"operation":"figma_export","quantity":1}""")));

        Assert.Equal((4, 6), (answers.Count(answer => answer.Status == 200), answers.Count(answer => answer.Status == 402)));
        Assert.Equal(Credits.FromWhole(5), await portal.BalanceAsync(customer));
    }

    [Fact]
    public async Task Another_organizations_hold_is_not_there()
    {
        var customer = await portal.NewCustomerAsync();
        var stranger = await portal.NewCustomerAsync();
        var id = await PlaceAsync(customer, """{"operation":"chat","quantity":10}""");

        Assert.Equal((404, "NOT_FOUND"), Code(await stranger.GetAsync($"{Holds}/{id}")));
        Assert.Equal((404, "NOT_FOUND"), Code(await stranger.PostAsync($"{Holds}/{id}/capture", """{"quantity":1}""")));
        Assert.Equal((404, "NOT_FOUND"), Code(await stranger.PostAsync($"{Holds}/{id}/release")));
        Assert.Equal((404, "NOT_FOUND"), Code(await stranger.PostAsync($"{Holds}/hold_none/release")));
        Assert.Equal("open", (await customer.GetAsync($"{Holds}/{id}")).Text("status"));
    }

    [Fact]
    public async Task A_key_needs_the_scope_to_report_usage()
    {
        var customer = await portal.NewCustomerAsync("lite", Scopes.BillingRead);

        Assert.Equal((403, "MISSING_SCOPE"), Code(await customer.PostAsync(Holds, """{"operation":"chat","quantity":1}""")));
        using var nobody = portal.Site.NewClient();
        Assert.Equal((401, "UNAUTHORIZED"), Code(await (customer with { Client = nobody }).PostAsync(Holds, """{"operation":"chat","quantity":1}""")));
    }

    [Fact]
    public async Task The_same_idempotency_key_holds_and_captures_once()
    {
        var customer = await portal.NewCustomerAsync();
        var before = await portal.BalanceAsync(customer);
        const string wish = """{"operation":"chat","quantity":10}""";

        var first = await customer.Client.PostAsync(Holds, wish, "hold-1");
        var again = await customer.Client.PostAsync(Holds, wish, "hold-1");
        var held = await portal.BalanceAsync(customer);
        var path = $"{Holds}/{first.Json.GetProperty("id").GetString()}/capture";
        var captured = await customer.Client.PostAsync(path, """{"quantity":4}""", "capture-1");
        var recaptured = await customer.Client.PostAsync(path, """{"quantity":4}""", "capture-1");

        Assert.Equal((first.Body, true), (again.Body, again.IsReplay));
        Assert.Equal(before - Credits.FromWhole(10), held);
        Assert.Equal((200, captured.Body, true), (captured.Status, recaptured.Body, recaptured.IsReplay));
        Assert.Equal(before - Credits.FromWhole(4), await portal.BalanceAsync(customer));
    }

    [Theory]
    [InlineData("""{"quantity":1}""", "operation", "INVALID_REQUEST")]
    [InlineData("""{"operation":"fax","quantity":1}""", "operation", "UNKNOWN_OPERATION")]
    [InlineData("""{"operation":"number","quantity":1}""", "operation", "UNKNOWN_OPERATION")]
    [InlineData("""{"operation":"voice"}""", "quantity", "INVALID_REQUEST")]
    [InlineData("""{"operation":"chat","quantity":1.5}""", "quantity", "INVALID_REQUEST")]
    [InlineData("""{"operation":"chat","quantity":"1"}""", "quantity", "INVALID_REQUEST")]
    [InlineData("""{"operation":"chat","quantity":-1}""", "quantity", "INVALID_REQUEST")]
    [InlineData("""{"operation":"chat","quantity":1,"expiresInSeconds":0}""", "expiresInSeconds", "INVALID_REQUEST")]
    [InlineData("""{"operation":"chat","quantity":1,"expiresInSeconds":604801}""", "expiresInSeconds", "INVALID_REQUEST")]
    [InlineData("""{"operation":"chat","quantity":1,"expiresInSeconds":"60"}""", "expiresInSeconds", "INVALID_REQUEST")]
    [InlineData("""{"operation":"model_call","properties":{"model":"none"}}""", "properties.model", "UNKNOWN_MODEL")]
    [InlineData("""[]""", null, "INVALID_REQUEST")]
    public async Task A_wish_that_is_none_holds_nothing(string body, string? field, string code)
    {
        var customer = await portal.NewCustomerAsync();

        var answer = await customer.PostAsync(Holds, body);

        Assert.Equal((400, field, code), (answer.Status, answer.Text("field"), answer.Text("code")));
        Assert.Equal(0m, (await customer.GetAsync("api/v1/billing/wallet"))["data"].GetProperty("heldCredits").GetDecimal());
    }

    [Theory]
    [InlineData("""{}""", "quantity")]
    [InlineData("""{"quantity":null}""", "quantity")]
    [InlineData("""{"quantity":1.5}""", "quantity")]
    [InlineData("""{"quantity":1,"properties":[]}""", "properties")]
    [InlineData("""7""", null)]
    public async Task A_capture_that_is_none_leaves_the_hold_open(string body, string? field)
    {
        var customer = await portal.NewCustomerAsync();
        var id = await PlaceAsync(customer, """{"operation":"chat","quantity":10}""");

        var answer = await customer.PostAsync($"{Holds}/{id}/capture", body);

        Assert.Equal((400, field), (answer.Status, answer.Text("field")));
        Assert.Equal("open", (await customer.GetAsync($"{Holds}/{id}")).Text("status"));
    }

    private static async Task<string> PlaceAsync(Customer customer, string wish)
    {
        var answer = await customer.PostAsync(Holds, wish);
        Assert.Equal(200, answer.Status);
        return answer.Text("id")!;
    }

    private Task<UsageItemPage> ItemsAsync(Customer customer) => portal.Get<UsageItems>().ListAsync(customer.Reader, new UsageItemQuery(), Cancel);

    private static (int Status, string? Code) Code(Answer answer) => (answer.Status, answer.Text("code"));
}

public sealed class HoldTestsOnSqlite(MeteredSite<SqliteEngine> portal) : HoldTests<SqliteEngine>(portal);

public sealed class HoldTestsOnPostgres(MeteredSite<PostgresEngine> portal) : HoldTests<PostgresEngine>(portal);

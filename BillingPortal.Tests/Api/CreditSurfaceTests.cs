using System.Text.Json;
using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Tests.Metering;
using BillingPortal.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Tests.Api;

/// <summary>Surface 003, field by field.</summary>
public abstract class CreditSurfaceTests<TEngine>(MeteredSite<TEngine> portal) : IClassFixture<MeteredSite<TEngine>>, IDisposable
    where TEngine : IStoreEngine, new()
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        portal.Clock.Now = MeteredSite<TEngine>.Noon;
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Packs_are_public_and_as_the_catalog_has_them()
    {
        using var nobody = portal.Site.NewClient();

        var answer = await Answer.OfAsync(await nobody.GetAsync("credits/packs", Cancel));

        Assert.Equal((200, true), (answer.Status, answer["success"].GetBoolean()));
        Assert.Equal(
            """
            [{"id":"credits_1000","name":"Starter Pack","code":"starter","credits":1000,"price":9},{"id":"credits_5000","name":"Growth Pack","code":"growth","credits":5000,"price":39},{"id":"credits_20000","name":"Scale Pack","code":"scale","credits":20000,"price":139},{"id":"credits_100000","name":"Enterprise Pack","code":"enterprise","credits":100000,"price":599}]
            """,
            answer["data"].GetRawText());
    }

    [Fact]
    public async Task Rates_are_public_and_list_storage_and_tokens_of_both_nodes()
    {
        using var nobody = portal.Site.NewClient();

        var answer = await Answer.OfAsync(await nobody.GetAsync("credits/rates", Cancel));

        Assert.Equal(200, answer.Status);
        Assert.Equal(
            [
                ("Public Node", "PUBLIC_NODE", "Storage egress", "STORAGE_EGRESS", "GB", 10m),
                ("Private Node", "PRIVATE_NODE", "Storage egress", "STORAGE_EGRESS", "GB", 1m),
                ("Public Node", "PUBLIC_NODE", "AI tokens", "AI_TOKENS", "1M tokens", 1000m),
                ("Private Node", "PRIVATE_NODE", "AI tokens", "AI_TOKENS", "1M tokens", 50m),
            ],
            answer["data"].EnumerateArray().Select(rate => (
                rate.GetProperty("type").GetString(), rate.GetProperty("typeCode").GetString(), rate.GetProperty("concept").GetString(),
                rate.GetProperty("conceptCode").GetString(), rate.GetProperty("unit").GetString(), rate.GetProperty("rate").GetDecimal())));
    }

    [Fact]
    public async Task Transactions_tell_what_they_were_for()
    {
        var customer = await portal.NewCustomerAsync();
        var user = await portal.AsUserAsync(customer);
        var order = await user.PostAsync("credits/packs/buy", """{"packId":"credits_1000"}""");
        await portal.PayAsync(order.Text("checkoutUrl")!);
        await Eventually.TrueAsync(async () => await portal.BalanceAsync(customer) == Credits.FromWhole(3150));
        await customer.SendAsync(
            """
            {"id":"e","operation":"storage_egress","quantity":2,
             "properties":{"nodeType":"private","repoId":"repo-1","unitId":"unit-1","host":"h.example.com","llmType":"t","llmModel":"m"}}
            """);

        var answer = await customer.GetAsync("credits/transactions");

        Assert.Equal((200, true), (answer.Status, answer["success"].GetBoolean()));
        Assert.Equal((4, 1, 50), (answer["pagination"].GetProperty("total").GetInt32(), answer["pagination"].GetProperty("page").GetInt32(), answer["pagination"].GetProperty("limit").GetInt32()));
        var (usage, purchase, allowance) = (answer["data"][0], answer["data"][1], answer["data"][2]);
        Assert.StartsWith("tx_", usage.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal((-2m, "consumption", "2027-03-10T12:00:00.000Z"), (usage.GetProperty("creditAmount").GetDecimal(), usage.GetProperty("type").GetString(), usage.GetProperty("createdAt").GetString()));
        Assert.Equal(
            ("Private Node", "Storage egress", 1m), (usage.GetProperty("rateType").GetString(), usage.GetProperty("rateConcept").GetString(), usage.GetProperty("rateUsed").GetDecimal()));
        Assert.Equal(
            ("repo-1", "unit-1", "h.example.com", "t", "m"),
            (usage.GetProperty("repoId").GetString(), usage.GetProperty("unitId").GetString(), usage.GetProperty("host").GetString(), usage.GetProperty("llmType").GetString(), usage.GetProperty("llmModel").GetString()));
        Assert.False(usage.TryGetProperty("packName", out _));
        Assert.Equal((1000m, "purchase", "Starter Pack"), (purchase.GetProperty("creditAmount").GetDecimal(), purchase.GetProperty("type").GetString(), purchase.GetProperty("packName").GetString()));
        Assert.False(purchase.TryGetProperty("rateType", out _));
        Assert.Equal((2000m, "grant", "Lite"), (allowance.GetProperty("creditAmount").GetDecimal(), allowance.GetProperty("type").GetString(), allowance.GetProperty("subscriptionName").GetString()));
        Assert.All(answer["data"].EnumerateArray(), line => Assert.False(string.IsNullOrEmpty(line.GetProperty("description").GetString())));
    }

    [Fact]
    public async Task Transactions_are_narrowed_by_direction_date_and_repository_and_counted()
    {
        var customer = await portal.NewCustomerAsync();
        for (var day = 0; day < 4; day++)
        {
            portal.Clock.Now = MeteredSite<TEngine>.Noon.AddDays(day);
            var repository = day % 2 == 0 ? "even" : "odd";
            await customer.SendAsync(
                $$"""
                [{"id":"a{{day}}","operation":"storage_egress","quantity":{{day + 1}},"properties":{"repoId":"{{repository}}"} },
                 {"id":"b{{day}}","operation":"storage_egress","quantity":0,"properties":{"repoId":"{{repository}}"} }]
                """);
        }

        Assert.Equal((6, "-40 -30 -20 -10 2000 150"), await AmountsAsync(customer, ""));
        Assert.Equal((4, "-40 -30 -20 -10"), await AmountsAsync(customer, "direction=out"));
        Assert.Equal((2, "2000 150"), await AmountsAsync(customer, "direction=in"));
        Assert.Equal((6, "-20 -10"), await AmountsAsync(customer, "direction=all&limit=2&page=2"));
        Assert.Equal((4, "-20 -10"), await AmountsAsync(customer, "direction=out&limit=2&page=2"));
        Assert.Equal((6, ""), await AmountsAsync(customer, "page=4&limit=2"));
        Assert.Equal((2, "-30 -20"), await AmountsAsync(customer, "startDate=2027-03-11&endDate=2027-03-12"));
        Assert.Equal((2, "-20 -10"), await AmountsAsync(customer, "endDate=2027-03-12T12:00:00Z&direction=out"));
        Assert.Equal((0, ""), await AmountsAsync(customer, "startDate=2028-01-01"));
        Assert.Equal((2, "-30 -10"), await AmountsAsync(customer, "repoId=even"));
        Assert.Equal((2, "-20"), await AmountsAsync(customer, "repoId=odd&page=2&limit=1"));
        Assert.Equal((1, "-40"), await AmountsAsync(customer, "repoId=odd&startDate=2027-03-13"));
        Assert.Equal((0, ""), await AmountsAsync(customer, "repoId=even&direction=in"));
        Assert.Equal((0, ""), await AmountsAsync(await portal.NewCustomerAsync(), "repoId=even"));
    }

    [Fact]
    public async Task Months_ascend_without_gaps_and_agree_with_the_ledger()
    {
        var customer = await portal.NewCustomerAsync();
        await customer.SendAsync("""{"id":"a","operation":"chat","quantity":100}""");
        portal.Clock.Now = MeteredSite<TEngine>.Noon.AddMonths(1);
        await customer.SendAsync("""{"id":"b","operation":"chat","quantity":7}""");
        await portal.FundAsync(customer, CreditTypes.Credits, Credits.FromWhole(500));
        portal.Clock.Now = new DateTimeOffset(2027, 5, 1, 0, 0, 0, TimeSpan.Zero);
        await customer.SendAsync("""{"id":"c","operation":"chat","quantity":0.000000}""");
        await customer.SendAsync("""{"id":"d","operation":"chat","quantity":1}""");

        var answer = await customer.GetAsync("credits/stats/monthly?months=4");
        var single = await customer.GetAsync("credits/stats/monthly?months=1");

        // In April the second allowance came and the rest of the first was forfeited, which is consumption but no usage.
        Assert.Equal(
            [
                ("2027-02-01T00:00:00.000Z", 0m, 0m, 0m, 0m, 0m), ("2027-03-01T00:00:00.000Z", 100m, 0m, 2150m, 2050m, 100m),
                ("2027-04-01T00:00:00.000Z", 1907m, 500m, 2000m, 593m, 7m), ("2027-05-01T00:00:00.000Z", 1m, 0m, 0m, -1m, 1m),
            ],
            answer["data"].EnumerateArray().Select(month => (
                month.GetProperty("month").GetString(), month.GetProperty("consumption").GetDecimal(), month.GetProperty("purchases").GetDecimal(),
                month.GetProperty("grants").GetDecimal(), month.GetProperty("balance").GetDecimal(), month.GetProperty("usage").GetDecimal())));
        var totals = answer["totals"];
        Assert.Equal((2008m, 500m, 4150m, 2642m), (totals.GetProperty("consumption").GetDecimal(), totals.GetProperty("purchases").GetDecimal(), totals.GetProperty("grants").GetDecimal(), totals.GetProperty("balance").GetDecimal()));
        Assert.Equal((await portal.BalanceAsync(customer)).ToDecimal(), totals.GetProperty("balance").GetDecimal());
        Assert.Equal("2027-05-01T00:00:00.000Z", Assert.Single(single["data"].EnumerateArray()).GetProperty("month").GetString());
        Assert.Equal(12, (await customer.GetAsync("credits/stats/monthly"))["data"].GetArrayLength());
        Assert.Equal(24, (await (await portal.NewCustomerAsync()).GetAsync("credits/stats/monthly?months=24"))["data"].GetArrayLength());
    }

    [Theory]
    [InlineData("transactions?page=0", "page")]
    [InlineData("transactions?limit=1001", "limit")]
    [InlineData("transactions?limit=", null)]
    [InlineData("transactions?direction=sideways", "direction")]
    [InlineData("transactions?startDate=soon", "startDate")]
    [InlineData("transactions?startDate=2027-03-02&endDate=2027-02-01", "startDate")]
    [InlineData("transactions?endDate=9999-12-31&startDate=0001-01-01", null)]
    [InlineData("transactions?page=10000000&limit=1000", null)]
    [InlineData("transactions?repoId=%27%3B%20DROP%20TABLE&page=10000000&limit=1000", null)]
    [InlineData("stats/monthly?months=0", "months")]
    [InlineData("stats/monthly?months=25", "months")]
    [InlineData("stats/monthly?months=1e1", "months")]
    public async Task A_query_that_is_not_right_is_refused_by_the_name_of_its_value(string path, string? field)
    {
        var answer = await (await portal.NewCustomerAsync()).GetAsync($"credits/{path}");

        Assert.Equal(field is null ? 200 : 400, answer.Status);
        if (field is not null)
        {
            Assert.Equal((false, "INVALID_REQUEST", field), (answer["success"].GetBoolean(), answer.Text("error_code"), answer.Text("field")));
        }
    }

    [Fact]
    public async Task A_bought_pack_is_answered_with_a_checkout_and_its_session()
    {
        var customer = await portal.NewCustomerAsync();

        var answer = await (await portal.AsUserAsync(customer)).PostAsync("credits/packs/buy", """{"packId":"credits_5000"}""");

        Assert.Equal((200, true), (answer.Status, answer["success"].GetBoolean()));
        Assert.StartsWith(portal.Site.Address.ToString(), answer.Text("checkoutUrl"), StringComparison.Ordinal);
        Assert.EndsWith(answer.Text("sessionId")!, answer.Text("checkoutUrl"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_stands_in_the_way_of_a_pack_has_a_code_of_its_own()
    {
        var customer = await portal.NewCustomerAsync();
        var user = await portal.AsUserAsync(customer);
        var free = await portal.Site.SignUpAsync();
        var newcomer = new Customer(free, "", await portal.Site.NewUserClientAsync(free));
        var member = await MemberOfAsync(customer);
        var meter = customer with { Client = await portal.Site.NewKeyClientAsync(customer.Person, Scopes.UsageWrite) };
        const string growth = """{"packId":"credits_5000"}""";

        Assert.Equal((404, "PACK_NOT_FOUND"), Refusal(await user.PostAsync("credits/packs/buy", """{"packId":"credits_7"}""")));
        Assert.Equal((400, "INVALID_REQUEST"), Refusal(await user.PostAsync("credits/packs/buy", """{"packId":7}""")));
        Assert.Equal((403, "UPGRADE_REQUIRED"), Refusal(await newcomer.PostAsync("credits/packs/buy", growth)));
        Assert.Equal((403, "NO_BILLING_PERMISSION"), Refusal(await member.PostAsync("credits/packs/buy", growth)));
        Assert.Equal((403, "MISSING_SCOPE"), Refusal(await meter.PostAsync("credits/packs/buy", growth)));
        using var nobody = portal.Site.NewClient();
        Assert.Equal((401, "UNAUTHORIZED"), Refusal(await (customer with { Client = nobody }).PostAsync("credits/packs/buy", growth)));
    }

    [Fact]
    public async Task Of_many_that_race_for_the_third_place_one_wins()
    {
        var user = await portal.AsUserAsync(await portal.NewCustomerAsync());
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(200, (await user.PostAsync("credits/packs/buy", """{"packId":"credits_5000"}""")).Status);
        }

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => user.PostAsync("credits/packs/buy", """{"packId":"credits_5000"}""")));

        Assert.Single(answers, answer => answer.Status == 200);
        var refused = answers.Where(answer => answer.Status != 200).ToList();
        Assert.All(refused, answer => Assert.Equal((429, "PACK_LIMIT_REACHED"), Refusal(answer)));

        // An unpaid checkout gives its place back when it ends.
        Assert.Equal("2027-03-10T12:30:00.000Z", refused[0].Text("nextAvailableAt"));
        Assert.Equal(200, (await user.PostAsync("credits/packs/buy", """{"packId":"credits_1000"}""")).Status);
    }

    [Theory]
    [InlineData("GET", "credits/balance")]
    [InlineData("GET", "credits/transactions")]
    [InlineData("GET", "credits/stats/monthly")]
    public async Task Reading_needs_credentials_and_their_scope(string method, string path)
    {
        Assert.Equal("GET", method);
        var customer = await portal.NewCustomerAsync();
        using var nobody = portal.Site.NewClient();
        var meter = customer with { Client = await portal.Site.NewKeyClientAsync(customer.Person, Scopes.UsageWrite) };

        Assert.Equal((401, "UNAUTHORIZED"), Refusal(await (customer with { Client = nobody }).GetAsync(path)));
        Assert.Equal((403, "MISSING_SCOPE"), Refusal(await meter.GetAsync(path)));
    }

    private async Task<Customer> MemberOfAsync(Customer customer)
    {
        var person = await portal.Site.SignUpAsync();
        await using var db = await portal.Get<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Cancel);
        var user = await db.Users.SingleAsync(row => row.Id == person.Id, Cancel);
        await portal.Get<Organizations>().AddMemberAsync(customer.Organization, user, MemberRole.Member, Cancel);
        await portal.Get<Organizations>().ChooseAsync(person.Id, customer.Organization, Cancel);
        return new Customer(person, "", await portal.Site.NewUserClientAsync(person));
    }

    private static (int Status, string? Code) Refusal(Answer answer)
    {
        Assert.False(answer["success"].GetBoolean());
        Assert.False(string.IsNullOrEmpty(answer.Text("message")));
        return (answer.Status, answer.Text("error_code"));
    }

    private static async Task<(int Total, string Amounts)> AmountsAsync(Customer customer, string query)
    {
        var answer = await customer.GetAsync($"credits/transactions?{query}");
        Assert.Equal(200, answer.Status);
        return (answer["pagination"].GetProperty("total").GetInt32(), string.Join(' ', answer["data"].EnumerateArray().Select(line => line.GetProperty("creditAmount").GetRawText())));
    }
}

public sealed class CreditSurfaceTestsOnSqlite(MeteredSite<SqliteEngine> portal) : CreditSurfaceTests<SqliteEngine>(portal);

public sealed class CreditSurfaceTestsOnPostgres(MeteredSite<PostgresEngine> portal) : CreditSurfaceTests<PostgresEngine>(portal);

/// <summary>Surface 003 of an installation that has chosen another system.</summary>
public sealed class CreditSystemTests(StoreFixture<SqliteEngine> store) : IClassFixture<StoreFixture<SqliteEngine>>
{
    [Fact]
    public async Task Every_address_says_that_credits_are_not_enabled()
    {
        await using var site = Site.Start(store.Database, new Dictionary<string, string?> { ["SUBSCRIPTION_SYSTEM"] = "seats" });
        using var client = await site.NewUserClientAsync(await site.SignUpAsync(plan: "lite"));

        foreach (var path in (string[])["balance", "transactions", "stats/monthly", "packs", "rates", "packs/buy"])
        {
            using var response = path == "packs/buy"
                ? await client.PostAsync($"credits/{path}", new StringContent("""{"packId":"credits_1000"}""", null, "application/json"), TestContext.Current.CancellationToken)
                : await client.GetAsync($"credits/{path}", TestContext.Current.CancellationToken);
            var answer = await Answer.OfAsync(response);
            Assert.Equal((400, "CREDITS_NOT_ENABLED", JsonValueKind.False), (answer.Status, answer.Text("error_code"), answer["success"].ValueKind));
        }
    }
}

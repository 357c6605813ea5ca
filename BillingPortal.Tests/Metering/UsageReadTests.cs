using System.Net;
using System.Text.Json;
using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;

namespace BillingPortal.Tests.Metering;

public abstract class UsageReadTests<TEngine>(MeteredSite<TEngine> portal) : IClassFixture<MeteredSite<TEngine>>, IDisposable
    where TEngine : IStoreEngine, new()
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        portal.Clock.Now = MeteredSite<TEngine>.Noon;
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task The_wallet_says_what_there_is_in_which_bucket()
    {
        var customer = await portal.NewCustomerAsync("lite");
        await portal.FundAsync(customer, CreditTypes.Credits, Credits.FromWhole(1000));
        await portal.LeaveAsync(customer, 1500);
        await customer.SendAsync("""{"id":"a","operation":"storage_egress","quantity":0.05}""");

        var answer = await customer.GetAsync("api/v1/billing/wallet");

        var data = answer["data"];
        Assert.True(answer["success"].GetBoolean());
        Assert.Equal(1499.5m, data.GetProperty("balanceCredits").GetDecimal());
        Assert.Equal(14.995m, data.GetProperty("balanceUsd").GetDecimal());
        Assert.Equal(0m, data.GetProperty("heldCredits").GetDecimal());
        Assert.Equal(1499.5m, data.GetProperty("availableCredits").GetDecimal());
        Assert.False(data.GetProperty("autoReloadEnabled").GetBoolean());
        Assert.Equal(JsonValueKind.Null, data.GetProperty("autoReloadThresholdUsd").ValueKind);
        Assert.Equal(JsonValueKind.Null, data.GetProperty("autoReloadAmountUsd").ValueKind);
        var purchased = data.GetProperty("buckets").EnumerateArray().Single(bucket => bucket.GetProperty("kind").GetString() == "purchased");
        Assert.Equal(1000m, purchased.GetProperty("remaining").GetDecimal());
        Assert.Equal(1499.5m, data.GetProperty("buckets").EnumerateArray().Sum(bucket => bucket.GetProperty("remaining").GetDecimal()));
    }

    [Fact]
    public async Task Usage_is_rolled_up_by_day_and_channel()
    {
        var customer = await portal.NewCustomerAsync();
        await customer.SendAsync(
            """
            [
              {"id":"a","operation":"chat","quantity":3},
              {"id":"b","operation":"chat","quantity":2},
              {"id":"c","operation":"chat","properties":{"status":"failed"}},
              {"id":"d","operation":"image_to_html"},
              {"id":"e","operation":"chat","occurredAt":"2027-03-01T00:00:00Z"}
            ]
            """);

        var answer = await customer.GetAsync("api/v1/billing/usage?from=2027-03-01&to=2027-03-10");
        var later = await customer.GetAsync("api/v1/billing/usage?from=2027-03-02&to=2027-03-09");

        var rows = answer["data"].EnumerateArray().Select(row => (
            row.GetProperty("date").GetString(), row.GetProperty("channel").GetString(), row.GetProperty("quantity").GetDecimal(),
            row.GetProperty("credits").GetDecimal(), row.GetProperty("items").GetInt64()));
        Assert.Equal([("2027-03-01", "chat", 1m, 1m, 1L), ("2027-03-10", "chat", 5m, 5m, 3L), ("2027-03-10", "operations", 1m, 30m, 1L)], rows);
        Assert.Empty(later["data"].EnumerateArray());
    }

    [Fact]
    public async Task What_was_charged_is_summed_by_the_hour_of_one_organization_alone()
    {
        var customer = await portal.NewCustomerAsync();
        await customer.SendAsync(
            """
            [
              {"id":"a","operation":"image_to_html","occurredAt":"2027-03-08T09:59:59Z"},
              {"id":"b","operation":"chat","quantity":5,"occurredAt":"2027-03-08T09:00:00Z"},
              {"id":"c","operation":"chat","occurredAt":"2027-03-08T10:00:00Z"},
              {"id":"d","operation":"chat","occurredAt":"2027-03-07T23:59:59Z"},
              {"id":"e","operation":"chat","occurredAt":"2027-03-09T00:00:00Z"}
            ]
            """);
        await (await portal.NewCustomerAsync()).SendAsync("""{"id":"a","operation":"chat","occurredAt":"2027-03-08T09:00:00Z"}""");
        var day = new DateTimeOffset(2027, 3, 8, 0, 0, 0, TimeSpan.Zero);

        var hours = await portal.Get<UsageReports>().GetHoursAsync(customer.Person.Caller, day, day.AddDays(1), CreditTypes.Credits, Ct);

        Assert.Equal([(day.AddHours(9), Credits.FromWhole(35)), (day.AddHours(10), Credits.FromWhole(1))], hours.Hours);
        Assert.False(hours.IsCut);
    }

    [Fact]
    public async Task Items_come_newest_first_page_by_page_and_filtered()
    {
        var customer = await portal.NewCustomerAsync();
        foreach (var minute in Enumerable.Range(0, 7))
        {
            var operation = minute % 2 == 0 ? "chat" : "code_export";
            var occurredAt = $"2027-03-09T10:0{minute}:00Z";
            await customer.SendAsync(new { id = $"e{minute}", operation, occurredAt, properties = new { agentId = $"agent-{minute}" } });
        }

        List<string?> paged = [];
        string? cursor = null;
        do
        {
            var page = await customer.GetAsync($"api/v1/billing/usage/items?limit=3&cursor={cursor}");
            Assert.InRange(page["data"].GetArrayLength(), 1, 3);
            paged.AddRange(page["data"].EnumerateArray().Select(item => item.GetProperty("agentId").GetString()));
            cursor = page.Text("nextCursor");
        }
        while (cursor is not null);
        var chat = await customer.GetAsync("api/v1/billing/usage/items?channel=chat");
        var window = await customer.GetAsync("api/v1/billing/usage/items?from=2027-03-09T10:02:00Z&to=2027-03-09T10:04:00Z");
        var day = await customer.GetAsync("api/v1/billing/usage/items?from=2027-03-09&to=2027-03-09");

        Assert.Equal(["agent-6", "agent-5", "agent-4", "agent-3", "agent-2", "agent-1", "agent-0"], paged);
        Assert.Equal(["agent-6", "agent-4", "agent-2", "agent-0"], chat["data"].EnumerateArray().Select(item => item.GetProperty("agentId").GetString()));
        Assert.Equal(["agent-3", "agent-2"], window["data"].EnumerateArray().Select(item => item.GetProperty("agentId").GetString()));
        Assert.Equal(7, day["data"].GetArrayLength());
        var first = chat["data"][0];
        Assert.Equal("2027-03-09T10:06:00.000Z", first.GetProperty("time").GetString());
        Assert.Equal(("chat", "chat", "Chat"), (first.GetProperty("type").GetString(), first.GetProperty("channel").GetString(), first.GetProperty("description").GetString()));
        Assert.Equal((1m, 1m), (first.GetProperty("quantity").GetDecimal(), first.GetProperty("credits").GetDecimal()));
        Assert.StartsWith("itm_", first.GetProperty("id").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("usage?from=2027-03-10&to=2027-03-09", "from")]
    [InlineData("usage?from=2020-01-01&to=2027-03-09", "from")]
    [InlineData("usage?from=yesterday", "from")]
    [InlineData("usage?to=0001-01-01", null)]
    [InlineData("usage/items?limit=0", "limit")]
    [InlineData("usage/items?limit=1001", "limit")]
    [InlineData("usage/items?limit=ten", "limit")]
    [InlineData("usage/items?channel=fax", "channel")]
    [InlineData("usage/items?cursor=tx_1", "cursor")]
    [InlineData("usage/items?to=2027-02-30", "to")]
    [InlineData("usage/items?to=9999-12-31", null)]
    [InlineData("usage/items?from=0001-01-01", null)]
    [InlineData("usage/items?cursor=itm_%ff", null)]
    public async Task A_query_that_is_not_right_is_refused_by_the_name_of_its_value(string path, string? field)
    {
        var customer = await portal.NewCustomerAsync();

        var answer = await customer.GetAsync($"api/v1/billing/{path}");

        Assert.Equal(field is null ? 200 : 400, answer.Status);
        if (field is not null)
        {
            Assert.False(answer["success"].GetBoolean());
            Assert.Equal(field, answer["errors"][0].GetProperty("field").GetString());
        }
    }

    [Fact]
    public async Task The_summary_has_a_row_for_every_day_and_an_entry_for_every_operation_used()
    {
        var customer = await portal.NewCustomerAsync();
        await customer.SendAsync(
            """
            [
              {"id":"a","operation":"image_to_html"},
              {"id":"b","operation":"image_to_html","occurredAt":"2027-03-08T01:00:00Z"},
              {"id":"c","operation":"code_export"}
            ]
            """);

        var answer = await customer.GetAsync("api/v1/usage?days=3");
        var whole = await customer.GetAsync("api/v1/usage");

        Assert.Equal(3, answer["period"].GetProperty("days").GetInt32());
        Assert.Equal("2027-03-08T00:00:00.000Z", answer["period"].GetProperty("start").GetString());
        Assert.Equal("2027-03-10T12:00:00.000Z", answer["period"].GetProperty("end").GetString());
        Assert.Equal(customer.KeyId, answer["key"].GetProperty("id").GetString());
        Assert.Equal((3, 75m), (answer["summary"].GetProperty("totalCalls").GetInt32(), answer["summary"].GetProperty("totalCredits").GetDecimal()));
        var images = answer["summary"].GetProperty("byEndpoint").GetProperty("image_to_html");
        Assert.Equal((2, 60m, "Image → HTML"), (images.GetProperty("calls").GetInt32(), images.GetProperty("credits").GetDecimal(), images.GetProperty("label").GetString()));
        Assert.Equal(
            [("2027-03-08", 1, 30m), ("2027-03-09", 0, 0m), ("2027-03-10", 2, 45m)],
            answer["daily"].EnumerateArray().Select(day => (day.GetProperty("date").GetString(), day.GetProperty("calls").GetInt32(), day.GetProperty("credits").GetDecimal())));
        Assert.Equal(30, whole["daily"].GetArrayLength());
    }

    [Fact]
    public async Task The_summary_is_of_the_calling_key_unless_it_names_another_of_its_organization()
    {
        var customer = await portal.NewCustomerAsync();
        var stranger = await portal.NewCustomerAsync();
        var (key, secret) = await portal.Site.NewKeyAsync(customer.Person);
        using var client = portal.Site.NewClient(secret);
        var other = customer with { KeyId = key.Id, Client = client };
        await customer.SendAsync("""{"id":"a","operation":"chat"}""");
        await other.SendAsync("""{"id":"b","operation":"image_to_html"}""");

        var own = await customer.GetAsync("api/v1/usage");
        var named = await customer.GetAsync($"api/v1/usage?keyId={key.Id}");
        var foreign = await stranger.GetAsync($"api/v1/usage?keyId={key.Id}");
        using var user = await portal.Site.NewUserClientAsync(customer.Person);
        var whole = await (customer with { Client = user }).GetAsync("api/v1/usage");

        Assert.Equal(1m, own["summary"].GetProperty("totalCredits").GetDecimal());
        Assert.Equal((30m, key.Name), (named["summary"].GetProperty("totalCredits").GetDecimal(), named["key"].GetProperty("name").GetString()));
        Assert.Equal((404, "NOT_FOUND"), (foreign.Status, foreign.Text("code")));
        Assert.Equal(31m, whole["summary"].GetProperty("totalCredits").GetDecimal());
        Assert.False(whole.Body.TryGetProperty("key", out _));
    }

    [Theory]
    [InlineData("days=0", "days")]
    [InlineData("days=91", "days")]
    [InlineData("days=1.5", "days")]
    public async Task The_summary_covers_1_to_90_days(string query, string field)
    {
        var customer = await portal.NewCustomerAsync();

        var answer = await customer.GetAsync($"api/v1/usage?{query}");

        Assert.Equal((400, field), (answer.Status, answer.Text("field")));
    }

    [Fact]
    public async Task Flows_are_todays_and_bonus_ones()
    {
        var customer = await portal.NewCustomerAsync("lite");
        await SpendFlowsAsync(customer, 4);
        await portal.Get<WalletWriter>().ExecuteAsync(
            new Grant
            {
                OrganizationId = customer.Organization,
                CreditType = CreditTypes.Flows,
                Reference = "promo:1",
                Source = "promo",
                Actor = "system:test",
                Deposit = new Deposit(BucketKind.Promotional, Credits.FromWhole(25), Giftable: true),
            },
            Ct);

        var today = await customer.GetAsync("api/flows/balance");
        portal.Clock.Now = new DateTimeOffset(2027, 3, 11, 0, 0, 0, TimeSpan.Zero);
        var tomorrow = await customer.GetAsync("api/flows/balance");

        Assert.Equal("""{"daily":{"used":4,"limit":10,"remaining":6},"bonus":{"available":25},"total":{"available":31}}""", today.Body.GetRawText());
        Assert.Equal("""{"daily":{"used":0,"limit":10,"remaining":10},"bonus":{"available":25},"total":{"available":35}}""", tomorrow.Body.GetRawText());
    }

    [Fact]
    public async Task The_organizations_balance_tells_what_today_has_taken_of_it_by_category()
    {
        var customer = await portal.NewCustomerAsync();
        await customer.SendAsync("""{"id":"yesterday","operation":"chat","quantity":100}""");
        portal.Clock.Now = portal.Clock.Now.AddDays(1);
        await customer.SendAsync(
            """
            [
              {"id":"a","operation":"storage_egress","quantity":2},
              {"id":"b","operation":"ai_tokens","quantity":5000},
              {"id":"c","operation":"code_export"},
              {"id":"d","operation":"voice","quantity":1},
              {"id":"late","operation":"voice","quantity":1,"occurredAt":"2027-03-01T08:00:00Z"}
            ]
            """);
        var balance = (await portal.BalanceAsync(customer)).ToDecimal();

        var data = (await customer.GetAsync("credits/balance"))["data"];

        Assert.Equal("2027-03-11T00:00:00.000Z", data.GetProperty("dateBalance").GetString());
        Assert.Equal(balance, data.GetProperty("realtimeBalance").GetDecimal());
        Assert.Equal(56m, data.GetProperty("pendingConsumption").GetDecimal());
        Assert.Equal(balance + 56m, data.GetProperty("creditBalance").GetDecimal());
        Assert.Equal("""{"storage":20,"ai":5,"operations":15,"voice":16}""", data.GetProperty("breakdown").GetRawText());
    }

    [Fact]
    public async Task Api_credits_tell_what_was_ever_bought_and_used_to_people_and_not_to_keys()
    {
        var customer = await portal.NewCustomerAsync();
        await portal.FundAsync(customer, CreditTypes.ApiCredits, Credits.FromWhole(949_050));
        await customer.SendAsync("""{"id":"a","operation":"model_call","properties":{"model":"gpt-4.1","inputTokens":1000,"outputTokens":500}}""");
        using var user = await portal.Site.NewUserClientAsync(customer.Person);

        var answer = await (customer with { Client = user }).GetAsync("v1/api-credits");
        var refused = await customer.GetAsync("v1/api-credits");

        Assert.Equal(949_034m, answer["balance"].GetDecimal());
        Assert.Equal((949_050m, 16m), (answer["total_purchased"].GetDecimal(), answer["total_consumed"].GetDecimal()));
        Assert.Equal(403, refused.Status);
        Assert.False(string.IsNullOrEmpty(refused.Text("message")));
    }

    [Theory]
    [InlineData("api/v1/usage", Scopes.BillingRead)]
    [InlineData("api/v1/billing/wallet", Scopes.BillingRead)]
    [InlineData("api/v1/billing/usage", Scopes.BillingRead)]
    [InlineData("api/v1/billing/usage/items", Scopes.BillingRead)]
    [InlineData("api/v1/billing/usage/items.csv", Scopes.BillingRead)]
    [InlineData("credits/balance", Scopes.BillingRead)]
    [InlineData("api/flows/balance", Scopes.FlowsRead)]
    public async Task Every_read_wants_credentials_and_its_scope(string path, string scope)
    {
        var allowed = await portal.NewCustomerAsync("lite", scope);
        var others = await portal.NewCustomerAsync("lite", [.. Scopes.All.Remove(scope).Remove(Scopes.BillingWrite)]);
        using var stranger = portal.Site.NewClient();

        using var read = await allowed.Client.GetAsync(path, Ct);
        using var forbidden = await others.Client.GetAsync(path, Ct);
        using var unknown = await stranger.GetAsync(path, Ct);

        Assert.Equal(
            (HttpStatusCode.OK, HttpStatusCode.Forbidden, HttpStatusCode.Unauthorized), (read.StatusCode, forbidden.StatusCode, unknown.StatusCode));
    }

    [Fact]
    public async Task The_file_of_items_runs_no_formula_and_keeps_numbers()
    {
        var customer = await portal.NewCustomerAsync();
        await customer.SendAsync("""{"id":"=1+2","operation":"storage_egress","quantity":0.5,"properties":{"repoId":"@cmd","host":"a,\"b\""}}""");

        using var response = await customer.Client.GetAsync("api/v1/billing/usage/items.csv?channel=storage", Ct);
        var lines = (await response.Content.ReadAsStringAsync(Ct)).TrimStart('\ufeff').Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal("text/csv", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("time,id,event_id,operation", lines[0], StringComparison.Ordinal);
        Assert.DoesNotContain(",=1+2", lines[1], StringComparison.Ordinal);
        Assert.DoesNotContain(",@cmd", lines[1], StringComparison.Ordinal);
        Assert.Contains(",0.5,0,5,credits,10,charged,", lines[1], StringComparison.Ordinal);
        Assert.Contains("\"a,\"\"b\"\"\"", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_report_has_every_column_and_compares_with_the_span_before()
    {
        var customer = await portal.NewCustomerAsync();
        await customer.SendAsync(
            """
            [
              {"id":"a","operation":"chat","quantity":10,"occurredAt":"2027-03-10T09:10:00Z"},
              {"id":"b","operation":"image_to_html","occurredAt":"2027-03-10T09:50:00Z"},
              {"id":"c","operation":"chat","quantity":4,"occurredAt":"2027-03-08T09:30:00Z"},
              {"id":"d","operation":"chat","quantity":3,"occurredAt":"2027-03-02T09:30:00Z"}
            ]
            """);
        var reports = portal.Get<UsageReports>();

        var days = await reports.GetByDayAsync(customer.Reader, DayRange.LastDays(7, portal.Clock.Now), UsageGrouping.Operation, CreditTypes.Credits, Ct);
        var hours = await reports.GetByHourAsync(customer.Reader, UsageGrouping.Channel, CreditTypes.Credits, Ct);

        Assert.Equal(7, days.Columns.Length);
        Assert.Equal((Credits.FromWhole(44), Credits.FromWhole(3)), (days.Total.Credits, days.Previous.Credits));
        Assert.Equal([("image_to_html", "Image → HTML"), ("chat", "Chat")], days.Groups.Select(group => (group.Id, group.Label)));
        Assert.Equal(Credits.FromWhole(10), days.Columns[^1].Groups["chat"].Credits);
        Assert.Equal(Credits.Zero, days.Columns[^2].Total.Credits);
        Assert.Equal(24, hours.Columns.Length);
        Assert.Equal((Credits.FromWhole(40), Credits.Zero), (hours.Total.Credits, hours.Previous.Credits));
        Assert.Equal(Credits.FromWhole(40), hours.Columns.Single(column => column.Start.Hour == 9).Total.Credits);
        Assert.Equal(new DateTimeOffset(2027, 3, 10, 13, 0, 0, TimeSpan.Zero), hours.To);
    }

    [Fact]
    public async Task The_burn_is_of_whole_days_since_the_first_use()
    {
        var customer = await portal.NewCustomerAsync();
        await customer.SendAsync(
            """
            [
              {"id":"a","operation":"chat","quantity":8,"occurredAt":"2027-03-06T09:00:00Z"},
              {"id":"b","operation":"chat","quantity":4,"occurredAt":"2027-03-08T09:00:00Z"},
              {"id":"c","operation":"chat","quantity":90,"occurredAt":"2027-03-10T09:00:00Z"}
            ]
            """);

        var burn = await portal.Get<UsageReports>().BurnAsync(customer.Reader, CreditTypes.Credits, 14, Ct);
        var none = await portal.Get<UsageReports>().BurnAsync(customer.Reader, CreditTypes.ApiCredits, 14, Ct);

        Assert.Equal([8, 0, 4, 0], burn.Days.Select(day => day.ToDecimal()));
        Assert.Equal((Credits.FromWhole(3), Credits.Zero, Credits.FromWhole(4)), (burn.Average, burn.Low, burn.High));
        Assert.Equal((0, Credits.Zero), (none.Days.Length, none.Average));
    }

    private async Task SpendFlowsAsync(Customer customer, long flows)
    {
        var standing = await portal.Get<PlanStandings>().GetAsync(customer.Organization, Ct);
        Assert.IsType<PostResult.Posted>(await portal.Get<WalletWriter>().ExecuteAsync(
            new Charge
            {
                OrganizationId = customer.Organization,
                CreditType = CreditTypes.Flows,
                Reference = $"test:{Guid.NewGuid()}",
                Source = "post_creation",
                Actor = "system:test",
                Amount = Credits.FromWhole(flows),
                Due = portal.Get<DueAllowances>().For(standing, portal.Clock.Now),
            },
            Ct));
    }
}

public sealed class UsageReadTestsOnSqlite(MeteredSite<SqliteEngine> portal) : UsageReadTests<SqliteEngine>(portal);

public sealed class UsageReadTestsOnPostgres(MeteredSite<PostgresEngine> portal) : UsageReadTests<PostgresEngine>(portal);

using System.Text.Json;
using BillingPortal.Access;
using BillingPortal.Gifting;
using BillingPortal.Tests.Api;
using BillingPortal.Tests.Metering;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Gifting;

/// <summary>The flows surface over HTTP. Source: contract, "001 · Flows".</summary>
public abstract class FlowEndpointTests<TEngine> : IClassFixture<MeteredSite<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private readonly MeteredSite<TEngine> portal;

    protected FlowEndpointTests(MeteredSite<TEngine> portal)
    {
        this.portal = portal;
        portal.Clock.Now = MeteredSite<TEngine>.Noon;
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_gift_moves_bonus_flows_and_both_sides_read_of_it()
    {
        var (giver, friend) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync());
        await portal.BonusAsync(giver.Person, 25);

        var gift = await giver.GiftAsync(friend.Person.Email.ToUpperInvariant(), 10, "Great work on your content!");
        var given = await giver.GetAsync("api/flows/transactions?limit=1");
        var received = await friend.GetAsync("api/flows/transactions");

        Assert.Equal(200, gift.Status);
        Assert.True(gift["success"].GetBoolean());
        Assert.Equal(10, gift["transferred"].GetDecimal());
        Assert.Equal(15, gift["yourBalance"].GetDecimal());
        Assert.Equal(friend.Person.Email.ToUpperInvariant(), gift.Text("recipientEmail"));
        Assert.StartsWith("tx_", gift.Text("transactionId"), StringComparison.Ordinal);

        Assert.Equal(1, given["count"].GetInt32());
        var sent = given["transactions"][0];
        Assert.Equal(gift.Text("transactionId"), sent.GetProperty("id").GetString());
        AssertEntry(sent, "gift_sent", -10, 15, "user_gift", "Great work on your content!");
        Assert.Equal(MeteredSite<TEngine>.Noon.ToUnixTimeMilliseconds(), sent.GetProperty("createdAt").GetInt64());
        AssertEntry(received["transactions"][0], "gift_received", 10, 10, "user_gift", "Great work on your content!");

        var told = Assert.Single(await portal.EventsAsync(friend.Organization, "flow.gift_received"));
        Assert.Equal(received["transactions"][0].GetProperty("id").GetString(), told.GetProperty("transactionId").GetString());
        Assert.Equal(10, told.GetProperty("amount").GetDecimal());
        Assert.Equal(giver.Organization, told.GetProperty("senderId").GetString());
        Assert.Equal(friend.Person.Id, told.GetProperty("recipientId").GetString());
        Assert.Equal("Great work on your content!", told.GetProperty("note").GetString());
        await portal.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task A_gift_that_cannot_be_is_refused_in_the_contracts_words_and_moves_nothing()
    {
        var (giver, friend) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync());
        await portal.BonusAsync(giver.Person, 5);
        await portal.BonusAsync(giver.Person, 50, giftable: false);

        await AssertRefusedAsync(giver.GiftAsync(friend.Person.Email, 6), 400, "Insufficient bonus flows");
        await AssertRefusedAsync(giver.GiftAsync($" {giver.Person.Email.ToUpperInvariant()} ", 1), 400, "Cannot gift flows to yourself");
        await AssertRefusedAsync(giver.GiftAsync(friend.Person.Email, 101), 400, "Maximum gift amount is 100 flows");
        await AssertRefusedAsync(giver.GiftAsync(friend.Person.Email, long.MaxValue), 400, "Maximum gift amount is 100 flows");
        await AssertRefusedAsync(giver.GiftAsync(friend.Person.Email, 0), 400, "Minimum gift amount is 1 flow");
        await AssertRefusedAsync(giver.GiftAsync(friend.Person.Email, -3), 400, "Minimum gift amount is 1 flow");
        await AssertRefusedAsync(giver.GiftAsync("nobody@example.com", 1), 400, "Recipient not found");
        Assert.Equal(400, (await giver.GiftAsync(friend.Person.Email, 1.5)).Status);
        Assert.Equal("amount", (await giver.GiftAsync(friend.Person.Email, "3")).Text("field"));
        Assert.Equal("note", (await giver.GiftAsync(friend.Person.Email, 1, new string('x', Gifts.NoteLength + 1))).Text("field"));

        Assert.Equal((55, 10), await giver.FlowsAsync());
        Assert.Equal((0, 10), await friend.FlowsAsync());
    }

    [Fact]
    public async Task Daily_flows_cannot_be_given_away()
    {
        var (giver, friend) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync());

        await AssertRefusedAsync(giver.GiftAsync(friend.Person.Email, 1), 400, "Insufficient bonus flows");
    }

    [Fact]
    public async Task Whoever_guesses_at_recipients_has_to_wait_and_learns_nothing_meanwhile()
    {
        var (giver, friend) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync());
        await portal.BonusAsync(giver.Person, 50);
        for (var i = 0; i < 10; i++)
        {
            await AssertRefusedAsync(giver.GiftAsync($"nobody{i}@example.com", 1), 400, "Recipient not found");
        }

        var unknown = await giver.GiftAsync("nobody@example.com", 1);
        var known = await giver.GiftAsync(friend.Person.Email, 1);
        portal.Clock.Now += TimeSpan.FromHours(1);
        var later = await giver.GiftAsync(friend.Person.Email, 1);

        Assert.Equal((429, 429, 200), (unknown.Status, known.Status, later.Status));
        Assert.Equal("Rate limit exceeded", unknown.Text("error"));
        Assert.Equal(unknown.Text("message"), known.Text("message"));
        Assert.Equal(3600, known["retry_after"].GetInt32());
    }

    [Fact]
    public async Task A_day_allows_so_many_gifts_however_many_come_at_once()
    {
        var (giver, friend) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync());
        await portal.BonusAsync(giver.Person, 100);

        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => giver.GiftAsync(friend.Person.Email, 1)));
        portal.Clock.Now += TimeSpan.FromHours(24);
        var tomorrow = await giver.GiftAsync(friend.Person.Email, 1);

        Assert.Equal(50, answers.Count(answer => answer.Status == 200));
        Assert.All(answers.Where(answer => answer.Status != 200), answer => Assert.Equal((429, 86_400), (answer.Status, answer["retry_after"].GetInt32())));
        Assert.Equal(200, tomorrow.Status);
        Assert.Equal(51, (await friend.FlowsAsync()).Bonus);
    }

    [Fact]
    public async Task Gifts_in_both_directions_at_once_neither_lock_up_nor_lose_a_flow()
    {
        var (left, right) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync());
        await portal.BonusAsync(left.Person, 100);
        await portal.BonusAsync(right.Person, 100);

        var answers = await Task.WhenAll(Enumerable.Range(0, 80).Select(i => i % 2 == 0 ? left.GiftAsync(right.Person.Email, 3) : right.GiftAsync(left.Person.Email, 3)));

        Assert.All(answers, answer => Assert.True(answer.Status == 200 || answer.Text("error") == "Insufficient bonus flows", answer.ToString()));
        var sum = (await left.FlowsAsync()).Bonus + (await right.FlowsAsync()).Bonus;
        Assert.Equal(200, sum);
        await portal.AssertLedgerHoldsAsync();
    }

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("javascript:alert(1)")]
    [InlineData("=cmd|' /C calc'!A0")]
    [InlineData("'); DROP TABLE gifts; --")]
    [InlineData("\u202Eright to left\u200B zero width \uFEFF")]
    [InlineData("👩‍👩‍👧‍👦 é e\u0301 \u0001\u001B[31m")]
    [InlineData("Subject: x\r\nBcc: everyone@example.com")]
    public async Task A_note_comes_back_as_it_was_written(string note)
    {
        var (giver, friend) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync());
        await portal.BonusAsync(giver.Person, 1);

        var gift = await giver.GiftAsync(friend.Person.Email, 1, note);

        Assert.Equal(200, gift.Status);
        var received = (await friend.GetAsync("api/flows/transactions"))["transactions"][0];
        Assert.Equal(note, received.GetProperty("note").GetString());
        Assert.Equal(note, Assert.Single(await portal.EventsAsync(friend.Organization, "flow.gift_received")).GetProperty("note").GetString());
    }

    [Theory]
    [InlineData("\"\\u0000\"")]
    [InlineData("\"\\ud800\"")]
    [InlineData("7")]
    public async Task A_note_that_is_no_text_is_refused(string note)
    {
        var giver = await portal.NewCustomerAsync();
        using var body = new StringContent($$"""{"recipientEmail":"a@example.com","amount":1,"note":{{note}}}""", System.Text.Encoding.UTF8, "application/json");

        using var response = await giver.Client.PostAsync("api/flows/gift", body, Ct);

        Assert.Equal(400, (int)response.StatusCode);
    }

    [Fact]
    public async Task History_shows_bonus_flows_alone_with_the_balance_of_bonus_flows()
    {
        var (customer, friend) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync());
        await portal.BonusAsync(customer.Person, 2);
        for (var i = 0; i < 11; i++)
        {
            Assert.Equal(201, (await customer.PostAsync("api/posts", new { channelId = "c", content = "Hello" })).Status);
        }

        await portal.BonusAsync(friend.Person, 5);
        Assert.Equal(200, (await friend.GiftAsync(customer.Person.Email, 5)).Status);

        var history = (await customer.GetAsync("api/flows/transactions"))["transactions"];

        Assert.Equal(3, history.GetArrayLength());
        AssertEntry(history[0], "gift_received", 5, 6, "user_gift", null);
        AssertEntry(history[1], "consumed", -1, 1, "post_creation", history[1].GetProperty("note").GetString());
        Assert.StartsWith("Flow consumed for post post_", history[1].GetProperty("note").GetString(), StringComparison.Ordinal);
        AssertEntry(history[2], "earned", 2, 2, "promo", null);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("101")]
    [InlineData("-1")]
    [InlineData("ten")]
    public async Task A_limit_out_of_range_is_refused(string limit)
    {
        var customer = await portal.NewCustomerAsync();

        Assert.Equal(400, (await customer.GetAsync($"api/flows/transactions?limit={limit}")).Status);
    }

    [Fact]
    public async Task Administrators_grant_and_nobody_else()
    {
        var (customer, administrator) = (await portal.NewCustomerAsync(), await portal.Site.SignUpAsync(administrator: true));
        using var client = await portal.Site.NewUserClientAsync(administrator);
        var admin = new Customer(administrator, "", client);
        var email = customer.Person.Email;

        var granted = await admin.PostAsync("api/flows/admin/grant", new { userEmail = email, amount = 50, source = "promo", note = "Beta tester reward" });
        var plain = await admin.PostAsync("api/flows/admin/grant", new { userEmail = email, amount = 25 });

        Assert.Equal(200, granted.Status);
        Assert.True(granted["success"].GetBoolean());
        Assert.Equal((50, 50), (granted["granted"].GetDecimal(), granted["newBalance"].GetDecimal()));
        Assert.Equal(email, granted.Text("userEmail"));
        Assert.Equal(75, plain["newBalance"].GetDecimal());
        var history = (await customer.GetAsync("api/flows/transactions"))["transactions"];
        AssertEntry(history[0], "earned", 25, 75, "admin", null);
        AssertEntry(history[1], "earned", 50, 50, "promo", "Beta tester reward");
        var told = await portal.EventsAsync(customer.Organization, "credits.granted");
        Assert.Equal([25m, 50m], told.Select(data => data.GetProperty("credits").GetDecimal()).Order());
        Assert.All(told, data => Assert.Equal("flows", data.GetProperty("creditType").GetString()));

        Assert.Equal(403, (await customer.PostAsync("api/flows/admin/grant", new { userEmail = email, amount = 50 })).Status);
        Assert.Equal("Forbidden", (await customer.PostAsync("api/flows/admin/grant", new { })).Text("error"));
        await AssertRefusedAsync(admin.PostAsync("api/flows/admin/grant", new { userEmail = "nobody@example.com", amount = 1 }), 404, "User not found");
        Assert.Equal("amount", (await admin.PostAsync("api/flows/admin/grant", new { userEmail = email, amount = 10_001 })).Text("field"));
        Assert.Equal("amount", (await admin.PostAsync("api/flows/admin/grant", new { userEmail = email, amount = 0 })).Text("field"));
        Assert.Equal("source", (await admin.PostAsync("api/flows/admin/grant", new { userEmail = email, amount = 1, source = "user_gift" })).Text("field"));
        Assert.Equal("expiresAt", (await admin.PostAsync("api/flows/admin/grant", new { userEmail = email, amount = 1, expiresAt = "2020-01-01" })).Text("field"));
    }

    [Fact]
    public async Task A_grant_that_expires_is_gone_at_its_instant_and_a_sign_up_bonus_stays_with_whom_it_welcomed()
    {
        var (customer, friend, administrator) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync(), await portal.Site.SignUpAsync(administrator: true));
        using var client = await portal.Site.NewUserClientAsync(administrator);
        var admin = new Customer(administrator, "", client);
        var expiresAt = MeteredSite<TEngine>.Noon.AddDays(1);

        await admin.PostAsync("api/flows/admin/grant", new { userEmail = customer.Person.Email, amount = 5, source = "signup_bonus" });
        await admin.PostAsync("api/flows/admin/grant", new { userEmail = customer.Person.Email, amount = 7, expiresAt = expiresAt.ToString("O") });

        await AssertRefusedAsync(customer.GiftAsync(friend.Person.Email, 8), 400, "Insufficient bonus flows");
        Assert.Equal(12, (await customer.FlowsAsync()).Bonus);
        portal.Clock.Now = expiresAt;
        Assert.Equal(5, (await customer.FlowsAsync()).Bonus);
        await AssertRefusedAsync(customer.GiftAsync(friend.Person.Email, 1), 400, "Insufficient bonus flows");
    }

    [Fact]
    public async Task A_key_needs_the_scope_and_a_member_may_not_give()
    {
        var reader = await portal.NewCustomerAsync("lite", Scopes.FlowsRead);
        var writer = await portal.NewCustomerAsync("lite", Scopes.FlowsWrite);
        var gifts = portal.Get<Gifts>();
        var member = Caller.ForUser("somebody", writer.Organization, MemberRole.Member);

        Assert.Equal("Forbidden", (await reader.GiftAsync(writer.Person.Email, 1)).Text("error"));
        Assert.Equal(403, (await writer.GetAsync("api/flows/transactions")).Status);
        await Assert.ThrowsAsync<AccessDeniedException>(() => gifts.SendAsync(member, new GiftWish(reader.Person.Email, 1), null, Ct));
        await Assert.ThrowsAsync<AccessDeniedException>(() => gifts.UndoAsync(member, "gift_1", Ct));
    }

    [Fact]
    public async Task Under_one_idempotency_key_a_gift_a_grant_and_a_post_happen_once()
    {
        var (giver, administrator) = (await portal.NewCustomerAsync(), await portal.Site.SignUpAsync(administrator: true));
        using var admin = await portal.Site.NewUserClientAsync(administrator);
        await portal.BonusAsync(giver.Person, 25);

        await AssertOnceAsync(giver.Client, "api/flows/gift", new { recipientEmail = administrator.Email, amount = 5 }, new { recipientEmail = administrator.Email, amount = 6 });
        await AssertOnceAsync(admin, "api/flows/admin/grant", new { userEmail = giver.Person.Email, amount = 3 }, new { userEmail = giver.Person.Email, amount = 4 });
        await AssertOnceAsync(giver.Client, "api/posts", new { channelId = "c", content = "Once" }, new { channelId = "c", content = "Twice" });

        Assert.Equal((23, 9), await giver.FlowsAsync());
        Assert.Equal(1, (await giver.GetAsync("api/posts"))["count"].GetInt32());
    }

    private static async Task AssertOnceAsync(HttpClient client, string path, object body, object other)
    {
        var json = JsonSerializer.Serialize(body);
        var key = Guid.NewGuid().ToString();

        var first = await client.PostAsync(path, json, key);
        var again = await client.PostAsync(path, json, key);
        var different = await client.PostAsync(path, JsonSerializer.Serialize(other), key);

        Assert.True(first.Status is 200 or 201, first.Body);
        Assert.Equal((first.Status, first.Body, true), (again.Status, again.Body, again.IsReplay));
        Assert.Equal(422, different.Status);
    }

    private static void AssertEntry(JsonElement entry, string type, decimal amount, decimal balanceAfter, string source, string? note)
    {
        Assert.Equal(
            (type, amount, balanceAfter, source, note),
            (entry.GetProperty("type").GetString(), entry.GetProperty("amount").GetDecimal(), entry.GetProperty("balanceAfter").GetDecimal(),
                entry.GetProperty("source").GetString(), entry.GetProperty("note").GetString()));
    }

    private static async Task AssertRefusedAsync(Task<Answer> answer, int status, string error)
    {
        var refused = await answer;
        Assert.Equal((status, error), (refused.Status, refused.Text("error")));
    }
}

public sealed class FlowEndpointTestsOnSqlite(MeteredSite<SqliteEngine> portal) : FlowEndpointTests<SqliteEngine>(portal);

public sealed class FlowEndpointTestsOnPostgres(MeteredSite<PostgresEngine> portal) : FlowEndpointTests<PostgresEngine>(portal);

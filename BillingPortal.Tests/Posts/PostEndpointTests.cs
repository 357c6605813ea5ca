using BillingPortal.Posts;
using BillingPortal.Tests.Gifting;
using BillingPortal.Tests.Metering;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Posts;

/// <summary>Posts over HTTP: a daily flow pays, then a bonus flow. Source: contract, "001 · Flows"; faults F34.</summary>
public abstract class PostEndpointTests<TEngine> : IClassFixture<MeteredSite<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static readonly DateTimeOffset Midnight = new(2027, 3, 11, 0, 0, 0, TimeSpan.Zero);

    private readonly MeteredSite<TEngine> portal;

    protected PostEndpointTests(MeteredSite<TEngine> portal)
    {
        this.portal = portal;
        portal.Clock.Now = MeteredSite<TEngine>.Noon;
    }

    [Fact]
    public async Task A_post_is_stored_paid_and_found_again()
    {
        var customer = await portal.NewCustomerAsync();

        var created = await customer.PostAsync("api/posts", new { channelId = "channel_123", content = "Hello world!", scheduledFor = "2024-12-25T10:00:00Z" });
        var found = await customer.GetAsync($"api/posts/{created.Text("id")}");
        var list = await customer.GetAsync("api/posts");

        Assert.Equal(201, created.Status);
        Assert.StartsWith("post_", created.Text("id"), StringComparison.Ordinal);
        Assert.Equal(("Hello world!", "queued", "daily"), (created.Text("content"), created.Text("status"), created.Text("flowSource")));
        Assert.Equal(1_735_120_800_000, created["scheduledFor"].GetInt64());
        Assert.Equal(created.Body.GetRawText(), found.Body.GetRawText());
        Assert.Equal(created.Body.GetRawText(), list["posts"][0].GetRawText());
        Assert.Equal((0, 9), await customer.FlowsAsync());
        var told = Assert.Single(await portal.EventsAsync(customer.Organization, "post.created"));
        Assert.Equal((created.Text("id"), "daily"), (told.GetProperty("id").GetString(), told.GetProperty("flowSource").GetString()));
    }

    [Fact]
    public async Task Without_a_time_it_is_scheduled_for_now()
    {
        var customer = await portal.NewCustomerAsync();

        var created = await customer.PostAsync("api/posts", new { channelId = "c", content = "Now" });

        Assert.Equal(portal.Clock.Now.ToUnixTimeMilliseconds(), created["scheduledFor"].GetInt64());
    }

    [Fact]
    public async Task Daily_flows_go_first_then_bonus_flows_and_with_neither_nothing_is_stored()
    {
        var customer = await portal.NewCustomerAsync();
        await portal.BonusAsync(customer.Person, 3);

        var answers = await Task.WhenAll(Enumerable.Range(0, 25).Select(i => customer.PostAsync("api/posts", new { channelId = "c", content = $"{i}" })));

        Assert.Equal(10, answers.Count(answer => answer.Status == 201 && answer.Text("flowSource") == "daily"));
        Assert.Equal(3, answers.Count(answer => answer.Status == 201 && answer.Text("flowSource") == "bonus"));
        Assert.Equal(12, answers.Count(answer => answer.Status == 402 && answer.Text("error") == "No flows available"));
        Assert.Equal(13, (await customer.GetAsync("api/posts"))["count"].GetInt32());
        Assert.Equal(13, (await portal.EventsAsync(customer.Organization, "post.created")).Count);
        Assert.Equal((0, 0), await customer.FlowsAsync());
        await portal.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task The_day_of_flows_turns_at_midnight_to_the_second()
    {
        var customer = await portal.NewCustomerAsync();
        await portal.BonusAsync(customer.Person, 1);
        portal.Clock.Now = Midnight.AddSeconds(-1);
        for (var i = 0; i < 11; i++)
        {
            await customer.PostAsync("api/posts", new { channelId = "c", content = "Old day" });
        }

        var before = await customer.PostAsync("api/posts", new { channelId = "c", content = "Too many" });
        portal.Clock.Now = Midnight;
        var after = await customer.PostAsync("api/posts", new { channelId = "c", content = "New day" });

        Assert.Equal((402, 201), (before.Status, after.Status));
        Assert.Equal("daily", after.Text("flowSource"));
        Assert.Equal((0, 9), await customer.FlowsAsync());
    }

    [Fact]
    public async Task While_the_day_turns_under_load_no_bonus_flow_is_taken_that_a_daily_one_could_have_spared()
    {
        var customer = await portal.NewCustomerAsync();
        await portal.BonusAsync(customer.Person, 50);
        portal.Clock.Now = Midnight.AddSeconds(-1);
        using var gate = new SemaphoreSlim(8);

        var posting = Enumerable.Range(0, 40).Select(async i =>
        {
            await gate.WaitAsync(TestContext.Current.CancellationToken);
            try
            {
                // At least 13 are done by now, more than the old day has flows.
                if (i == 20)
                {
                    portal.Clock.Now = Midnight;
                }

                return await customer.PostAsync("api/posts", new { channelId = "c", content = $"{i}" });
            }
            finally
            {
                gate.Release();
            }
        });
        var answers = await Task.WhenAll(posting);

        Assert.All(answers, answer => Assert.Equal(201, answer.Status));
        Assert.Equal(20, answers.Count(answer => answer.Text("flowSource") == "daily"));
        Assert.Equal((30, 0), await customer.FlowsAsync());
        await portal.AssertLedgerHoldsAsync();
    }

    [Theory]
    [InlineData("""{"content":"x"}""", "channelId")]
    [InlineData("""{"channelId":"c"}""", "content")]
    [InlineData("""{"channelId":"","content":"x"}""", "channelId")]
    [InlineData("""{"channelId":"c","content":" \n "}""", "content")]
    [InlineData("""{"channelId":"c","content":7}""", "content")]
    [InlineData("""{"channelId":"c","content":"x","scheduledFor":"soon"}""", "scheduledFor")]
    [InlineData("""{"channelId":"c","content":"x","scheduledFor":1735128000000}""", "scheduledFor")]
    public async Task A_post_that_cannot_be_names_the_field_and_costs_nothing(string body, string field)
    {
        var customer = await portal.NewCustomerAsync();
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        using var response = await customer.Client.PostAsync("api/posts", content, TestContext.Current.CancellationToken);

        Assert.Equal((400, field), ((int)response.StatusCode, (await Answer.OfAsync(response)).Text("field")));
        Assert.Equal((0, 10), await customer.FlowsAsync());
    }

    [Fact]
    public async Task The_longest_content_fits_and_one_character_more_does_not()
    {
        var customer = await portal.NewCustomerAsync();
        var longest = new string('é', Post.ContentLength);

        var fits = await customer.PostAsync("api/posts", new { channelId = new string('c', Post.ChannelIdLength), content = longest });
        var over = await customer.PostAsync("api/posts", new { channelId = "c", content = longest + "x" });
        var channel = await customer.PostAsync("api/posts", new { channelId = new string('c', Post.ChannelIdLength + 1), content = "x" });

        Assert.Equal((201, 400, 400), (fits.Status, over.Status, channel.Status));
        Assert.Equal(longest, fits.Text("content"));
    }

    [Fact]
    public async Task Pages_follow_one_another_and_show_nobody_elses_posts()
    {
        var (customer, other) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync());
        for (var i = 0; i < 5; i++)
        {
            await customer.PostAsync("api/posts", new { channelId = "c", content = $"{i}" });
        }

        var first = await customer.GetAsync("api/posts?limit=3");
        var second = await customer.GetAsync($"api/posts?limit=3&after={first.Text("nextAfter")}");
        var foreign = await other.GetAsync($"api/posts/{first["posts"][0].GetProperty("id").GetString()}");

        var ids = first["posts"].EnumerateArray().Concat(second["posts"].EnumerateArray()).Select(post => post.GetProperty("id").GetString()).ToList();
        Assert.Equal((3, 2, 5), (first["count"].GetInt32(), second["count"].GetInt32(), ids.Distinct().Count()));
        Assert.Null(second.Text("nextAfter"));
        Assert.Equal(404, foreign.Status);
        Assert.Equal(0, (await other.GetAsync("api/posts"))["count"].GetInt32());
    }
}

public sealed class PostEndpointTestsOnSqlite(MeteredSite<SqliteEngine> portal) : PostEndpointTests<SqliteEngine>(portal);

public sealed class PostEndpointTestsOnPostgres(MeteredSite<PostgresEngine> portal) : PostEndpointTests<PostgresEngine>(portal);

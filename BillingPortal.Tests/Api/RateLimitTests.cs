using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using BillingPortal.Store;
using BillingPortal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Api;

public abstract class RateLimitTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Exactly_a_hundred_of_a_hundred_and_twenty_pass_for_each_key_alone()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync(plan: "pro");
        using var first = await site.NewKeyClientAsync(person);
        using var second = await site.NewKeyClientAsync(person);

        var answers = await Task.WhenAll(Enumerable.Range(0, 120).Select(_ => first.GetAsync("v1/keys", Ct)));
        var other = await second.GetAsync("v1/keys", Ct);

        Assert.Equal(100, answers.Count(answer => answer.StatusCode is HttpStatusCode.Forbidden));
        Assert.Equal(20, answers.Count(answer => answer.StatusCode is HttpStatusCode.TooManyRequests));
        Assert.Equal(Enumerable.Range(0, 100), answers.Where(answer => answer.StatusCode is HttpStatusCode.Forbidden).Select(Remaining).Order());
        Assert.Equal(HttpStatusCode.Forbidden, other.StatusCode);
        Assert.Equal(99, Remaining(other));
        var refused = answers.First(answer => answer.StatusCode is HttpStatusCode.TooManyRequests);
        var body = await refused.Content.ReadFromJsonAsync<JsonElement>(Ct);
        Assert.Equal("100", Header(refused, "X-RateLimit-Limit"));
        Assert.Equal("Rate limit exceeded", body.GetProperty("error").GetString());
        Assert.Equal("You have exceeded the rate limit of 100 requests per minute.", body.GetProperty("message").GetString());
        Assert.Equal(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, body.GetProperty("retry_after").GetInt32());
        Assert.InRange(body.GetProperty("retry_after").GetInt32(), 1, 60);
    }

    [Fact]
    public async Task No_burst_across_the_edge_of_a_minute_passes_more_than_the_limit()
    {
        var clock = new ManualClock();
        await using var site = Site.Start(store.Database, services: services => services.AddSingleton<TimeProvider>(clock));
        var counters = site.Services.GetRequiredService<IRateCounters>();
        var limit = RateLimit.PerMinute(10);
        var key = Guid.NewGuid().ToString();

        // Six at the end of one minute, then as many as will go at the start of the next.
        clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(6, await TakeAsync(counters, key, limit, 6));
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(4, await TakeAsync(counters, key, limit, 10));

        // What left the window makes room; what was refused did not count.
        clock.Advance(TimeSpan.FromSeconds(58));
        Assert.Equal(6, await TakeAsync(counters, key, limit, 10));
    }

    [Fact]
    public async Task A_standing_says_when_the_next_one_fits_and_when_all_is_back()
    {
        var clock = new ManualClock();
        await using var site = Site.Start(store.Database, services: services => services.AddSingleton<TimeProvider>(clock));
        var counters = site.Services.GetRequiredService<IRateCounters>();
        var limit = RateLimit.PerMinute(2);
        var key = Guid.NewGuid().ToString();
        var start = clock.Now();

        await counters.TakeAsync(key, limit, Ct);
        clock.Advance(TimeSpan.FromSeconds(20));
        await counters.TakeAsync(key, limit, Ct);
        var refused = await counters.TakeAsync(key, limit, Ct);

        Assert.Equal(new RateStanding(false, 0, start.AddSeconds(80), start.AddSeconds(60)), refused);
        Assert.False((await counters.PeekAsync(key, limit, Ct)).Allowed);
        clock.MoveTo(refused.NextAt);
        Assert.True((await counters.PeekAsync(key, limit, Ct)).Allowed);
        Assert.True((await counters.TakeAsync(key, limit, Ct)).Allowed);
    }

    [Fact]
    public async Task Guesses_at_a_key_do_not_use_up_its_minute_and_a_made_up_address_changes_nothing()
    {
        // A database of its own: the other tests come from the same address.
        await using var database = await store.CreateDatabaseAsync();
        await using var site = Site.Start(database, new Dictionary<string, string?> { ["RateLimits:PerMinute"] = "5" });
        var person = await site.SignUpAsync(plan: "pro");
        var (_, secret) = await site.NewKeyAsync(person);
        using var guesser = site.NewClient(secret[..^4] + "0000");

        var guesses = new List<HttpStatusCode>();
        for (var i = 0; i < 8; i++)
        {
            using var guess = new HttpRequestMessage(HttpMethod.Get, "v1/keys");
            guess.Headers.Add("X-Forwarded-For", $"203.0.113.{i}");
            guesses.Add((await guesser.SendAsync(guess, Ct)).StatusCode);
        }

        using var integrator = site.NewClient(secret);
        Assert.Equal([401, 401, 401, 401, 401, 429, 429, 429], guesses.Select(status => (int)status));
        Assert.Equal(4, Remaining(await integrator.GetAsync("v1/keys", Ct)));
    }

    [Fact]
    public async Task A_flood_without_a_key_leaves_the_keys_of_the_same_address_alone()
    {
        await using var database = await store.CreateDatabaseAsync();
        await using var site = Site.Start(database, new Dictionary<string, string?> { ["RateLimits:PerMinute"] = "5" });
        var person = await site.SignUpAsync(plan: "pro");
        using var integrator = await site.NewKeyClientAsync(person);
        using var nobody = site.NewClient();

        var flood = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => nobody.GetAsync("v1/keys", Ct)));
        var answers = new List<HttpStatusCode>();
        for (var i = 0; i < 6; i++)
        {
            answers.Add((await integrator.GetAsync("v1/keys", Ct)).StatusCode);
        }

        Assert.Equal(5, flood.Count(answer => answer.StatusCode is HttpStatusCode.Unauthorized));
        Assert.Equal(25, flood.Count(answer => answer.StatusCode is HttpStatusCode.TooManyRequests));
        Assert.Equal([403, 403, 403, 403, 403, 429], answers.Select(status => (int)status));
    }

    [Fact]
    public async Task A_forwarded_address_counts_where_the_proxy_is_trusted()
    {
        await using var site = Site.Start(store.Database, new Dictionary<string, string?>
        {
            ["RateLimits:PerMinute"] = "1",
            ["Portal:TrustedProxies:0"] = "127.0.0.0/8",
            ["Portal:TrustedProxies:1"] = "::1",
        });
        using var client = site.NewClient();

        foreach (var (address, status) in new[] { ("203.0.113.1", 401), ("203.0.113.2", 401), ("203.0.113.1", 429) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "v1/keys");
            request.Headers.Add("X-Forwarded-For", address);
            Assert.Equal(status, (int)(await client.SendAsync(request, Ct)).StatusCode);
        }
    }

    [Fact]
    public async Task Failed_sign_ins_from_one_address_are_slowed_down_and_right_ones_are_not_counted()
    {
        await using var database = await store.CreateDatabaseAsync();
        await using var site = Site.Start(database, new Dictionary<string, string?> { ["RateLimits:SignInFailuresPerMinute"] = "3" });
        var person = await site.SignUpAsync(plan: "pro");
        using var client = site.NewClient();

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(HttpStatusCode.OK, await LoginAsync(client, person.Email, Person.Password));
        }

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await LoginAsync(client, $"nobody{i}@example.com", Person.Password));
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, await LoginAsync(client, person.Email, Person.Password));
    }

    [Fact]
    public async Task After_five_wrong_passwords_the_right_one_is_refused_for_five_minutes_in_the_same_words()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync(plan: "pro");
        using var client = site.NewClient();

        var wrong = "";
        for (var i = 0; i < 5; i++)
        {
            var answer = await client.PostAsJsonAsync("api/auth/login", new { email = person.Email, password = "wrong-password" }, Ct);
            wrong = (await answer.Content.ReadFromJsonAsync<JsonElement>(Ct)).GetProperty("error").GetString()!;
        }

        var right = await client.PostAsJsonAsync("api/auth/login", new { email = person.Email, password = Person.Password }, Ct);

        Assert.Equal(HttpStatusCode.Unauthorized, right.StatusCode);
        Assert.Equal(wrong, (await right.Content.ReadFromJsonAsync<JsonElement>(Ct)).GetProperty("error").GetString());
    }

    private static async Task<HttpStatusCode> LoginAsync(HttpClient client, string email, string password) =>
        (await client.PostAsJsonAsync("api/auth/login", new { email, password }, Ct)).StatusCode;

    private static async Task<int> TakeAsync(IRateCounters counters, string key, RateLimit limit, int times)
    {
        var taken = await Task.WhenAll(Enumerable.Range(0, times).Select(_ => counters.TakeAsync(key, limit, Ct)));
        return taken.Count(standing => standing.Allowed);
    }

    private static int Remaining(HttpResponseMessage answer) => int.Parse(Header(answer, "X-RateLimit-Remaining"), CultureInfo.InvariantCulture);

    private static string Header(HttpResponseMessage answer, string name) => Assert.Single(answer.Headers.GetValues(name));
}

public sealed class RateLimitTestsOnSqlite(StoreFixture<SqliteEngine> store) : RateLimitTests<SqliteEngine>(store);

public sealed class RateLimitTestsOnPostgres(StoreFixture<PostgresEngine> store) : RateLimitTests<PostgresEngine>(store)
{
    private readonly StoreFixture<PostgresEngine> store = store;

    [Fact]
    public async Task Two_instances_let_through_no_more_than_one_would()
    {
        await using var here = Site.Start(store.Database);
        await using var there = Site.Start(store.Database);
        var person = await here.SignUpAsync(plan: "pro");
        var (_, secret) = await here.NewKeyAsync(person);
        using var hereClient = here.NewClient(secret);
        using var thereClient = there.NewClient(secret);

        var answers = await Task.WhenAll(Enumerable.Range(0, 120).Select(i => (i % 2 == 0 ? hereClient : thereClient).GetAsync("v1/keys", TestContext.Current.CancellationToken)));

        Assert.Equal(100, answers.Count(answer => answer.StatusCode is HttpStatusCode.Forbidden));
        Assert.Equal(20, answers.Count(answer => answer.StatusCode is HttpStatusCode.TooManyRequests));
    }
}

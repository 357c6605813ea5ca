using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using BillingPortal.Api;
using BillingPortal.Tests.Support;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BillingPortal.Tests.Api;

/// <summary>What must hold for every endpoint there is, whoever adds it.</summary>
public abstract partial class SurfaceTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    // Each is a body that no endpoint can do anything with.
    private static readonly string[] Bodies =
        ["", "{", "[]", "null", "7", "{\"amount\":1e999}", "{\"pack\":{\"a\":[1]},\"id\":null,\"operation\":[],\"email\":7,\"key_id\":\"\\u0000\",\"quantity\":\"1\"}"];

    private static readonly string[] Queries =
    [
        "?limit=0", "?limit=x", "?limit=9223372036854775808", "?days=-1", "?days=1.5", "?page=0", "?months=99", "?from=yesterday", "?to=2026-02-30", "?cursor=%00", "?after=%00",
        "?keyId=%F0%9F", "?limit=1&limit=2", "?direction=sideways", "?channel=%27%29%3B%20DROP",
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_credentials_or_with_bad_ones_every_endpoint_that_requires_a_caller_says_so()
    {
        await using var site = Site.Start(store.Database, Unlimited);
        using var nobody = site.NewClient();
        using var guesser = site.NewClient("bp_sk_live_00000000_0123456789abcdef0123456789abcdef");

        foreach (var endpoint in EndpointsOf(site).Where(endpoint => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null))
        {
            foreach (var client in new[] { nobody, guesser })
            {
                foreach (var answer in await CallAsync(client, endpoint, "", "{}"))
                {
                    Assert.True((int)answer.StatusCode is 401, $"{Describe(answer)} should be 401");
                    Assert.NotEqual(JsonValueKind.Undefined, (await answer.Content.ReadFromJsonAsync<JsonElement>(Ct)).GetProperty("code").ValueKind);
                }
            }
        }
    }

    [Fact]
    public async Task Nothing_that_is_sent_makes_an_endpoint_fail()
    {
        await using var site = Site.Start(store.Database, Unlimited);
        var person = await site.SignUpAsync(administrator: true, plan: "team");
        using var user = await site.NewUserClientAsync(person);
        using var integrator = await site.NewKeyClientAsync(person);

        foreach (var endpoint in EndpointsOf(site))
        {
            foreach (var client in new[] { user, integrator })
            {
                var tries = Bodies.Select(body => ("", body)).Concat(Queries.Select(query => (query, "{}")));
                foreach (var (query, body) in tries)
                {
                    foreach (var answer in await CallAsync(client, endpoint, query, body))
                    {
                        Assert.True((int)answer.StatusCode is < 500 or 503, $"{Describe(answer)} for {query}{body}");
                        var text = await answer.Content.ReadAsStringAsync(Ct);
                        Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
                    }
                }
            }
        }
    }

    [Fact]
    public async Task No_secret_is_logged()
    {
        var log = new StringBuilder();
        using var provider = new Recorder(log);
        var person = default(Person)!;
        string secret;
        await using (var site = Site.Start(store.Database, Verbose, services => services.AddSingleton<ILoggerProvider>(provider)))
        {
            person = await site.SignUpAsync(plan: "pro");
            using var user = await site.NewUserClientAsync(person);
            var made = await (await user.PostAsJsonAsync("v1/keys/generate", new { }, Ct)).Content.ReadFromJsonAsync<JsonElement>(Ct);
            secret = made.GetProperty("api_key").GetString()!;
            using var integrator = site.NewClient(secret);
            await integrator.GetAsync($"api/v1/billing/wallet?key={secret}", Ct);
            await integrator.PostAsJsonAsync("api/v1/usage/events", new { id = 7, apiKey = secret }, Ct);
        }

        Assert.NotEqual(0, log.Length);
        Assert.DoesNotContain(secret[^30..], log.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Person.Password, log.ToString(), StringComparison.Ordinal);
    }

    private static Dictionary<string, string?> Unlimited => new() { ["RateLimits:PerMinute"] = "0" };

    // The levels that an operator has who changes nothing but the portal's own.
    private static Dictionary<string, string?> Verbose => new() { ["Logging:LogLevel:BillingPortal"] = "Trace" };

    private static IEnumerable<RouteEndpoint> EndpointsOf(Site site) =>
        site.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => Surfaces.Of($"/{endpoint.RoutePattern.RawText?.TrimStart('/')}") is not null);

    private static async Task<IReadOnlyList<HttpResponseMessage>> CallAsync(HttpClient client, RouteEndpoint endpoint, string query, string body)
    {
        var path = Parameter.Replace(endpoint.RoutePattern.RawText!, "none_000000000000000000000");
        var answers = new List<HttpResponseMessage>();
        foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods)
        {
            using var call = new HttpRequestMessage(HttpMethod.Parse(method), $"{path.TrimStart('/')}{query}");
            if (method is not "GET")
            {
                call.Content = new StringContent(body, Encoding.UTF8, "application/json");
            }

            answers.Add(await client.SendAsync(call, Ct));
        }

        return answers;
    }

    private static string Describe(HttpResponseMessage answer) => $"{answer.RequestMessage!.Method} {answer.RequestMessage.RequestUri!.AbsolutePath}: {(int)answer.StatusCode}";

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter { get; }

    private sealed class Recorder(StringBuilder log) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            Write(state.ToString());
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Write($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }

        private void Write(string? text)
        {
            lock (log)
            {
                log.AppendLine(text);
            }
        }
    }
}

public sealed class SurfaceTestsOnSqlite(StoreFixture<SqliteEngine> store) : SurfaceTests<SqliteEngine>(store);

public sealed class SurfaceTestsOnPostgres(StoreFixture<PostgresEngine> store) : SurfaceTests<PostgresEngine>(store);

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using BillingPortal.Api;
using BillingPortal.Tests.Support;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Api;

public abstract class OperationsTests<TEngine>(StoreFixture<TEngine> store, Browser browser) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_lives_and_is_ready()
    {
        await using var site = Site.Start(store.Database);
        using var client = site.NewClient();

        Assert.Equal("healthy", (await client.GetFromJsonAsync<JsonElement>("health/live", Ct)).GetProperty("status").GetString());
        var ready = await client.GetFromJsonAsync<JsonElement>("health/ready", Ct);
        Assert.Equal("healthy", ready.GetProperty("checks").GetProperty("database").GetProperty("status").GetString());
    }

    [Fact]
    public async Task Metrics_are_written_as_prometheus_reads_them()
    {
        await using var site = Site.Start(store.Database);
        using var client = site.NewClient();
        await client.GetAsync("v1/keys", Ct);

        var text = await client.GetStringAsync("metrics", Ct);

        Assert.Matches("(?m)^# TYPE http_server_request_duration_seconds histogram$", text);
        Assert.Matches("(?m)^http_server_request_duration_seconds_bucket\\{[^}]*http_response_status_code=\"401\"[^}]*le=\"\\+Inf\"\\} [1-9]", text);
        Assert.Matches("(?m)^http_server_request_duration_seconds_count\\{", text);
        Assert.All(text.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Matches("^(# (HELP|TYPE) .*|[a-z][a-z0-9_]*(\\{.*\\})? [-+0-9.EeNaInf]+)$", line));
    }

    [Fact]
    public async Task The_description_names_every_endpoint_of_every_surface_and_what_it_asks_for()
    {
        await using var site = Site.Start(store.Database);
        using var client = site.NewClient();

        var document = await client.GetFromJsonAsync<JsonElement>("openapi/v1.json", Ct);
        var paths = document.GetProperty("paths");

        Assert.Equal("http", document.GetProperty("components").GetProperty("securitySchemes").GetProperty("bearer").GetProperty("type").GetString());
        Assert.True(paths.GetProperty("/v1/keys/generate").GetProperty("post").GetProperty("security")[0].TryGetProperty("bearer", out _));
        Assert.Equal(0, paths.GetProperty("/api/auth/login").GetProperty("post").GetProperty("security").GetArrayLength());
    }

    [Fact]
    public async Task Every_endpoint_of_every_surface_either_requires_a_caller_or_says_that_it_does_not()
    {
        await using var site = Site.Start(store.Database);

        var open = site.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => Surfaces.Of($"/{endpoint.RoutePattern.RawText?.TrimStart('/')}") is not null)
            .Where(endpoint => endpoint.Metadata.GetMetadata<RequiresCaller>() is null && endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null)
            .Select(endpoint => endpoint.DisplayName);

        Assert.Empty(open);
    }

    [Fact]
    public async Task Every_address_that_takes_a_form_asks_for_its_token()
    {
        // Signed by the gateway; and what changes so little that the origin is enough.
        string[] others = ["/webhooks/stripe", "/_blazor", "/demo/traffic", "/demo/time", "/preferences/theme"];
        await using var site = Site.Start(store.Database);

        var open = site.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Any(method => method is not ("GET" or "HEAD" or "OPTIONS")) is true)
            .Where(endpoint => endpoint.Metadata.GetMetadata<IAntiforgeryMetadata>() is not { RequiresValidation: true } && endpoint.Metadata.GetMetadata<GenuineForm.Required>() is null)
            .Select(endpoint => $"/{endpoint.RoutePattern.RawText?.TrimStart('/')}")
            .Where(path => Surfaces.Of(path) is null && !others.Any(other => path.StartsWith(other, StringComparison.Ordinal)));

        Assert.Empty(open);
    }

    [Theory]
    [InlineData("Origin", "https://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "cross-site", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "same-origin", HttpStatusCode.BadRequest)]
    public async Task A_foreign_page_changes_not_even_the_theme(string header, string value, HttpStatusCode status)
    {
        await using var site = Site.Start(store.Database);
        using var client = site.NewClient();
        using var call = new HttpRequestMessage(HttpMethod.Post, "preferences/theme") { Content = new StringContent("") };
        call.Headers.Add(header, value);

        Assert.Equal(status, (await client.SendAsync(call, Ct)).StatusCode);
    }

    [Theory]
    [InlineData("api/v1/nothing", "error")]
    [InlineData("api/v1/billing/nothing", "success message errors")]
    [InlineData("api/flows/nothing", "error")]
    [InlineData("credits/nothing", "success error_code message")]
    [InlineData("v1/nothing", "error message")]
    public async Task What_is_not_there_is_said_in_the_shape_of_its_surface(string path, string fields)
    {
        await using var site = Site.Start(store.Database);
        using var client = site.NewClient();

        var answer = await client.GetAsync(path, Ct);
        var error = await answer.Content.ReadFromJsonAsync<JsonElement>(Ct);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.All(fields.Split(' '), field => Assert.True(error.TryGetProperty(field, out _), field));
        Assert.Equal("NOT_FOUND", error.GetProperty("code").GetString());
        Assert.NotEmpty(error.GetProperty("traceId").GetString()!);
        Assert.True(answer.Headers.Contains("X-RateLimit-Remaining"));
    }

    [Fact]
    public async Task A_body_beyond_what_is_read_is_too_large()
    {
        await using var site = Site.Start(store.Database);
        using var handler = new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromSeconds(20) };
        using var client = new HttpClient(handler) { BaseAddress = site.Address };
        using var call = new HttpRequestMessage(HttpMethod.Post, "api/auth/login")
        {
            Content = new StringContent($"{{\"email\":\"{new string('a', 5_000_000)}\",\"password\":\"x\"}}", System.Text.Encoding.UTF8, "application/json"),
        };
        // Waits for the answer to its headers, so that the refusal is read and not met half-way through the body.
        call.Headers.ExpectContinue = true;

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await client.SendAsync(call, Ct)).StatusCode);
    }

    [Fact]
    public async Task The_page_to_try_the_api_shows_its_operations_with_its_own_assets_alone()
    {
        await using var site = Site.Start(store.Database);
        var page = await site.NewPageAsync(browser);
        var foreign = new List<string>();
        var violations = new List<string>();
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(site.Address.ToString(), StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal))
            {
                foreign.Add(request.Url);
            }
        };
        page.Console += (_, message) =>
        {
            if (message.Text.Contains("Content Security Policy", StringComparison.Ordinal))
            {
                violations.Add(message.Text);
            }
        };

        await page.GotoAsync("/docs");
        await Assertions.Expect(page.GetByText("/v1/keys/generate")).ToBeVisibleAsync();

        Assert.Empty(foreign);
        Assert.Empty(violations);
    }
}

public sealed class OperationsTestsOnSqlite(StoreFixture<SqliteEngine> store, Browser browser) : OperationsTests<SqliteEngine>(store, browser);

public sealed class OperationsTestsOnPostgres(StoreFixture<PostgresEngine> store, Browser browser) : OperationsTests<PostgresEngine>(store, browser);

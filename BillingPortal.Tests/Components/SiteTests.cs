using System.Net;
using System.Text.RegularExpressions;
using BillingPortal.Tests.Support;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Components;

public abstract partial class SiteTests<TEngine>(StoreFixture<TEngine> store, Browser browser) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task The_front_page_has_no_axe_violation_on_a_phone(ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var page = await site.NewPageAsync(browser, Browser.Phone, scheme);

        await page.GotoAsync("/");

        await Assertions.Expect(page.Locator("h1")).ToBeVisibleAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
    }

    [Fact]
    public async Task A_chosen_theme_shows_at_once_and_stays()
    {
        await using var site = Site.Start(store.Database);
        var page = await site.NewPageAsync(browser);
        await page.GotoAsync("/");

        await page.RunAndWaitForResponseAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Dark" }).ClickAsync(), "**/preferences/theme");

        await Assertions.Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
    }

    [Fact]
    public async Task A_missing_page_says_so_to_people_and_stays_bare_for_programs()
    {
        await using var site = Site.Start(store.Database);
        using var client = site.NewClient();
        using var forPeople = new HttpRequestMessage(HttpMethod.Get, "no-such-page");
        forPeople.Headers.Accept.ParseAdd("text/html");

        var page = await client.SendAsync(forPeople, TestContext.Current.CancellationToken);
        var bare = await client.GetAsync("no-such-page", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, page.StatusCode);
        Assert.Contains("There is no such page", await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, bare.StatusCode);
        Assert.DoesNotContain("<h1", await bare.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_theme_that_does_not_exist_is_refused()
    {
        await using var site = Site.Start(store.Database);
        using var client = site.NewClient();
        using var form = new FormUrlEncodedContent([new("theme", "plaid")]);

        var answer = await client.PostAsync("preferences/theme", form, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Scripts_and_styles_come_from_the_portal_alone_and_weigh_little()
    {
        await using var site = Site.Start(store.Database);
        var page = await site.NewPageAsync(browser);
        var weights = new List<Task<(Uri Address, int Bytes)>>();
        page.Response += (_, response) => weights.Add(WeighAsync(response));

        await page.GotoAsync("/", new() { WaitUntil = WaitUntilState.NetworkIdle });

        var parts = await Task.WhenAll(weights);
        Assert.All(parts, part => Assert.Equal(site.Address.Authority, part.Address.Authority));
        Assert.InRange(parts.Sum(part => part.Bytes), 1, 350_000);
    }

    [Fact]
    public async Task Scripts_and_styles_are_compressed_and_kept_for_good_under_names_of_their_content()
    {
        await using var site = Site.Start(store.Database);
        using var client = site.NewClient();
        var page = await client.GetStringAsync("/Account/Login", TestContext.Current.CancellationToken);
        var named = Assets().Matches(page).Select(match => match.Groups["path"].Value).Distinct().ToList();

        var answers = await Task.WhenAll(named.Select(path => GetAsync(client, path, ("Accept-Encoding", "gzip"))));

        Assert.Contains(named, path => path.Contains("blazor.web", StringComparison.Ordinal));
        Assert.Contains(named, path => path.Contains("app.", StringComparison.Ordinal));
        Assert.All(answers, answer =>
        {
            Assert.Equal(["gzip"], answer.Content.Headers.ContentEncoding);
            Assert.Equal("max-age=31536000, immutable", answer.Headers.GetValues("Cache-Control").Single());
        });
    }

    [Theory]
    [InlineData("none", true)]
    [InlineData("same-origin", true)]
    [InlineData("same-site", false)]
    [InlineData("cross-site", false)]
    [InlineData(null, false)]
    public async Task A_page_is_compressed_unless_another_site_may_have_asked_for_it(string? from, bool compressed)
    {
        await using var site = Site.Start(store.Database);
        using var client = site.NewClient();

        var answer = await GetAsync(client, "/pricing", [("Accept-Encoding", "br"), .. from is null ? [] : new[] { ("Sec-Fetch-Site", from) }]);

        Assert.Equal(compressed ? ["br"] : [], answer.Content.Headers.ContentEncoding);
    }

    private static async Task<HttpResponseMessage> GetAsync(HttpClient client, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return (await client.SendAsync(request, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
    }

    [GeneratedRegex("(?:<link rel=\"stylesheet\" href|<script[^>]* src)=\"(?<path>[^\"]+)\"")]
    private static partial Regex Assets();

    private static async Task<(Uri Address, int Bytes)> WeighAsync(IResponse response) => (new Uri(response.Url), (await response.BodyAsync()).Length);
}

public sealed class SiteTestsOnSqlite(StoreFixture<SqliteEngine> store, Browser browser) : SiteTests<SqliteEngine>(store, browser);

public sealed class SiteTestsOnPostgres(StoreFixture<PostgresEngine> store, Browser browser) : SiteTests<PostgresEngine>(store, browser);

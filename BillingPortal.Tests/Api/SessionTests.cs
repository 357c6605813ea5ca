using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.RegularExpressions;
using BillingPortal.Accounts;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Api;

public abstract partial class SessionTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/keys", "/keys")]
    [InlineData("/transactions?type=usage", "/transactions?type=usage")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("/\t/evil.example", "/")]
    [InlineData("https:evil.example", "/")]
    [InlineData("https://evil.example/", "/")]
    [InlineData("javascript:alert(1)", "/")]
    [InlineData(" //evil.example", "/")]
    [InlineData("evil.example", "/")]
    public async Task A_sign_in_leads_back_into_the_portal_and_nowhere_else(string returnUrl, string target)
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        using var client = NewBrowser(site);

        var answer = await SignInAsync(client, person, returnUrl);

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal(new Uri(site.Address, target), new Uri(site.Address, answer.Headers.Location!));
    }

    [Fact]
    public async Task A_form_without_its_token_signs_nobody_in_or_out()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        using var client = NewBrowser(site);

        var login = await client.PostAsync(
            "/Account/Login", Form(("_handler", "login"), ("Input.Email", person.Email), ("Input.Password", Person.Password)), Ct);
        await SignInAsync(client, person, "/");
        var logout = await client.PostAsync("/Account/Logout", Form(), Ct);

        Assert.Equal(HttpStatusCode.BadRequest, login.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, logout.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/v1/keys", Ct)).StatusCode);
    }

    [Fact]
    public async Task Signing_out_ends_the_session()
    {
        await using var site = Site.Start(store.Database);
        using var client = NewBrowser(site);
        await SignInAsync(client, await site.SignUpAsync(), "/");

        var page = await client.GetStringAsync("/Account/Logout", Ct);
        var answer = await client.PostAsync("/Account/Logout", Form(("__RequestVerificationToken", TokenIn(page))), Ct);

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/v1/keys", Ct)).StatusCode);
    }

    [Theory]
    [InlineData("Origin", "https://evil.example", "application/json", 403)]
    [InlineData("Origin", "null", "application/json", 403)]
    [InlineData("Origin", "https://evil.example", "text/plain", 415)]
    [InlineData("Sec-Fetch-Site", "cross-site", "application/json", 403)]
    [InlineData("Sec-Fetch-Site", "same-site", "application/json", 403)]
    [InlineData("Sec-Fetch-Site", "none", "application/json", 403)]
    [InlineData(null, null, "application/json", 403)]
    [InlineData("Sec-Fetch-Site", "same-origin", "application/json", 200)]
    public async Task A_call_with_the_session_cookie_must_come_from_the_portals_own_pages(string? header, string? value, string contentType, int status)
    {
        await using var site = Site.Start(store.Database);
        using var client = NewBrowser(site);
        await SignInAsync(client, await site.SignUpAsync(), "/");
        using var call = new HttpRequestMessage(HttpMethod.Post, "/v1/keys/generate") { Content = new StringContent("{}", Encoding.UTF8, contentType) };
        if (header is not null)
        {
            call.Headers.Add(header, value);
        }

        Assert.Equal(status, (int)(await client.SendAsync(call, Ct)).StatusCode);
    }

    [Fact]
    public async Task A_call_from_the_same_address_may_use_the_cookie()
    {
        await using var site = Site.Start(store.Database);
        using var client = NewBrowser(site);
        await SignInAsync(client, await site.SignUpAsync(), "/");
        using var call = new HttpRequestMessage(HttpMethod.Post, "/v1/keys/generate") { Content = JsonContent.Create(new { }) };
        call.Headers.Add("Origin", site.Address.GetLeftPart(UriPartial.Authority));

        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(call, Ct)).StatusCode);
    }

    [Fact]
    public async Task A_bad_token_is_not_made_good_by_a_good_cookie()
    {
        await using var site = Site.Start(store.Database);
        using var client = NewBrowser(site);
        await SignInAsync(client, await site.SignUpAsync(), "/");
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "nonsense");

        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/v1/keys", Ct)).StatusCode);
    }

    [Fact]
    public async Task A_live_connection_from_a_foreign_page_is_refused()
    {
        await using var site = Site.Start(store.Database);
        using var client = NewBrowser(site);
        using var call = new HttpRequestMessage(HttpMethod.Post, "/_blazor/negotiate?negotiateVersion=1");
        call.Headers.Add("Origin", "https://evil.example");

        Assert.Equal(HttpStatusCode.Forbidden, (await client.SendAsync(call, Ct)).StatusCode);
    }

    [Fact]
    public async Task Signing_up_says_the_same_whether_the_address_was_free_or_taken()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        using var client = NewBrowser(site);

        var taken = await SignUpAsync(client, person.Email, "Another-secret-2");
        var free = await SignUpAsync(client, $"{Guid.NewGuid():N}@example.com", "Another-secret-2");

        Assert.Equal(HttpStatusCode.Redirect, free.StatusCode);
        Assert.Equal(free.StatusCode, taken.StatusCode);
        Assert.Equal(free.Headers.Location, taken.Headers.Location);
        Assert.Equal(HttpStatusCode.Redirect, (await SignInAsync(client, person, "/")).StatusCode);
    }

    [Fact]
    public async Task A_session_ends_with_the_password_it_was_opened_with_and_with_its_person()
    {
        await using var site = Site.Start(store.Database);
        var (changing, disabled) = (await site.SignUpAsync(), await site.SignUpAsync());
        using var first = await site.NewUserClientAsync(changing);
        using var second = await site.NewUserClientAsync(disabled);
        await using (var scope = site.Services.CreateAsyncScope())
        {
            var users = scope.ServiceProvider.GetRequiredService<UserManager<User>>();
            var user = await users.FindByIdAsync(changing.Id);
            Assert.True((await users.ChangePasswordAsync(user!, Person.Password, "Another-secret-2")).Succeeded);
        }

        await using (var db = await site.Services.GetRequiredService<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Ct))
        {
            await db.Users.Where(user => user.Id == disabled.Id).ExecuteUpdateAsync(update => update.SetProperty(user => user.DisabledAt, DateTimeOffset.UnixEpoch), Ct);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await first.GetAsync("/v1/keys", Ct)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await second.GetAsync("/v1/keys", Ct)).StatusCode);
    }

    [Fact]
    public async Task A_session_changes_its_organization_to_one_of_the_persons_own_only()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        var stranger = await site.SignUpAsync();
        string shared;
        await using (var scope = site.Services.CreateAsyncScope())
        {
            var user = await scope.ServiceProvider.GetRequiredService<UserManager<User>>().FindByIdAsync(person.Id);
            shared = await site.Services.GetRequiredService<Organizations>().CreateAsync(user!, "Northwind", Ct);
        }

        using var client = NewBrowser(site);
        await SignInAsync(client, person, "/");
        var token = TokenIn(await client.GetStringAsync("/Account/Logout", Ct));

        var foreign = await client.PostAsync("/Account/Organization", Form(("__RequestVerificationToken", token), ("organizationId", stranger.OrganizationId)), Ct);
        var own = await client.PostAsync("/Account/Organization", Form(("__RequestVerificationToken", token), ("organizationId", shared), ("returnUrl", "/keys")), Ct);
        await GenerateAsync(client, "shared");

        Assert.Equal(HttpStatusCode.NotFound, foreign.StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, own.StatusCode);
        await using var db = await site.Services.GetRequiredService<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Ct);
        Assert.Equal(shared, await db.Set<ApiKey>().Where(key => key.CreatedBy == person.Id).Select(key => key.OrganizationId).SingleAsync(Ct));
    }

    [Fact]
    public async Task A_sign_up_starts_the_free_plan_with_its_credits_once()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        using var client = NewBrowser(site);
        await SignInAsync(client, person, "/");

        var standing = await site.Services.GetRequiredService<PlanStandings>().GetAsync(person.OrganizationId, Ct);
        var wallet = await site.Services.GetRequiredService<WalletReader>().GetBalanceAsync(person.Caller, "credits", Ct);

        Assert.NotNull(standing.SubscriptionId);
        Assert.Equal(150, wallet.Balance.ToDecimal());
    }

    [Fact]
    public async Task Two_sign_ins_that_heal_a_broken_sign_up_make_one_personal_organization()
    {
        await using var site = Site.Start(store.Database);
        await using var scope = site.Services.CreateAsyncScope();
        var user = new User { UserName = "half@example.com", Email = "half@example.com", DisplayName = "Half", CreatedAt = DateTimeOffset.UnixEpoch };
        Assert.True((await scope.ServiceProvider.GetRequiredService<UserManager<User>>().CreateAsync(user, Person.Password)).Succeeded);
        var organizations = site.Services.GetRequiredService<Organizations>();

        var opened = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => organizations.EnsurePersonalAsync(user, Ct)));

        Assert.Single(opened.Distinct());
    }

    [Fact]
    public async Task Whoever_holds_the_link_from_the_log_becomes_the_first_administrator_and_nobody_after()
    {
        await using var database = await store.CreateDatabaseAsync();
        await using var site = Site.Start(database, new Dictionary<string, string?> { ["Demo:Enabled"] = "false" });
        var link = site.Services.GetRequiredService<FirstAdministrator>().NewLink();
        using var client = NewBrowser(site);

        var forged = await client.GetStringAsync("/Account/Setup?code=forged", Ct);
        var page = await client.GetStringAsync(link, Ct);
        var made = await client.PostAsync(
            link, Form(("_handler", "setup"), ("__RequestVerificationToken", TokenIn(page)), ("Input.Email", "first@example.com"), ("Input.Password", Person.Password)), Ct);
        var after = await client.GetStringAsync(link, Ct);

        Assert.DoesNotContain("Input.Password", forged, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, made.StatusCode);
        Assert.DoesNotContain("Input.Password", after, StringComparison.Ordinal);
        await using var db = await site.Services.GetRequiredService<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Ct);
        Assert.Equal("first@example.com", (await db.Users.SingleAsync(user => user.IsPlatformAdministrator, Ct)).Email);
    }

    [Fact]
    public async Task Every_page_says_what_a_browser_may_do_with_it()
    {
        await using var site = Site.Start(store.Database);
        using var client = site.NewClient();

        var answer = await client.GetAsync("/Account/Login", Ct);
        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));

        Assert.Contains("default-src 'self'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("script-src 'self' 'unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.All(answer.Headers.GetValues("Set-Cookie"), cookie => Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase));
    }

    private static HttpClient NewBrowser(Site site) =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() }) { BaseAddress = site.Address, Timeout = TimeSpan.FromSeconds(30) };

    private static async Task<HttpResponseMessage> SignInAsync(HttpClient client, Person person, string returnUrl)
    {
        var path = $"/Account/Login?returnUrl={Uri.EscapeDataString(returnUrl)}";
        var token = TokenIn(await client.GetStringAsync(path, Ct));
        return await client.PostAsync(
            path, Form(("_handler", "login"), ("__RequestVerificationToken", token), ("Input.Email", person.Email), ("Input.Password", Person.Password)), Ct);
    }

    private static async Task<HttpResponseMessage> SignUpAsync(HttpClient client, string email, string password)
    {
        var token = TokenIn(await client.GetStringAsync("/Account/Register", Ct));
        return await client.PostAsync(
            "/Account/Register", Form(("_handler", "register"), ("__RequestVerificationToken", token), ("Input.Email", email), ("Input.Password", password)), Ct);
    }

    private static async Task GenerateAsync(HttpClient client, string name)
    {
        using var call = new HttpRequestMessage(HttpMethod.Post, "/v1/keys/generate") { Content = JsonContent.Create(new { name }) };
        call.Headers.Add("Sec-Fetch-Site", "same-origin");
        (await client.SendAsync(call, Ct)).EnsureSuccessStatusCode();
    }

    private static FormUrlEncodedContent Form(params (string Name, string Value)[] fields) => new(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));

    private static string TokenIn(string page) => FormToken.Match(page).Groups["token"].Value;

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"(?<token>[^\"]+)\"", RegexOptions.ExplicitCapture)]
    private static partial Regex FormToken { get; }
}

public sealed class SessionTestsOnSqlite(StoreFixture<SqliteEngine> store) : SessionTests<SqliteEngine>(store);

public sealed class SessionTestsOnPostgres(StoreFixture<PostgresEngine> store) : SessionTests<PostgresEngine>(store);

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using BillingPortal.Accounts;
using BillingPortal.Store;
using BillingPortal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Api;

public abstract class SignInTests<TEngine>(StoreFixture<TEngine> store, Browser browser) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_person_signs_in_and_renews_the_token()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        using var client = site.NewClient();

        var login = await client.PostAsJsonAsync("api/auth/login", new { email = person.Email, password = Person.Password }, Ct);
        var tokens = await login.Content.ReadFromJsonAsync<People.Tokens>(Ct);
        var refresh = await client.PostAsJsonAsync("api/auth/refresh", new { refreshToken = tokens!.RefreshToken }, Ct);

        Assert.Equal("Bearer", tokens.TokenType);
        Assert.Equal(HttpStatusCode.OK, refresh.StatusCode);
        Assert.NotEqual(tokens.AccessToken, (await refresh.Content.ReadFromJsonAsync<People.Tokens>(Ct))!.AccessToken);
    }

    [Fact]
    public async Task An_unknown_person_and_a_wrong_password_get_the_same_answer()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        using var client = site.NewClient();

        var wrong = await client.PostAsJsonAsync("api/auth/login", new { email = person.Email, password = "not-this-one" }, Ct);
        var unknown = await client.PostAsJsonAsync("api/auth/login", new { email = "nobody@example.com", password = "not-this-one" }, Ct);

        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, unknown.StatusCode);
        Assert.Equal(await WithoutTraceAsync(wrong), await WithoutTraceAsync(unknown));
    }

    [Theory]
    [InlineData("{\"email\":\"a@example.com\"}", "password")]
    [InlineData("{\"email\":null,\"password\":\"x\"}", "email")]
    [InlineData("{\"email\":7,\"password\":\"x\"}", "email")]
    [InlineData("{\"email\":\"a\\u0000b\",\"password\":\"x\"}", "email")]
    [InlineData("{\"email\":\"\\ud800\",\"password\":\"x\"}", "email")]
    [InlineData("[]", null)]
    [InlineData("null", null)]
    [InlineData("{\"email\":", null)]
    [InlineData("", null)]
    public async Task A_body_that_is_not_right_is_refused_by_the_name_of_its_field(string body, string? field)
    {
        await using var site = Site.Start(store.Database);
        using var client = site.NewClient();
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        var response = await client.PostAsync("api/auth/login", content, Ct);
        var error = await response.Content.ReadFromJsonAsync<JsonElement>(Ct);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("INVALID_REQUEST", error.GetProperty("code").GetString());
        Assert.Equal(field, error.TryGetProperty("field", out var named) ? named.GetString() : null);
    }

    [Fact]
    public async Task A_person_signs_in_on_the_page()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        var page = await site.NewPageAsync(browser, Browser.Phone);

        await page.GotoAsync("/Account/Login");
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.SignInAsync(person);

        Assert.Contains(await page.Context.CookiesAsync(), cookie => cookie is { Name: "billing_session", HttpOnly: true, SameSite: SameSiteAttribute.Lax });
    }

    [Fact]
    public async Task The_next_event_of_a_live_page_is_refused_when_its_person_has_been_disabled()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync(plan: "lite");
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/keys");
        await page.AliveAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Create the first key" }).ClickAsync();
        await page.GetByLabel("Name").FillAsync("after-the-fact");

        await using (var db = await site.Services.GetRequiredService<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Ct))
        {
            await db.Users.Where(user => user.Id == person.Id).ExecuteUpdateAsync(update => update.SetProperty(user => user.DisabledAt, DateTimeOffset.UnixEpoch), Ct);
        }

        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByText("You are signed out. No key was made.")).ToBeVisibleAsync();

        Assert.Empty((await site.Services.GetRequiredService<ApiKeys>().ListAsync(person.Caller, null, 10, Ct)).Keys);
    }

    private static async Task<string> WithoutTraceAsync(HttpResponseMessage response)
    {
        var fields = await response.Content.ReadFromJsonAsync<Dictionary<string, JsonElement>>(Ct);
        fields!.Remove("traceId");
        return JsonSerializer.Serialize(fields);
    }
}

public sealed class SignInTestsOnSqlite(StoreFixture<SqliteEngine> store, Browser browser) : SignInTests<SqliteEngine>(store, browser);

public sealed class SignInTestsOnPostgres(StoreFixture<PostgresEngine> store, Browser browser) : SignInTests<PostgresEngine>(store, browser);

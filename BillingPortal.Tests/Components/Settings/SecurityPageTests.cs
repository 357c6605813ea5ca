using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using BillingPortal.Accounts;
using BillingPortal.Audit;
using BillingPortal.Store;
using BillingPortal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Components.Settings;

public abstract class SecurityPageTests<TEngine>(StoreFixture<TEngine> store, Browser browser) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private const string NewPassword = "Another-horse-2";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_changed_password_ends_every_other_session_and_token_and_this_one_goes_on()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        using var token = await site.NewUserClientAsync(person);
        var elsewhere = await site.NewPageAsync(browser);
        await elsewhere.SignInAsync(person, "/settings/security");
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/settings/security");
        var form = page.GetByRole(AriaRole.Region, new() { Name = "Password", Exact = true });

        await form.GetByLabel("Current password").FillAsync("not-this-one");
        await form.GetByLabel("New password").FillAsync(NewPassword);
        await form.GetByRole(AriaRole.Button).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "not your current password" })).ToBeVisibleAsync();
        await form.GetByLabel("Current password").FillAsync(Person.Password);
        await form.GetByLabel("New password").FillAsync("short");
        await form.EvaluateAsync("form => form.querySelector('form').noValidate = true");
        await form.GetByRole(AriaRole.Button).ClickAsync();
        await Assertions.Expect(page.GetByText("Passwords must be at least 10")).ToBeVisibleAsync();
        await form.GetByLabel("Current password").FillAsync(Person.Password);
        await form.GetByLabel("New password").FillAsync(NewPassword);
        await form.GetByRole(AriaRole.Button).ClickAsync();

        await Assertions.Expect(page.GetByText("Your password is changed")).ToBeVisibleAsync();
        await elsewhere.ReloadAsync();
        await Assertions.Expect(elsewhere).ToHaveURLAsync(new Regex("/Account/Login"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await token.GetAsync("api/v1/me", Ct)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await LoginAsync(site, person.Email, Person.Password)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await LoginAsync(site, person.Email, NewPassword)).StatusCode);
        await using var db = await site.Services.GetRequiredService<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Ct);
        var logged = Assert.Single(await db.Set<AuditEntry>().Where(row => row.Subject == person.Id).ToListAsync(Ct));
        Assert.Equal((AuditActs.PasswordChanged, null, null), (logged.Act, logged.Before, logged.After));
    }

    [Fact]
    public async Task Signing_out_everywhere_else_leaves_this_session_alone()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        using var token = await site.NewUserClientAsync(person);
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/settings/security");

        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out everywhere else" }).ClickAsync();

        await Assertions.Expect(page.GetByText("Every other session of yours has ended.")).ToBeVisibleAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await token.GetAsync("api/v1/me", Ct)).StatusCode);
        await page.GotoAsync("/wallet");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Wallet" })).ToBeVisibleAsync();
    }

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task An_authenticator_app_is_asked_for_after_the_password_and_each_code_opens_once(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);
        // Signing in by code needs no scripts.
        await page.RouteAsync("**/*.js", route => route.AbortAsync());
        await page.SignInAsync(person, "/settings/security");
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        var app = page.GetByRole(AriaRole.Region, new() { Name = "Authenticator app" });
        await app.GetByLabel("Current password").FillAsync(Person.Password);
        await app.GetByRole(AriaRole.Button, new() { Name = "Set it up" }).ClickAsync();
        var key = (await page.GetByTestId("key").TextContentAsync())!;
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByLabel("Code", new() { Exact = true }).FillAsync("000000");
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask for codes" }).ClickAsync();
        await Assertions.Expect(page.GetByText("That code is not right.")).ToBeVisibleAsync();
        Assert.Equal(key, await page.GetByTestId("key").TextContentAsync());
        await page.GetByLabel("Code", new() { Exact = true }).FillAsync(Totp.CodeOf(key));
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask for codes" }).ClickAsync();
        var codes = (await page.GetByTestId("codes").TextContentAsync())!.Split('\n');
        Assert.Equal(10, codes.Distinct().Count());
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByRole(AriaRole.Link, new() { Name = "I have kept them" }).ClickAsync();
        await Assertions.Expect(page.GetByText("10 recovery codes left")).ToBeVisibleAsync();
        Assert.DoesNotContain(codes[0], await page.ContentAsync(), StringComparison.Ordinal);

        await SignOutAsync(page);
        await page.SignInAsync(person, "/settings/security");
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/Account/SecondStep"));
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GotoAsync("/wallet");
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/Account/Login"));
        await page.SignInAsync(person, "/settings/security");
        await EnterAsync(page, "000000");
        await Assertions.Expect(page.GetByText("That code is not right, or was used before.")).ToBeVisibleAsync();
        // Of a step that setting up did not use, so that the clock may tick meanwhile.
        var code = Totp.CodeOf(key, 1);
        await EnterAsync(page, code);
        await Assertions.Expect(page.GetByText("10 recovery codes left")).ToBeVisibleAsync();

        Assert.Equal("CODE_REQUIRED", await CodeOfAsync(await LoginAsync(site, person.Email, Person.Password)));
        Assert.Equal("INVALID_CREDENTIALS", await CodeOfAsync(await LoginAsync(site, person.Email, Person.Password, code)));
        Assert.Equal(HttpStatusCode.OK, (await LoginAsync(site, person.Email, Person.Password, codes[0].ToLowerInvariant())).StatusCode);
        Assert.Equal("INVALID_CREDENTIALS", await CodeOfAsync(await LoginAsync(site, person.Email, Person.Password, codes[0])));

        await page.ReloadAsync();
        await Assertions.Expect(page.GetByText("9 recovery codes left")).ToBeVisibleAsync();
        await app.GetByLabel("Current password").FillAsync(Person.Password);
        await app.GetByRole(AriaRole.Button, new() { Name = "Switch it off" }).ClickAsync();
        await Assertions.Expect(page.GetByText("The authenticator app is off.")).ToBeVisibleAsync();
        Assert.Equal(HttpStatusCode.OK, (await LoginAsync(site, person.Email, Person.Password)).StatusCode);
    }

    [Fact]
    public async Task A_passkey_signs_in_without_password_or_code_until_it_is_removed()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        var page = await site.NewPageAsync(browser);
        var device = await page.Context.NewCDPSessionAsync(page);
        await device.SendAsync("WebAuthn.enable");
        await device.SendAsync("WebAuthn.addVirtualAuthenticator", new Dictionary<string, object>
        {
            ["options"] = new { protocol = "ctap2", transport = "internal", hasResidentKey = true, hasUserVerification = true, isUserVerified = true, automaticPresenceSimulation = true },
        });
        await page.SignInAsync(person, "/settings/security");
        var form = page.GetByRole(AriaRole.Region, new() { Name = "Passkeys" });
        await form.GetByLabel("Name of the device").FillAsync("Work laptop");
        await form.GetByLabel("Current password").FillAsync("not-this-one");
        await form.GetByRole(AriaRole.Button, new() { Name = "Add a passkey" }).ClickAsync();
        await Assertions.Expect(form.GetByRole(AriaRole.Alert)).ToContainTextAsync("not your current password");
        await form.GetByLabel("Current password").FillAsync(Person.Password);
        await form.GetByRole(AriaRole.Button, new() { Name = "Add a passkey" }).ClickAsync();
        await Assertions.Expect(page.GetByText("The passkey is kept.")).ToBeVisibleAsync();
        await Assertions.Expect(form.GetByRole(AriaRole.Listitem)).ToContainTextAsync("Work laptop");
        await Browser.AssertNoAxeViolationsAsync(page);

        await SignOutAsync(page);
        await page.GotoAsync("/Account/Login?returnUrl=%2Fsettings%2Fsecurity");
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in with a passkey" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/settings/security$"));
        await using (var scope = site.Services.CreateAsyncScope())
        {
            var security = scope.ServiceProvider.GetRequiredService<AccountSecurity>();
            var own = Assert.Single((await security.GetAsync(person.Caller)).Passkeys);
            Assert.IsType<SecurityChange.Refused>(await security.RemovePasskeyAsync((await site.SignUpAsync()).Caller, own.Id));
        }

        await page.GetByRole(AriaRole.Button, new() { Name = "Remove the passkey Work laptop" }).ClickAsync();
        await Assertions.Expect(page.GetByText("The passkey is removed.")).ToBeVisibleAsync();
        await SignOutAsync(page);
        await page.GotoAsync("/Account/Login");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in with a passkey" }).ClickAsync();
        await Assertions.Expect(page.GetByText("That passkey does not open an account here.")).ToBeVisibleAsync();
    }

    private static async Task SignOutAsync(IPage page)
    {
        await page.GotoAsync("/Account/Logout");
        await page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await page.WaitForURLAsync(url => !url.Contains("Logout", StringComparison.Ordinal));
    }

    private static async Task EnterAsync(IPage page, string code)
    {
        await page.GetByLabel("Code", new() { Exact = true }).FillAsync(code);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
    }

    private static async Task<HttpResponseMessage> LoginAsync(Site site, string email, string password, string? code = null)
    {
        using var client = site.NewClient();
        return await client.PostAsJsonAsync("api/auth/login", new { email, password, code }, Ct);
    }

    private static async Task<string?> CodeOfAsync(HttpResponseMessage response) =>
        (await response.Content.ReadFromJsonAsync<JsonElement>(Ct)).GetProperty("code").GetString();
}

public sealed class SecurityPageTestsOnSqlite(StoreFixture<SqliteEngine> store, Browser browser) : SecurityPageTests<SqliteEngine>(store, browser);

public sealed class SecurityPageTestsOnPostgres(StoreFixture<PostgresEngine> store, Browser browser) : SecurityPageTests<PostgresEngine>(store, browser);

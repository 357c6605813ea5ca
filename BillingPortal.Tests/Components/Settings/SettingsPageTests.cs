using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Audit;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Store;
using BillingPortal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Components.Settings;

public abstract class SettingsPageTests<TEngine>(StoreFixture<TEngine> store, Browser browser) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task A_chosen_zone_and_way_of_writing_numbers_hold_on_static_and_on_live_pages(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.GiveAsync(person, 5_000, BucketKind.Purchased);
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);
        await page.SignInAsync(person, "/settings");
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);

        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("Zoë");
        await page.GetByLabel("Time zone").SelectOptionAsync("Asia/Tokyo");
        await page.GetByLabel("Numbers").SelectOptionAsync("de-DE");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save the profile" }).ClickAsync();

        await Assertions.Expect(page.GetByText("Saved.", new() { Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("(Asia/Tokyo) now")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByLabel("Name", new() { Exact = true })).ToHaveValueAsync("Zoë");
        await Assertions.Expect(page.GetByTestId("pill")).ToContainTextAsync("5.150");
        await page.GotoAsync("/transactions");
        await page.AliveAsync();
        await site.GiveAsync(person, 1_000, BucketKind.Purchased);
        await Assertions.Expect(page.GetByTestId("pill")).ToContainTextAsync("6.150");
        await Assertions.Expect(page.Locator("time").First).ToHaveAttributeAsync("title", new System.Text.RegularExpressions.Regex("Asia/Tokyo"));
    }

    [Fact]
    public async Task A_name_a_zone_and_a_number_format_that_do_not_exist_are_refused_and_keys_have_no_profile()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await using var scope = site.Services.CreateAsyncScope();
        var profiles = scope.ServiceProvider.GetRequiredService<Profiles>();

        foreach (var wrong in new[] { new Profile(" ", null, null), new Profile("a\0b", null, null), new Profile("Ann", "Atlantis/Poseidonis", null), new Profile("Ann", null, "xx-YY") })
        {
            Assert.NotNull((await profiles.SaveAsync(person.Caller, wrong)).Problem);
        }

        await Assert.ThrowsAsync<AccessDeniedException>(() => profiles.GetAsync(Caller.ForKey("key_1", person.OrganizationId, Scopes.All)));
    }

    [Theory]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    public async Task Levels_and_limits_are_set_by_forms_that_keep_what_was_typed(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);
        await page.RouteAsync("**/*.js", route => route.AbortAsync());
        await page.SignInAsync(person, "/settings/alerts");
        await Assertions.Expect(page.Locator("#credits-0")).ToHaveValueAsync("100");
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.Locator("#credits-0").FillAsync("50");
        await page.Locator("#credits-1").FillAsync("2000");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save the alerts" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Saved.", new() { Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("#credits-0")).ToHaveValueAsync("2000");
        await Assertions.Expect(page.Locator("#credits-1")).ToHaveValueAsync("50");

        await page.GotoAsync("/settings/limits");
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.Locator("#credits-day").FillAsync("40");
        await page.Locator("#credits-month").FillAsync("1.5");
        await page.EvaluateAsync("document.querySelector('main form').noValidate = true");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save the limits" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "a limit is a whole number" })).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("#credits-day")).ToHaveValueAsync("40");
        await page.Locator("#credits-month").FillAsync("900");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save the limits" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Saved.", new() { Exact = true })).ToBeVisibleAsync();
        await site.ReportAsync(person, "image_to_html");
        await page.ReloadAsync();
        await Assertions.Expect(page.GetByText("30 used today").First).ToBeVisibleAsync();
        Assert.Equal(new SpendLimits(Credits.FromWhole(40), Credits.FromWhole(900)), (await site.Services.GetRequiredService<SpendLimitSettings>().GetAsync(person.Caller, Ct))[0].Limits);
        await using var db = await site.Services.GetRequiredService<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Ct);
        var logged = await db.Set<AuditEntry>().Where(row => row.OrganizationId == person.OrganizationId && row.Subject == CreditTypes.Credits).OrderBy(row => row.Id).ToListAsync(Ct);
        Assert.Equal([AuditActs.BalanceAlertsChanged, AuditActs.SpendLimitsChanged], logged.Select(entry => entry.Act));
        Assert.Equal("""{"perDay":40,"perMonth":900}""", logged[1].After);
    }

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task What_one_is_told_and_how_is_chosen_kind_by_kind_but_for_what_needs_one(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);
        await page.RouteAsync("**/*.js", route => route.AbortAsync());
        await page.SignInAsync(person, "/settings/notifications");
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await Assertions.Expect(page.GetByRole(AriaRole.Row, new() { Name = "Payment needs you" }).GetByText("Always")).ToHaveCountAsync(2);

        await page.GetByLabel("Receipts, by e-mail").UncheckAsync();
        await page.GetByLabel("Gifts, in the portal").UncheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save the choices" }).ClickAsync();

        await Assertions.Expect(page.GetByText("Saved.", new() { Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByLabel("Receipts, by e-mail")).Not.ToBeCheckedAsync();
        await Assertions.Expect(page.GetByLabel("Receipts, in the portal")).ToBeCheckedAsync();
        await Assertions.Expect(page.GetByLabel("Gifts, in the portal")).Not.ToBeCheckedAsync();
        await page.GetByLabel("Gifts, in the portal").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save the choices" }).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Gifts, in the portal")).ToBeCheckedAsync();
        await using var db = await site.Services.GetRequiredService<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Ct);
        var logged = await db.Set<AuditEntry>().Where(row => row.OrganizationId == person.OrganizationId && row.Act == AuditActs.NotificationsChosen).OrderBy(row => row.Id).ToListAsync(Ct);
        Assert.Equal(["gift", "gift", "receipt"], logged.Select(entry => entry.Subject).Order(StringComparer.Ordinal));
        Assert.Equal("""{"inApp":true,"byMail":false}""", logged.Single(entry => entry.Subject == "receipt").After);
    }

    [Fact]
    public async Task Members_see_levels_and_limits_and_neither_they_nor_keys_change_them()
    {
        await using var site = Site.Start(store.Database);
        var (owner, member) = (await site.SignUpAsync(), await site.SignUpAsync());
        var (alerts, limits) = (site.Services.GetRequiredService<BalanceAlerts>(), site.Services.GetRequiredService<SpendLimitSettings>());
        foreach (var caller in new[] { Caller.ForUser(member.Id, owner.OrganizationId, MemberRole.Member), Caller.ForKey("key_1", owner.OrganizationId, Scopes.All) })
        {
            await Assert.ThrowsAsync<AccessDeniedException>(() => alerts.SaveAsync(caller, CreditTypes.Credits, [1], Ct));
            await Assert.ThrowsAsync<AccessDeniedException>(() => limits.SetAsync(caller, CreditTypes.Credits, default, Ct));
        }

        await using (var db = await site.Services.GetRequiredService<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Ct))
        {
            var organizations = site.Services.GetRequiredService<Organizations>();
            await organizations.AddMemberAsync(owner.OrganizationId, await db.Users.SingleAsync(user => user.Id == member.Id, Ct), MemberRole.Member, Ct);
            await organizations.ChooseAsync(member.Id, owner.OrganizationId, Ct);
        }

        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(member, "/settings/limits");
        await Assertions.Expect(page.GetByText("Limits are for the roles billing and owner.")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("#credits-day")).ToBeDisabledAsync();
        await page.EvaluateAsync("document.querySelector('main form').submit()");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "Nothing was changed." })).ToBeVisibleAsync();
        await page.GotoAsync("/settings/alerts");
        await Assertions.Expect(page.GetByText("Alerts are for the roles billing and owner.")).ToBeVisibleAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
    }
}

public sealed class SettingsPageTestsOnSqlite(StoreFixture<SqliteEngine> store, Browser browser) : SettingsPageTests<SqliteEngine>(store, browser);

public sealed class SettingsPageTestsOnPostgres(StoreFixture<PostgresEngine> store, Browser browser) : SettingsPageTests<PostgresEngine>(store, browser);

using System.Text.RegularExpressions;
using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Notifications;
using BillingPortal.Store;
using BillingPortal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Components.Pages;

public abstract class NotificationsPageTests<TEngine>(StoreFixture<TEngine> store, Browser browser) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task The_bell_counts_what_happens_while_one_looks_and_opens_it_where_it_goes_on(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);
        await page.SignInAsync(person, "/transactions");
        await page.AliveAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Notifications", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByText("Nothing yet. Receipts")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");

        await HappenAsync(site, person.OrganizationId, 95);
        await HappenAsync(site, person.OrganizationId, 7);

        await page.GetByRole(AriaRole.Button, new() { Name = "Notifications, 2 unread" }).ClickAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "7 left" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/buy$"));
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Notifications, 1 unread" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task What_is_read_in_one_window_is_read_in_the_other_without_scripts_too()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await HappenAsync(site, person.OrganizationId, 95);
        var watching = await site.NewPageAsync(browser);
        await watching.SignInAsync(person, "/notifications");
        await watching.AliveAsync();
        var plain = await site.NewPageAsync(browser);
        await plain.RouteAsync("**/*.js", route => route.AbortAsync());
        await plain.SignInAsync(person, "/notifications");

        await plain.GetByRole(AriaRole.Main).GetByRole(AriaRole.Button, new() { Name = "Mark all as read" }).ClickAsync();

        await Assertions.Expect(plain.GetByRole(AriaRole.Button, new() { Name = "Notifications", Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(watching.GetByRole(AriaRole.Button, new() { Name = "Notifications", Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(watching.GetByRole(AriaRole.Main).GetByText("Unread:")).ToHaveCountAsync(0);
    }

    [Theory]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    public async Task Older_ones_are_a_page_further_and_what_never_happened_is_said_to_come(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);
        await page.SignInAsync(person, "/notifications");
        await page.AliveAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Nothing yet" })).ToBeVisibleAsync();
        await Browser.AssertNoAxeViolationsAsync(page);

        foreach (var left in Enumerable.Range(1, 26))
        {
            await HappenAsync(site, person.OrganizationId, left);
        }

        var list = page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Listitem);
        await Assertions.Expect(list).ToHaveCountAsync(25);
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByRole(AriaRole.Link, new() { Name = "Older" }).ClickAsync();
        await Assertions.Expect(list).ToHaveCountAsync(1);
        await Assertions.Expect(list).ToContainTextAsync("running low: 1 left");
        await Assertions.Expect(page.GetByText("That is all")).ToBeVisibleAsync();
        await page.GotoAsync("/notifications?before=%27nonsense");
        await Assertions.Expect(list).ToHaveCountAsync(25);
    }

    [Theory]
    [InlineData(1280, ColorScheme.Light, true)]
    [InlineData(390, ColorScheme.Dark, true)]
    [InlineData(390, ColorScheme.Light, false)]
    public async Task One_is_marked_as_read_and_those_left_unread_are_shown_alone_without_scripts_too(int width, ColorScheme scheme, bool withScripts)
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        foreach (var left in new[] { 95, 60, 7 })
        {
            await HappenAsync(site, person.OrganizationId, left);
        }

        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);
        if (!withScripts)
        {
            await page.RouteAsync("**/*.js", route => route.AbortAsync());
        }

        await page.SignInAsync(person, "/notifications");
        var main = page.GetByRole(AriaRole.Main);
        await main.GetByRole(AriaRole.Link, new() { Name = "Unread only" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/notifications\\?unread=1$"));
        if (withScripts)
        {
            await page.AliveAsync();
        }

        await Assertions.Expect(main.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(3);
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await main.GetByRole(AriaRole.Button, new() { Name = "Mark as read: Credits are running low: 60 left" }).ClickAsync();
        await Assertions.Expect(main.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(2);
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/notifications\\?unread=1$"));
        await Assertions.Expect(main.GetByText("60 left")).ToHaveCountAsync(0);
        await main.GetByRole(AriaRole.Button, new() { Name = "Mark all as read" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/notifications$"));
        await page.GotoAsync("/notifications?unread=1");
        await Assertions.Expect(main.GetByRole(AriaRole.Heading, new() { Name = "Nothing unread" })).ToBeVisibleAsync();
        await main.GetByRole(AriaRole.Link, new() { Name = "Show all" }).ClickAsync();
        await Assertions.Expect(main.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(3);
        await Assertions.Expect(main.GetByRole(AriaRole.Button, new() { Name = "Mark as read: " })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task One_about_another_organization_goes_on_there_unless_one_has_left_it()
    {
        await using var site = Site.Start(store.Database);
        var (owner, person) = (await site.SignUpAsync(), await site.SignUpAsync());
        var organizations = site.Services.GetRequiredService<Organizations>();
        await organizations.RenameAsync(owner.Caller, "Northwind", Ct);
        await using var db = await site.Services.GetRequiredService<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Ct);
        await organizations.AddMemberAsync(owner.OrganizationId, await db.Users.SingleAsync(user => user.Id == person.Id, Ct), MemberRole.Billing, Ct);
        await HappenAsync(site, owner.OrganizationId, 95);
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/notifications");
        await page.AliveAsync();

        await page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Button, new() { Name = "Northwind" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/buy$"));
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Organization: Northwind" })).ToBeVisibleAsync();

        await page.GotoAsync("/notifications");
        await page.AliveAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Organization: Northwind" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = person.Email.Split('@')[0] }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/wallet$"));
        await db.Set<Membership>().Where(row => row.UserId == person.Id && row.OrganizationId == owner.OrganizationId).ExecuteDeleteAsync(Ct);
        await page.GotoAsync("/notifications");
        await page.AliveAsync();
        await page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Button, new() { Name = "running low" }).ClickAsync();
        await Assertions.Expect(page.GetByText("an organization you no longer belong to")).ToBeVisibleAsync();
    }

    private static async Task HappenAsync(Site site, string organizationId, int left)
    {
        await using var db = await site.Services.GetRequiredService<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Ct);
        db.Add(OutboxEvent.Of(organizationId, "credits.low_balance", new { balance = left, threshold = 100 }, site.Services.GetRequiredService<TimeProvider>().Now()));
        await db.SaveChangesAsync(Ct);
        await site.Services.GetRequiredService<NotificationDispatch>().TellDueAsync(Ct);
    }
}

public sealed class NotificationsPageTestsOnSqlite(StoreFixture<SqliteEngine> store, Browser browser) : NotificationsPageTests<SqliteEngine>(store, browser);

public sealed class NotificationsPageTestsOnPostgres(StoreFixture<PostgresEngine> store, Browser browser) : NotificationsPageTests<PostgresEngine>(store, browser);

using System.Text.RegularExpressions;
using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Ledger;
using BillingPortal.Payments.Sandbox;
using BillingPortal.Tests.Subscriptions;
using BillingPortal.Tests.Support;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Components.Pages;

public abstract class PlanPageTests<TEngine>(PlanShop<TEngine> plans, Browser browser) : IClassFixture<PlanShop<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Fact]
    public async Task Choosing_a_plan_shows_what_is_due_before_and_works_without_scripts()
    {
        var person = await PersonAsync();
        var page = await plans.Shop.Site.NewPageAsync(browser, Browser.Phone);
        await page.SignInAsync(person, "/wallet");
        await page.RouteAsync("**/*.js", route => route.AbortAsync());
        await page.GotoAsync("/plan");

        await page.GetByRole(AriaRole.Link, new() { Name = "Choose Lite" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Change to Lite plan, monthly" })).ToContainTextAsync("2,000 credits");
        await page.AssertNoSidewaysScrollAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Pay $10.00" }).DblClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/sandbox/checkout/"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Pay $10.00" }).ClickAsync();

        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Plan paid" })).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await page.GetByRole(AriaRole.Link, new() { Name = "Go to the plan" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Lite plan" })).ToContainTextAsync("$10.00 on 28 Feb");
        Assert.Single(await plans.PaymentsAsync(person.Caller));
    }

    [Fact]
    public async Task A_change_is_paid_by_one_click_that_names_the_saved_card_and_is_not_offered_without_one()
    {
        var (owner, newcomer) = (await PersonAsync(), await PersonAsync());
        await plans.ChangeAsync(owner.Caller, "starter");
        var page = await plans.Shop.Site.NewPageAsync(browser);
        await page.SignInAsync(owner, "/plan?plan=pro");
        await page.AliveAsync();
        var other = await plans.Shop.Site.NewPageAsync(browser);
        await other.SignInAsync(newcomer, "/plan?plan=lite");
        await other.AliveAsync();

        await page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex(@"^Pay \$120\.00 with Visa ••\d{4}$") }).ClickAsync();

        await Assertions.Expect(page.GetByText("The plan is changed.")).ToBeVisibleAsync();
        Assert.Equal("pro", (await plans.StandingAsync(owner.Caller)).Plan.Id);
        await Assertions.Expect(other.GetByRole(AriaRole.Button, new() { Name = "Pay $10.00", Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(other.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("with ") })).ToHaveCountAsync(0);
    }

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task The_plan_its_alternatives_and_a_change_read_well_everywhere(int width, ColorScheme scheme)
    {
        var person = await PersonAsync();
        await plans.ChangeAsync(person.Caller, "starter");
        var page = await plans.Shop.Site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);

        await page.SignInAsync(person, "/plan?plan=pro");
        await page.AliveAsync();

        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Pay $120.00" })).ToBeVisibleAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
    }

    [Fact]
    public async Task Canceling_names_the_day_and_is_called_off_with_one_click()
    {
        var person = await PersonAsync();
        await plans.ChangeAsync(person.Caller, "lite");
        var page = await plans.Shop.Site.NewPageAsync(browser);
        await page.SignInAsync(person, "/plan");
        await page.AliveAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Cancel the plan" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("Cancel on.28 Feb") }).ClickAsync();
        await Assertions.Expect(page.GetByText("Lite ends on")).ToBeVisibleAsync();
        Assert.True((await plans.StandingAsync(person.Caller)).CancelAtPeriodEnd);
        await page.GetByRole(AriaRole.Button, new() { Name = "Keep Lite" }).ClickAsync();

        await Assertions.Expect(page.GetByText("You keep the plan.")).ToBeVisibleAsync();
        Assert.False((await plans.StandingAsync(person.Caller)).CancelAtPeriodEnd);
    }

    [Fact]
    public async Task An_unpaid_renewal_says_what_waits_and_until_when_and_can_be_paid()
    {
        var person = await PersonAsync();
        await plans.ChangeAsync(person.Caller, "lite", method: SandboxMethod.CardThatDeclinesLater);
        await plans.RenewAtAsync(person.Caller, PlanShop<TEngine>.Start.AddMonths(1));
        var page = await plans.Shop.Site.NewPageAsync(browser);
        await page.SignInAsync(person, "/plan");
        await page.AliveAsync();

        await Assertions.Expect(page.GetByText("The renewal is not paid.")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("We try again on")).ToContainTextAsync("1 Mar");
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByRole(AriaRole.Link, new() { Name = "Pay now" }).ClickAsync();

        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Pay $10.00" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Members_see_the_plan_and_nothing_to_change()
    {
        var owner = await PersonAsync();
        await plans.ChangeAsync(owner.Caller, "team", BillingInterval.Monthly, 3);
        var member = await PersonAsync();
        var invited = Assert.IsType<InviteResult.Made>(await plans.Shop.Get<Members>().InviteAsync(owner.Caller, member.Email, MemberRole.Member, Cancel));
        var page = await plans.Shop.Site.NewPageAsync(browser);

        await page.SignInAsync(member, invited.Path);
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("^Join ") }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/wallet$"));
        await page.GotoAsync("/plan");
        await page.AliveAsync();

        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Team plan" })).ToContainTextAsync("3 seats");
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { NameRegex = new Regex("^Choose|^Cancel") })).ToHaveCountAsync(0);
        await page.GotoAsync("/members");
        await Assertions.Expect(page.GetByText("2 of 3 seats taken")).ToBeVisibleAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
    }

    [Fact]
    public async Task An_owner_invites_by_a_link_that_is_shown_once()
    {
        var owner = await PersonAsync();
        var page = await plans.Shop.Site.NewPageAsync(browser, Browser.Phone);
        await page.SignInAsync(owner, "/members");
        await page.AliveAsync();

        await page.GetByLabel("E-mail").FillAsync("new@example.com");
        await page.GetByRole(AriaRole.Button, new() { Name = "Invite", Exact = true }).ClickAsync();

        await Assertions.Expect(page.Locator(".secret code")).ToContainTextAsync("/join/");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Withdraw the invitation of new@example.com" })).ToBeVisibleAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
    }

    [Fact]
    public async Task Prices_are_public_by_the_month_and_by_the_year()
    {
        var page = await plans.Shop.Site.NewPageAsync(browser, Browser.Phone);
        await page.GotoAsync("/pricing?interval=yearly");

        await Assertions.Expect(page.GetByText("$1,590.00")).ToBeVisibleAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private async Task<Person> PersonAsync()
    {
        plans.Clock.Now = PlanShop<TEngine>.Start;
        return await plans.Shop.Site.SignUpAsync();
    }
}

public sealed class PlanPageTestsOnSqlite(PlanShop<SqliteEngine> plans, Browser browser) : PlanPageTests<SqliteEngine>(plans, browser);

public sealed class PlanPageTestsOnPostgres(PlanShop<PostgresEngine> plans, Browser browser) : PlanPageTests<PostgresEngine>(plans, browser);

using System.Text.RegularExpressions;
using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Store;
using BillingPortal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Components;

public sealed class PaletteTests(StoreFixture<SqliteEngine> store, Browser browser) : IClassFixture<StoreFixture<SqliteEngine>>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task By_keyboard_alone_one_goes_to_a_page_live_or_static_and_back_out(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);
        await page.SignInAsync(await site.SignUpAsync(), "/transactions");
        await page.AliveAsync();
        var (box, chosen) = (page.GetByRole(AriaRole.Combobox, new() { Name = "Page, action or organization" }), page.Locator("#palette [role=option][aria-selected=true]"));

        await page.Keyboard.PressAsync("Control+k");
        await Assertions.Expect(box).ToBeFocusedAsync();
        await Assertions.Expect(chosen).ToHaveTextAsync(new Regex("Wallet"));
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.AssertNoSidewaysScrollAsync();
        await page.Keyboard.PressAsync("ArrowUp");
        await Assertions.Expect(chosen).Not.ToHaveTextAsync(new Regex("Wallet"));
        await page.Keyboard.PressAsync("ArrowDown");
        await page.Keyboard.TypeAsync("gif");
        await Assertions.Expect(chosen).ToHaveTextAsync(new Regex("Gifts"));
        await Assertions.Expect(box).ToHaveAttributeAsync("aria-activedescendant", (await chosen.GetAttributeAsync("id"))!);
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Gifts", Exact = true })).ToBeFocusedAsync();

        await page.Keyboard.PressAsync("Control+k");
        await page.Keyboard.TypeAsync("nothing like it");
        await Assertions.Expect(page.GetByText("Nothing matches.")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(box).ToBeHiddenAsync();
        await page.Keyboard.PressAsync("Control+k");
        await page.Keyboard.TypeAsync("spend lim");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/settings/limits$"));
        // The address changes before the page does, and its scripts have run when it is loaded.
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Spend limits" })).ToBeVisibleAsync();
        await page.WaitForLoadStateAsync(LoadState.Load);
        await page.Keyboard.PressAsync("Control+k");
        await page.Keyboard.TypeAsync("sign out");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Sign in" }).First).ToBeVisibleAsync();
    }

    [Fact]
    public async Task It_does_things_and_acts_for_another_organization()
    {
        await using var site = Site.Start(store.Database);
        var (owner, person) = (await site.SignUpAsync(), await site.SignUpAsync());
        var organizations = site.Services.GetRequiredService<Organizations>();
        await organizations.RenameAsync(owner.Caller, "Northwind", Ct);
        await using (var db = await site.Services.GetRequiredService<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Ct))
        {
            await organizations.AddMemberAsync(owner.OrganizationId, await db.Users.SingleAsync(user => user.Id == person.Id, Ct), MemberRole.Member, Ct);
        }

        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/gifts");
        await page.AliveAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Go to, or do" }).ClickAsync();
        await page.RunAndWaitForResponseAsync(() => page.GetByRole(AriaRole.Option, new() { Name = "Theme: high contrast" }).ClickAsync(), "**/preferences/theme");
        await Assertions.Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "contrast");
        await Browser.AssertNoAxeViolationsAsync(page);

        await page.Keyboard.PressAsync("Control+k");
        await page.Keyboard.TypeAsync("northwind");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/wallet$"));
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Organization: Northwind" })).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "contrast");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_pages_of_the_administration_are_in_it_for_administrators_alone(bool isAdministrator)
    {
        await using var site = Site.Start(store.Database);
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(await site.SignUpAsync(administrator: isAdministrator), "/gifts");
        await page.AliveAsync();

        await page.Keyboard.PressAsync("Control+k");

        await Assertions.Expect(page.GetByRole(AriaRole.Option, new() { Name = "Gifts", Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Option, new() { Name = "Customers" })).ToHaveCountAsync(isAdministrator ? 1 : 0);
    }

    [Theory]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    public async Task Help_stands_behind_every_page_and_the_sandbox_takes_one_line_on_a_phone(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database);
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);
        await page.SignInAsync(await site.SignUpAsync(), "/help");

        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Pockets, and which is spent first" })).ToBeVisibleAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        Assert.InRange((await page.Locator(".sandbox").BoundingBoxAsync())!.Height, 16, 48);
    }
}

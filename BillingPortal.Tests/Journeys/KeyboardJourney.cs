using System.Text.RegularExpressions;
using BillingPortal.Gifting;
using BillingPortal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Journeys;

/// <summary>The main tasks by Tab, Enter, Space, arrows and Escape: the focus is always to be seen, and is where the work goes on after something closes.</summary>
public sealed class KeyboardJourney(StoreFixture<SqliteEngine> store, Browser browser) : IClassFixture<StoreFixture<SqliteEngine>>
{
    [Fact]
    public async Task Without_a_mouse_one_signs_in_chooses_a_theme_and_buys_a_pack()
    {
        await using var site = Site.Start(store.Database);
        var page = await SignInAsync(site, await site.SignUpAsync(plan: "lite"));

        var dark = page.GetByRole(AriaRole.Button, new() { Name = "Dark" });
        await page.RunAndWaitForResponseAsync(() => page.PressOnAsync(dark, "Space"), "**/preferences/theme");
        await Assertions.Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        await Assertions.Expect(dark).ToBeFocusedAsync();
        var profile = page.GetByRole(AriaRole.Button, new() { Name = "Your profile" });
        await page.PressOnAsync(profile);
        await page.TabToAsync(page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }));
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(profile).ToBeFocusedAsync();

        await GoByPaletteAsync(page, "buy cre", "Buy credits");
        await page.PressOnAsync(page.GetByRole(AriaRole.Button, new() { Name = "Pay $39.00" }));
        await page.WaitForURLAsync("**/sandbox/checkout/**");
        var cards = page.GetByRole(AriaRole.Radio);
        await page.TabToAsync(cards.First);
        await page.Keyboard.PressAsync("ArrowDown");
        await Assertions.Expect(cards.Nth(1)).ToBeCheckedAsync();
        await page.PressOnAsync(page.GetByRole(AriaRole.Button, new() { Name = "Pay $39.00" }));
        await page.PressOnAsync(page.GetByRole(AriaRole.Button, new() { Name = "Approve $39.00" }));
        await page.PressOnAsync(page.GetByRole(AriaRole.Link, new() { Name = "Go to the wallet" }));

        await page.GetByTestId("available").BecomesAsync("7,150");
    }

    [Fact]
    public async Task Without_a_mouse_one_gives_undoes_it_and_is_never_thrown_back_to_the_top()
    {
        await using var site = Site.Start(store.Database, new Dictionary<string, string?> { ["Gifts:UndoWindow"] = "00:05:00" });
        var (giver, friend, administrator) = (await site.SignUpAsync(), await site.SignUpAsync(), await site.SignUpAsync(administrator: true));
        await site.Services.GetRequiredService<BonusGrants>().GrantAsync(administrator.Caller, new GrantWish(giver.Email, 25), null, TestContext.Current.CancellationToken);
        var page = await SignInAsync(site, giver);
        await GoByPaletteAsync(page, "gif", "Gifts");

        await page.TypeIntoAsync(page.GetByLabel("E-mail of the person"), friend.Email);
        await page.TypeIntoAsync(page.GetByLabel("Flows", new() { Exact = true }), "7");
        await page.PressOnAsync(page.GetByRole(AriaRole.Button, new() { Name = "10 flows", Exact = true }), "Space");
        await page.PressOnAsync(page.GetByRole(AriaRole.Button, new() { Name = "Review the gift" }));
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Send this gift?" })).ToBeFocusedAsync();
        await page.PressOnAsync(page.GetByRole(AriaRole.Button, new() { Name = "Send 10 flows" }));
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Give flows" })).ToBeFocusedAsync();
        await Assertions.Expect(page.GetByText("are set aside and sent")).ToBeVisibleAsync();
        // The notice stands above the form.
        await page.Keyboard.PressAsync("Shift+Tab");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = $"Undo the gift to {friend.Email}" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");

        await Assertions.Expect(page.GetByText("Undone. Nothing left your account.").First).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Gifts", Exact = true })).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Without_a_mouse_one_makes_a_key_and_dialogs_give_the_focus_back()
    {
        await using var site = Site.Start(store.Database);
        var page = await SignInAsync(site, await site.SignUpAsync(plan: "lite"));
        await GoByPaletteAsync(page, "api keys", "API keys");

        await page.PressOnAsync(page.GetByRole(AriaRole.Button, new() { Name = "Create the first key" }));
        await Assertions.Expect(page.GetByLabel("Name")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("laptop");
        await page.TabToAsync(page.GetByLabel("Report usage and read balances"));
        await page.Keyboard.PressAsync("ArrowDown");
        await Assertions.Expect(page.GetByLabel("Report usage only")).ToBeCheckedAsync();
        await page.PressOnAsync(page.GetByRole(AriaRole.Button, new() { Name = "Create key" }), "Space");
        await Assertions.Expect(page.GetByTestId("secret")).ToBeVisibleAsync();
        await page.PressOnAsync(page.GetByRole(AriaRole.Button, new() { Name = "I have copied it" }));

        // What opened it is gone with the empty list.
        await Assertions.Expect(page.GetByRole(AriaRole.Cell, new() { Name = "laptop", Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "API keys" })).ToBeFocusedAsync();
        foreach (var name in (string[])["Create key", "Rotate laptop", "Revoke laptop"])
        {
            var opener = page.GetByRole(AriaRole.Button, new() { Name = name });
            await page.PressOnAsync(opener);
            await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
            await Assertions.Expect(page.GetByRole(AriaRole.Dialog).Locator(":focus")).ToHaveCountAsync(1);
            await page.Keyboard.PressAsync("Escape");
            await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
            await Assertions.Expect(opener).ToBeFocusedAsync();
        }
    }

    private async Task<IPage> SignInAsync(Site site, Person person)
    {
        var page = await site.NewPageAsync(browser);
        await page.GotoAsync("/Account/Login?returnUrl=%2Fwallet");
        await page.TypeIntoAsync(page.GetByLabel("E-mail"), person.Email);
        await page.TypeIntoAsync(page.GetByLabel("Password"), Person.Password);
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync("**/wallet");
        await page.AliveAsync();
        return page;
    }

    private static async Task GoByPaletteAsync(IPage page, string words, string title)
    {
        await page.Keyboard.PressAsync("Control+k");
        await page.Keyboard.TypeAsync(words);
        await Assertions.Expect(page.Locator("#palette [role=option][aria-selected=true]")).ToHaveTextAsync(new Regex(Regex.Escape(title)));
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = title })).ToBeFocusedAsync();
        await page.AliveAsync();
    }
}

using BillingPortal.Gifting;
using BillingPortal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Components.Pages;

public abstract class GiftsPageTests<TEngine>(StoreFixture<TEngine> store, Browser browser) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    // Long enough for a slow machine to undo in.
    private static Dictionary<string, string?> Unhurried => new() { ["Gifts:UndoWindow"] = "00:05:00" };

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task A_gift_is_reviewed_set_aside_and_undone(int width, ColorScheme scheme)
    {
        await using var site = Site.Start(store.Database, Unhurried);
        var (giver, friend) = (await GiverAsync(site, 25), await site.SignUpAsync());
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);
        await page.SignInAsync(giver, "/gifts");
        await page.AliveAsync();
        await Browser.AssertNoAxeViolationsAsync(page);

        await page.GetByLabel("E-mail of the person").FillAsync(friend.Email);
        await page.GetByRole(AriaRole.Button, new() { Name = "5 flows", Exact = true }).ClickAsync();
        await page.GetByLabel("Note, if you like").FillAsync("<b>For you</b>");
        await page.GetByRole(AriaRole.Button, new() { Name = "Review the gift" }).ClickAsync();
        await Assertions.Expect(page.GetByText("20 flows to give")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("<b>For you</b>")).ToBeVisibleAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Send 5 flows" }).ClickAsync();
        var undo = page.GetByRole(AriaRole.Button, new() { Name = $"Undo the gift to {friend.Email}" });
        await Assertions.Expect(undo).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("20", new() { Exact = true }).First).ToBeVisibleAsync();
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await undo.ClickAsync();

        await Assertions.Expect(page.GetByText("Undone. Nothing left your account.").First).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("Undone", new() { Exact = true })).ToBeVisibleAsync();
        var allowance = await site.Services.GetRequiredService<Gifts>().GetAllowanceAsync(giver.Caller, Ct);
        Assert.Equal(25, allowance.Giftable.ToDecimal());
    }

    [Fact]
    public async Task A_gift_to_oneself_is_refused_and_one_to_an_unknown_address_waits_for_a_sign_up()
    {
        await using var site = Site.Start(store.Database, Unhurried);
        var giver = await GiverAsync(site, 25);
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(giver, "/gifts");
        await page.AliveAsync();

        await GiveAsync(page, giver.Email);
        await Assertions.Expect(page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "your own address" })).ToBeVisibleAsync();
        var unknown = $"{Guid.NewGuid():N}@example.com";
        await GiveAsync(page, unknown);
        await Assertions.Expect(page.GetByText("Invited", new() { Exact = true })).ToBeVisibleAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = $"Take back the gift to {unknown}" }).ClickAsync();

        await Assertions.Expect(page.GetByText("Undone", new() { Exact = true })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_gift_shows_up_at_its_receiver_while_the_page_is_open_and_with_nothing_to_give_it_says_why()
    {
        await using var site = Site.Start(store.Database);
        var (giver, friend) = (await GiverAsync(site, 25), await site.SignUpAsync());
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(friend, "/gifts");
        await page.AliveAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Nothing to give yet" })).ToBeVisibleAsync();
        await Browser.AssertNoAxeViolationsAsync(page);

        await site.Services.GetRequiredService<Gifts>().SendAsync(giver.Caller, new GiftWish(friend.Email, 7, "Enjoy"), null, Ct);

        var received = page.GetByRole(AriaRole.Region, new() { Name = "Received" });
        await Assertions.Expect(received).ToContainTextAsync("+7");
        await Assertions.Expect(received).ToContainTextAsync("“Enjoy”");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Review the gift" })).ToBeVisibleAsync();
    }

    private static async Task GiveAsync(IPage page, string email)
    {
        await page.GetByLabel("E-mail of the person").FillAsync(email);
        await page.GetByRole(AriaRole.Button, new() { Name = "Review the gift" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Send 10 flows" }).ClickAsync();
    }

    private static async Task<Person> GiverAsync(Site site, long flows)
    {
        var (giver, administrator) = (await site.SignUpAsync(), await site.SignUpAsync(administrator: true));
        Assert.IsType<GrantResult.Granted>(await site.Services.GetRequiredService<BonusGrants>().GrantAsync(administrator.Caller, new GrantWish(giver.Email, flows), null, Ct));
        return giver;
    }
}

public sealed class GiftsPageTestsOnSqlite(StoreFixture<SqliteEngine> store, Browser browser) : GiftsPageTests<SqliteEngine>(store, browser);

public sealed class GiftsPageTestsOnPostgres(StoreFixture<PostgresEngine> store, Browser browser) : GiftsPageTests<PostgresEngine>(store, browser);

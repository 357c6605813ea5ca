using BillingPortal.Gifting;
using BillingPortal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Components;

/// <summary>A page stands there before its circuit answers: what one does in that time is not lost.</summary>
public sealed class WakingTests(StoreFixture<SqliteEngine> store, Browser browser) : IClassFixture<StoreFixture<SqliteEngine>>
{
    [Fact]
    public async Task What_was_typed_and_sent_before_the_page_was_alive_is_done_once_it_is()
    {
        await using var site = Site.Start(store.Database);
        var giver = await GiverAsync(site);
        var (page, wake) = await AsleepAsync(site, giver, "/gifts");

        await page.GetByLabel("E-mail of the person").FillAsync("ada@example.com");
        await page.GetByLabel("Flows", new() { Exact = true }).FillAsync("7");
        await page.GetByLabel("Note, if you like").FillAsync("Thank you");
        await page.GetByRole(AriaRole.Button, new() { Name = "Review the gift" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Review the gift" })).ToHaveAttributeAsync("aria-busy", "true");
        wake.SetResult();

        var review = page.GetByRole(AriaRole.Region, new() { Name = "Send this gift?" });
        await Assertions.Expect(review.GetByText("ada@example.com")).ToBeVisibleAsync();
        await Assertions.Expect(review.GetByText("7 flows", new() { Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(review.GetByText("Thank you")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task What_was_begun_before_the_page_was_alive_goes_on_where_one_is_typing()
    {
        await using var site = Site.Start(store.Database);
        var giver = await GiverAsync(site);
        var (page, wake) = await AsleepAsync(site, giver, "/gifts");

        await page.GetByLabel("Note, if you like").PressSequentiallyAsync("Thank ");
        wake.SetResult();
        await page.AliveAsync();
        await page.Keyboard.TypeAsync("you");

        await Assertions.Expect(page.GetByLabel("Note, if you like")).ToHaveValueAsync("Thank you");
    }

    [Fact]
    public async Task A_button_pressed_before_the_page_was_alive_does_its_work_once()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        var (page, wake) = await AsleepAsync(site, person, "/keys");

        await page.GetByRole(AriaRole.Button, new() { Name = "Create the first key" }).ClickAsync();
        wake.SetResult();

        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(1);
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
    }

    private static async Task<Person> GiverAsync(Site site)
    {
        var (giver, administrator) = (await site.SignUpAsync(), await site.SignUpAsync(administrator: true));
        Assert.IsType<GrantResult.Granted>(await site.Services.GetRequiredService<BonusGrants>()
            .GrantAsync(administrator.Caller, new GrantWish(giver.Email, 25), null, TestContext.Current.CancellationToken));
        return giver;
    }

    /// <summary>A page whose circuit begins when one lets it.</summary>
    private async Task<(IPage Page, TaskCompletionSource Wake)> AsleepAsync(Site site, Person person, string path)
    {
        var wake = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var page = await site.NewPageAsync(browser);
        await page.RouteAsync("**/_blazor/negotiate**", async route =>
        {
            await wake.Task;
            await route.ContinueAsync();
        });
        await page.SignInAsync(person, path);
        return (page, wake);
    }
}

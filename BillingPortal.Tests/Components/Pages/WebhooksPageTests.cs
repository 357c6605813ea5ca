using System.Text.RegularExpressions;
using BillingPortal.Tests.Support;
using BillingPortal.Tests.Webhooks;
using BillingPortal.Webhooks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Components.Pages;

public abstract class WebhooksPageTests<TEngine>(StoreFixture<TEngine> store, Browser browser) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task An_endpoint_is_added_tested_looked_at_and_paused(int width, ColorScheme scheme)
    {
        await using var receiver = await Receiver.StartAsync();
        await using var site = Site.Start(store.Database, new Dictionary<string, string?> { ["Webhooks:AllowPrivateNetworks"] = "true" });
        var person = await site.SignUpAsync();
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone, scheme);
        await page.SignInAsync(person, "/webhook-endpoints");
        await page.AliveAsync();
        await Browser.AssertNoAxeViolationsAsync(page);

        await page.GetByRole(AriaRole.Button, new() { Name = "Add the first endpoint" }).ClickAsync();
        await page.GetByLabel("Address").FillAsync(receiver.Address.ToString());
        await page.GetByLabel("All, those of later versions too").UncheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Add endpoint" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "Choose at least one event." })).ToBeVisibleAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByLabel("post.created").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Add endpoint" }).ClickAsync();
        var secret = (await page.GetByTestId("secret").TextContentAsync())!;
        await page.Keyboard.PressAsync("Escape");
        await page.GetByRole(AriaRole.Button, new() { Name = "I have copied it" }).ClickAsync();
        Assert.StartsWith("whsec_", secret, StringComparison.Ordinal);

        await page.GetByRole(AriaRole.Link, new() { Name = receiver.Address.ToString() }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Send test event" }).ClickAsync();
        await Assertions.Expect(page.GetByText(new Regex("Answered 200"))).ToBeVisibleAsync(new() { Timeout = 15_000 });
        Assert.Equal("webhook.test", Assert.Single(receiver.All)["Flow-Event-Type"]);
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Details of webhook.test" }).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Body")).ToContainTextAsync("This is a test.");
        await Browser.AssertNoAxeViolationsAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Resume" })).ToBeVisibleAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
        Assert.False(Assert.Single(await site.Services.GetRequiredService<WebhookSubscriptions>()
            .ListAsync(person.Caller, TestContext.Current.CancellationToken)).IsActive);
    }

    [Fact]
    public async Task An_address_inside_is_refused_at_the_field_and_an_endpoint_of_others_is_not_there()
    {
        await using var site = Site.Start(store.Database);
        var (person, other) = (await site.SignUpAsync(), await site.SignUpAsync());
        var added = Assert.IsType<WebhookChange.Done>(await site.Services.GetRequiredService<WebhookSubscriptions>()
            .AddAsync(other.Caller, "https://hooks.example.com/", ["*"], null, TestContext.Current.CancellationToken));
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/webhook-endpoints");
        await page.AliveAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Add the first endpoint" }).ClickAsync();
        await page.GetByLabel("Address").FillAsync("https://169.254.169.254/");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add endpoint" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "on the public internet" })).ToBeVisibleAsync();
        await page.GotoAsync($"/webhook-endpoints/{added.Endpoint.Id}");

        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "There is no such endpoint" })).ToBeVisibleAsync();
    }
}

public sealed class WebhooksPageTestsOnSqlite(StoreFixture<SqliteEngine> store, Browser browser) : WebhooksPageTests<SqliteEngine>(store, browser);

public sealed class WebhooksPageTestsOnPostgres(StoreFixture<PostgresEngine> store, Browser browser) : WebhooksPageTests<PostgresEngine>(store, browser);

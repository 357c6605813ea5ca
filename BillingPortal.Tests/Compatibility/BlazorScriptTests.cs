using BillingPortal.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace BillingPortal.Tests.Compatibility;

/// <summary>Nobody supports the pairing of this script with this server, so each feature the portal may build on is tried. See docs/decisions/0011.</summary>
public sealed class BlazorScriptTests(CompatibilitySite site, Browser browser) : IClassFixture<CompatibilitySite>, IAsyncLifetime
{
    private const string Mark = "window.sameDocument === true";

    private IBrowserContext? window;
    private IPage? page;

    private IPage Page => page!;

    public async ValueTask InitializeAsync()
    {
        window = await browser.NewWindowAsync(site.Address, Browser.Desktop, ColorScheme.Light);
        page = await window.NewPageAsync();
    }

    public async ValueTask DisposeAsync() => await window!.DisposeAsync();

    [Fact]
    public async Task Events_and_bindings_reach_the_server_and_come_back()
    {
        await OpenLivePageAsync();

        await Page.ClickAsync("#count");
        await Page.ClickAsync("#count");
        await Page.FillAsync("#name", "Ærø");

        await Expect(Page.Locator("#count")).ToHaveTextAsync("2");
        await Expect(Page.Locator("#greeting")).ToHaveTextAsync("Hello Ærø");
    }

    [Fact]
    public async Task State_made_when_prerendering_is_the_same_when_live()
    {
        var prerendered = await (await Page.APIRequest.GetAsync($"{site.Address}live")).TextAsync();
        Assert.Contains("prerendered", prerendered, StringComparison.Ordinal);

        var response = await Page.GotoAsync("/live");
        await Expect(Page.Locator("#state")).ToHaveTextAsync("live");

        var stamp = await Page.Locator("#stamp").TextContentAsync();
        Assert.Contains(stamp!, await response!.TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_three_megabytes_arrives_whole()
    {
        await OpenLivePageAsync();

        await Page.SetInputFilesAsync("input[type=file]", new FilePayload { Name = "usage.csv", MimeType = "text/csv", Buffer = new byte[3_000_000] });

        await Expect(Page.Locator("#size")).ToHaveTextAsync("3000000");
    }

    [Fact]
    public async Task Modules_and_objects_of_the_browser_can_be_held_and_called()
    {
        await OpenLivePageAsync();

        await Page.ClickAsync("#script");

        await Expect(Page.Locator("#answer")).ToHaveTextAsync("kept in the browser");
    }

    [Fact]
    public async Task An_enhanced_form_posts_without_a_new_document()
    {
        await OpenStaticPageAsync();

        await Page.FillAsync("[name=Word]", "posted");
        await Page.ClickAsync("text=Say");

        await Expect(Page.Locator("#said")).ToHaveTextAsync("posted");
        Assert.True(await Page.EvaluateAsync<bool>(Mark));
    }

    [Fact]
    public async Task Enhanced_navigation_shows_what_is_streamed_later()
    {
        await OpenStaticPageAsync();

        await Page.ClickAsync("text=Slow");

        await Expect(Page.Locator("#slow")).ToHaveTextAsync("then");
        Assert.True(await Page.EvaluateAsync<bool>(Mark));
    }

    [Fact]
    public async Task What_is_not_found_shows_the_page_for_it_with_status_404()
    {
        var response = await Page.GotoAsync("/static/gone");

        Assert.Equal(404, response!.Status);
        await Expect(Page.Locator("#missing")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_dropped_connection_is_taken_up_again_with_its_state()
    {
        await OpenLivePageAsync();
        await Page.ClickAsync("#count");
        await Expect(Page.Locator("#count")).ToHaveTextAsync("1");

        site.DropConnections();
        await Expect(Page.Locator("#components-reconnect-modal")).ToHaveClassAsync("components-reconnect-hide");
        await Page.ClickAsync("#count");

        await Expect(Page.Locator("#count")).ToHaveTextAsync("2");
    }

    [Fact]
    public async Task A_server_that_was_replaced_rejects_the_circuit_and_the_page_can_tell()
    {
        await OpenLivePageAsync();

        await site.RestartAsync();

        await Expect(Page.Locator("#components-reconnect-modal")).ToHaveClassAsync("components-reconnect-rejected", new() { Timeout = 30_000 });
    }

    private async Task OpenLivePageAsync()
    {
        await Page.GotoAsync("/live");
        await Expect(Page.Locator("#state")).ToHaveTextAsync("live");
    }

    private async Task OpenStaticPageAsync()
    {
        await Page.GotoAsync("/static");
        await Page.EvaluateAsync("window.sameDocument = true");
    }
}

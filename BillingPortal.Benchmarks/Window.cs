using Microsoft.Playwright;

namespace BillingPortal.Benchmarks;

/// <summary>A page to look at.</summary>
/// <param name="Name">What the report calls it.</param>
/// <param name="Path">Where it is.</param>
/// <param name="Mark">What it has once it answers to the viewer; null: it answers as soon as it is loaded.</param>
internal sealed record Sight(string Name, string Path, string? Mark = null)
{
    public const string Live = "[data-live]";

    /// <summary>Whether it is for people who are not signed in.</summary>
    public bool IsPublic => Mark != Live;
}

/// <summary>What loading a page took.</summary>
/// <param name="Bytes">Over HTTP, headers and all, as they travelled.</param>
/// <param name="SocketBytes">Over the page's connection, before its compression.</param>
/// <param name="BytesAgain">Over HTTP when the page is opened once more.</param>
/// <param name="Milliseconds">From the start of the navigation until the page answers.</param>
internal sealed record Load(double Bytes, double SocketBytes, double BytesAgain, double Milliseconds);

/// <summary>A Chromium that loads pages and says what that took.</summary>
internal sealed class Window : IAsyncDisposable
{
    private const string Script =
        """
        const mark = MARK;
        window.answered = new Promise(resolve => {
          const answers = () => resolve(performance.now());
          if (mark) {
            new MutationObserver(() => document.querySelector(mark) && answers())
              .observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: [mark.slice(1, -1)] });
          } else {
            addEventListener('load', answers);
          }
        });
        """;

    private readonly IPlaywright playwright;
    private readonly IBrowser browser;

    private Window(IPlaywright playwright, IBrowser browser) => (this.playwright, this.browser) = (playwright, browser);

    public static async Task<Window> OpenAsync()
    {
        var playwright = await Playwright.CreateAsync();
        // Chromium's sandbox does not start as root.
        return new Window(playwright, await playwright.Chromium.LaunchAsync(new() { ExecutablePath = "/usr/bin/chromium", Args = ["--no-sandbox"] }));
    }

    /// <summary>Loads a page with an empty cache and this visitor's cookies, and, if wanted, once more.</summary>
    public async Task<Load> LoadAsync(Visitor visitor, Sight sight, bool again = true)
    {
        var address = visitor.Client.BaseAddress!;
        await using var context = await browser.NewContextAsync(new() { BaseURL = address.ToString(), Locale = "en-US", TimezoneId = "UTC" });
        await context.AddCookiesAsync(visitor.Cookies.GetCookies(address).Select(cookie => new Cookie { Name = cookie.Name, Value = cookie.Value, Url = address.ToString() }));
        await context.AddInitScriptAsync(Script.Replace("MARK", sight.Mark is null ? "null" : $"'{sight.Mark}'", StringComparison.Ordinal));
        var page = await context.NewPageAsync();
        var session = await context.NewCDPSessionAsync(page);
        var (bytes, socketBytes) = (0.0, 0.0);
        session.Event("Network.loadingFinished").OnEvent += (_, told) => bytes += told!.Value.GetProperty("encodedDataLength").GetDouble();
        foreach (var direction in new[] { "Network.webSocketFrameReceived", "Network.webSocketFrameSent" })
        {
            // What is binary comes as base64.
            session.Event(direction).OnEvent += (_, told) => socketBytes += told!.Value.GetProperty("response").GetProperty("payloadData").GetString()!.Length * 3 / 4;
        }

        await session.SendAsync("Network.enable");
        var time = await OpenAsync(page, sight.Path);
        if (!again)
        {
            return new Load(bytes, socketBytes, 0, time);
        }

        await page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        var (first, firstSocket) = (bytes, socketBytes);
        bytes = 0;
        await OpenAsync(page, sight.Path);
        await page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        return new Load(first, firstSocket, bytes, time);
    }

    public async ValueTask DisposeAsync()
    {
        await browser.DisposeAsync();
        playwright.Dispose();
    }

    private static async Task<double> OpenAsync(IPage page, string path)
    {
        await page.GotoAsync(path);
        return await page.EvaluateAsync<double>("window.answered");
    }
}

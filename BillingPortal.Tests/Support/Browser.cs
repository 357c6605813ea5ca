using System.Text.Json;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(BillingPortal.Tests.Support.Browser))]

namespace BillingPortal.Tests.Support;

/// <summary>One Chromium for all tests, started when first asked for; each test has a context, and so cookies, of its own.</summary>
public sealed class Browser : IAsyncDisposable
{
    private const string Chromium = "/usr/bin/chromium";

    private static readonly string[] WcagAToAA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"];

    private readonly Lazy<Task<(IPlaywright Playwright, IBrowser Browser)>> running = new(LaunchAsync);

    /// <summary>The size of a window on a desk.</summary>
    public static ViewportSize Desktop => new() { Width = 1280, Height = 800 };

    /// <summary>The size of a phone held upright.</summary>
    public static ViewportSize Phone => new() { Width = 390, Height = 844 };

    /// <summary>A window with cookies of its own, in which relative paths start at <paramref name="address"/>. The caller disposes it.</summary>
    /// <param name="address">Where relative paths start.</param>
    /// <param name="size">Of the window.</param>
    /// <param name="scheme">What the device prefers.</param>
    /// <param name="state">Cookies to begin with, as another window had them; null: none.</param>
    /// <param name="runsScripts">Whether pages may run theirs.</param>
    public async Task<IBrowserContext> NewWindowAsync(Uri address, ViewportSize size, ColorScheme scheme, string? state = null, bool runsScripts = true)
    {
        var (_, browser) = await running.Value;
        var window = await browser.NewContextAsync(new()
        {
            BaseURL = address.ToString(),
            ViewportSize = size,
            ColorScheme = scheme,
            ReducedMotion = ReducedMotion.Reduce,
            Locale = "en-US",
            TimezoneId = "UTC",
            StorageState = state,
            JavaScriptEnabled = runsScripts,
        });
        window.SetDefaultTimeout(30_000);
        return window;
    }

    /// <summary>Fails with a readable list if axe finds a violation of WCAG 2.0 to 2.2, level A or AA, on the page as it is now.</summary>
    public static async Task AssertNoAxeViolationsAsync(IPage page)
    {
        var found = await FindAxeViolationsAsync(page);
        Assert.True(found.Count == 0, $"{found.Count} axe violations on {page.Url}\n{string.Join('\n', found)}");
    }

    /// <summary>What axe finds on the page as it is now: by all rules of WCAG 2.0 to 2.2, level A and AA, or by one alone.</summary>
    public static async Task<IReadOnlyList<string>> FindAxeViolationsAsync(IPage page, string? rule = null)
    {
        if (!await page.EvaluateAsync<bool>("'axe' in window"))
        {
            var script = Path.Combine(AppContext.BaseDirectory, "axe.min.js");
            Assert.True(File.Exists(script), "axe-core is missing: run `npm ci --prefix BillingPortal.Tests` (./test does) and build again.");
            // Evaluated and not added as a tag, which the page's own content security policy would refuse.
            await page.EvaluateAsync(await File.ReadAllTextAsync(script));
        }

        var violations = await page.EvaluateAsync<JsonElement>(
            """
            async only => {
              // While a page comes alive it is without its title for a moment; where its scripts were taken away it never does.
              const isAsleep = () => document.body.hasAttribute('data-wakes') && !document.querySelector('[data-live]');
              for (let looks = 0, calm = 0; looks < 60 && calm < 2; looks++) {
                calm = document.title && !isAsleep() ? calm + 1 : 0;
                await new Promise(done => setTimeout(done, 50));
              }

              return (await axe.run(document, { runOnly: only })).violations
                .flatMap(violation => violation.nodes.map(node => `${violation.impact} ${violation.id}: ${violation.help}\n  ${node.html}\n  ${node.failureSummary}`));
            }
            """,
            rule is null ? new { type = "tag", values = WcagAToAA } : new { type = "rule", values = new[] { rule } });
        return [.. violations.EnumerateArray().Select(violation => violation.GetString()!)];
    }

    public async ValueTask DisposeAsync()
    {
        if (running.IsValueCreated)
        {
            var (playwright, browser) = await running.Value;
            await browser.DisposeAsync();
            playwright.Dispose();
        }
    }

    private static async Task<(IPlaywright Playwright, IBrowser Browser)> LaunchAsync()
    {
        Assert.True(File.Exists(Chromium), $"Browser tests need {Chromium}: `apt-get install chromium` (./test does).");
        // Only how long a page that is wrong takes to fail: a busy machine is slow, not broken.
        Assertions.SetDefaultExpectTimeout(30_000);
        var playwright = await Playwright.CreateAsync();
        // Chromium's sandbox does not start as root, which is who continuous integration runs as.
        return (playwright, await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = ["--no-sandbox"] }));
    }
}

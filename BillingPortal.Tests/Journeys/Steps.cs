using System.Diagnostics;
using System.Text.RegularExpressions;
using BillingPortal.Tests.Support;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Journeys;

/// <summary>What people do on many pages.</summary>
internal static class Steps
{
    private const int MostTabs = 150;

    /// <summary>Goes to a page of the navigation, as a desk or a phone offers it, and waits until it answers.</summary>
    public static async Task GoByMenuAsync(this IPage page, string name, string? title = null)
    {
        var menu = page.GetByRole(AriaRole.Navigation, new() { Name = "Main", Exact = true });
        if (page.ViewportSize!.Width < 500)
        {
            await page.GetByRole(AriaRole.Button, new() { Name = "More", Exact = true }).ClickAsync();
            menu = page.GetByRole(AriaRole.Navigation, new() { Name = "All pages" });
        }

        await menu.GetByRole(AriaRole.Link, new() { Name = name, Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = title ?? name })).ToBeVisibleAsync();
        await page.AliveAsync();
    }

    /// <summary>Pays on the sandbox's page with the card that is offered first.</summary>
    public static async Task PayAsync(this IPage page, string price)
    {
        await page.WaitForURLAsync("**/sandbox/checkout/**");
        await page.LooksRightAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = $"Pay {price}", Exact = true }).ClickAsync();
    }

    /// <summary>The page as it is now can be read by everybody and fits the window.</summary>
    public static async Task LooksRightAsync(this IPage page)
    {
        await page.AssertNoSidewaysScrollAsync();
        await Browser.AssertNoAxeViolationsAsync(page);
    }

    /// <summary>A balance on the page becomes this, within seconds and without loading again.</summary>
    public static Task BecomesAsync(this ILocator figure, string amount) =>
        Assertions.Expect(figure).ToHaveTextAsync(new Regex($"^\\s*{Regex.Escape(amount)}(?![0-9,.])"));

    /// <summary>Presses Tab until <paramref name="target"/> has the focus; on the way the focus can always be seen.</summary>
    public static async Task TabToAsync(this IPage page, ILocator target)
    {
        await Assertions.Expect(target).ToBeVisibleAsync();
        for (var presses = 0; presses < MostTabs; presses++)
        {
            if (await target.EvaluateAsync<bool>("element => element === document.activeElement"))
            {
                return;
            }

            await page.Keyboard.PressAsync("Tab");
            Assert.Equal("", await page.EvaluateAsync<string>(FaultOfFocus));
        }

        Assert.Fail($"{MostTabs} times Tab do not lead to {target}.");
    }

    /// <summary>Tabs to something and presses a key on it.</summary>
    public static async Task PressOnAsync(this IPage page, ILocator target, string key = "Enter")
    {
        await page.TabToAsync(target);
        await page.Keyboard.PressAsync(key);
    }

    /// <summary>Tabs to a field and types.</summary>
    public static async Task TypeIntoAsync(this IPage page, ILocator field, string text)
    {
        await page.TabToAsync(field);
        await page.Keyboard.PressAsync("Control+A");
        await page.Keyboard.TypeAsync(text);
    }

    /// <summary>Runs a line as somebody does who copied it into a terminal, and gives what it printed.</summary>
    public static async Task<string> RunInTerminalAsync(string line)
    {
        var start = new ProcessStartInfo("bash", ["-euc", line]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"{line}\nended with {process.ExitCode}:\n{await errors}");
        return await output;
    }

    // What has the focus must have a ring and must not lie under the header or the bar at the bottom. The page itself, between its end and its beginning, has none.
    private const string FaultOfFocus =
        """
        () => {
          const held = document.activeElement;
          if (!held || held === document.body || held.matches('main')) {
            return '';
          }

          const style = getComputedStyle(held);
          if ((style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) && style.boxShadow === 'none') {
            return `no ring round ${held.outerHTML}`;
          }

          const box = held.getBoundingClientRect();
          const seen = [.1, .5, .9].some(x => [.1, .5, .9].some(y => {
            const top = document.elementFromPoint(box.left + box.width * x, box.top + box.height * y);
            return top && (held.contains(top) || top.contains(held));
          }));
          return seen ? '' : `covered or out of the window: ${held.outerHTML}`;
        }
        """;
}

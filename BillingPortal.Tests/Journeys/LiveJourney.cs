using System.Text.Json;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Journeys;

/// <summary>Usage that pours in moves figures, and nothing else: not the page, not the focus, not what is being typed, and no voice that does not stop.</summary>
public sealed class LiveJourney(StoreFixture<SqliteEngine> store, Browser browser) : IClassFixture<StoreFixture<SqliteEngine>>
{
    private const int Charges = 60;

    [Theory]
    [InlineData(1280)]
    [InlineData(390)]
    public async Task The_wallet_keeps_scroll_and_focus_paints_four_times_a_second_and_speaks_once_in_a_while(int width)
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.GiveAsync(person, 5_000, BucketKind.Purchased);
        // The list of the latest is full before, so that it has the height it keeps.
        await site.ReportAsync(person, "image_to_html", "image_to_html", "image_to_html", "image_to_html", "image_to_html", "image_to_html");
        var page = await site.NewPageAsync(browser, width > 500 ? Browser.Desktop : Browser.Phone);
        await page.SignInAsync(person, "/wallet");
        await page.AliveAsync();
        var link = page.GetByRole(AriaRole.Link, new() { Name = "All transactions" });
        await link.FocusAsync();
        await link.ScrollIntoViewIfNeededAsync();
        await page.EvaluateAsync(
            """
            () => {
              window.seen = { paints: [], said: [], top: () => Math.round(document.activeElement.getBoundingClientRect().top) };
              const watch = (selector, note) => document.querySelectorAll(selector).forEach(element =>
                new MutationObserver(() => note(element)).observe(element, { childList: true, characterData: true, subtree: true }));
              watch('[data-testid=available]', () => seen.paints.push(performance.now()));
              watch('main [role=status]', element => seen.said.push({ at: performance.now(), text: element.textContent }));
            }
            """);
        var before = await page.EvaluateAsync<int>("seen.top()");

        for (var charge = 0; charge < Charges; charge++)
        {
            await site.ReportAsync(person, "figma_export");
        }

        await page.GetByTestId("available").BecomesAsync($"{150 + 5_000 - (6 * 30) - (Charges * 10):#,0}");
        await Assertions.Expect(link).ToBeFocusedAsync();
        Assert.InRange(await page.EvaluateAsync<int>("seen.top()") - before, -1, 1);
        var seen = await page.EvaluateAsync<JsonElement>("({ paints: seen.paints, said: seen.said.map(one => one.at) })");
        // The pace is the server's; two of its paints may arrive at once.
        Assert.InRange(MostIn(1_000, seen.GetProperty("paints")), 1, 5);
        Assert.InRange(MostIn(9_000, seen.GetProperty("said")), 1, 1);
    }

    [Fact]
    public async Task What_is_being_typed_stays_as_it_is()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.GiveAsync(person, 5_000, BucketKind.Purchased);
        var page = await site.NewPageAsync(browser);
        await page.SignInAsync(person, "/estimate?image_to_html=5");
        await page.AliveAsync();
        var field = page.GetByLabel("Image → HTML");
        await field.FillAsync("");
        await field.PressSequentiallyAsync("12");
        await site.ReportAsync(person, "image_to_html");
        await Assertions.Expect(page.GetByTestId("pill")).ToContainTextAsync("5,120");
        await field.PressSequentiallyAsync("3");

        await Assertions.Expect(field).ToHaveValueAsync("123");
        await Assertions.Expect(field).ToBeFocusedAsync();
        await Assertions.Expect(page.GetByTestId("cost-image_to_html")).ToHaveTextAsync("3,690");
    }

    /// <summary>The most of some instants, in milliseconds, that lie within so long.</summary>
    private static int MostIn(double span, JsonElement instants)
    {
        var all = instants.EnumerateArray().Select(at => at.GetDouble()).ToList();
        return all.Select(start => all.Count(at => at >= start && at < start + span)).DefaultIfEmpty().Max();
    }
}

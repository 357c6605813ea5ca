using System.Reflection;
using System.Text.RegularExpressions;
using BillingPortal.Tests.Support;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Journeys;

/// <summary>Opens every page there is, so that a new one cannot be forgotten, as everybody who may see it and in every theme.</summary>
public abstract class EveryPageWalk(FurnishedSite site, ViewportSize size) : IClassFixture<FurnishedSite>
{
    private const string AdminPages = "BillingPortal.Components.Pages.Admin";

    private static readonly string[] Themes = ["light", "dark", "contrast"];

    [Theory]
    [InlineData(Onlooker.Visitor)]
    [InlineData(Onlooker.Owner)]
    [InlineData(Onlooker.Member)]
    [InlineData(Onlooker.Administrator)]
    public async Task Every_page_can_be_read_by_everybody_in_every_theme(Onlooker onlooker)
    {
        var faults = new List<string>();
        var page = await site.OpenAsync(onlooker, size);
        page.PageError += (_, error) => faults.Add($"{page.Url}: {error}");
        page.Console += (_, message) =>
        {
            // A page that says by its status that there is nothing is reported by the browser as an error of its own.
            if (message.Type == "error" && !message.Location.StartsWith($"{page.Url}:", StringComparison.Ordinal))
            {
                faults.Add($"{page.Url}: console: {message.Text} ({message.Location})");
            }
        };

        var routes = RoutesFor(onlooker);
        foreach (var route in routes)
        {
            await foreach (var fault in FaultsOfAsync(page, route))
            {
                faults.Add($"{route.Template}: {fault}");
            }
        }

        Assert.NotEmpty(routes);
        Assert.True(faults.Count == 0, $"{faults.Count} faults as {onlooker} at {size.Width} pixels\n{string.Join('\n', faults)}");
    }

    private async IAsyncEnumerable<string> FaultsOfAsync(IPage page, Route route)
    {
        var path = route.Template.Contains('{', StringComparison.Ordinal)
            ? site.Paths.GetValueOrDefault(route.Template) ?? throw new InvalidOperationException($"Say in {nameof(FurnishedSite)} what stands for the parameters of {route.Template}.")
            : route.Template;
        var answer = await page.GotoAsync(path);
        if (route.IsLive && answer!.Ok)
        {
            await page.AliveAsync();
        }

        await Assertions.Expect(page.Locator(".skeleton")).ToHaveCountAsync(0);
        // A page that comes alive writes its title anew.
        await Assertions.Expect(page).ToHaveTitleAsync(new Regex("\\S"));
        if (await page.Locator("h1").CountAsync() is not 1 and var headings)
        {
            yield return $"{headings} first headings";
        }

        if (await page.EvaluateAsync<int>("document.getAnimations().filter(one => one.playState === 'running').length") is > 0 and var animations)
        {
            yield return $"{animations} animations run although less motion is wished";
        }

        if (await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth") is > 0 and var beyond)
        {
            yield return $"{beyond} pixels wider than the window";
        }

        foreach (var theme in Themes)
        {
            await page.EvaluateAsync("theme => { document.documentElement.dataset.theme = theme; return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))); }", theme);
            // Themes differ in colours alone.
            foreach (var violation in await Browser.FindAxeViolationsAsync(page, theme == Themes[0] ? null : "color-contrast"))
            {
                yield return $"{theme}: {violation}";
            }
        }
    }

    private static List<Route> RoutesFor(Onlooker onlooker) =>
    [
        .. from type in typeof(Program).Assembly.GetTypes()
           from route in type.GetCustomAttributes<RouteAttribute>()
           let needsSignIn = type.IsDefined(typeof(AuthorizeAttribute), inherit: true)
           let isAdmin = type.Namespace == AdminPages
           where onlooker is Onlooker.Visitor ? !needsSignIn : needsSignIn && (!isAdmin || onlooker is Onlooker.Administrator)
           orderby route.Template
           select new Route(route.Template, !type.IsDefined(typeof(ExcludeFromInteractiveRoutingAttribute))),
    ];

    private sealed record Route(string Template, bool IsLive);
}

public sealed class EveryPageWalkOnADesk(FurnishedSite site) : EveryPageWalk(site, Browser.Desktop);

public sealed class EveryPageWalkOnAPhone(FurnishedSite site) : EveryPageWalk(site, Browser.Phone);

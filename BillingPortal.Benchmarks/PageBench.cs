using System.Diagnostics;
using BillingPortal.Demo;

namespace BillingPortal.Benchmarks;

/// <summary>What the portal's pages weigh beside the framework's empty page: bytes and time of a first load, memory of an open page, and five hundred of them at once.</summary>
internal static class PageBench
{
    private const int Organizations = 64;
    private const int WarmUps = 30;
    private const int OpenPages = 100;
    private const int Crowd = 500;
    private const int ChargesPerSecond = 10;
    private const double MostBytes = 2.5, MostTime = 2, MostSlowdown = 2, MostMegabytes = 1.5;

    private static readonly Sight Empty = new("the empty template", "/", Sight.Live);

    private static readonly Sight[] Weighed =
    [
        new("Sign-in", "/Account/Login"),
        new("Pricing", "/pricing", "[data-counting]"),
        new("Wallet", "/wallet", Sight.Live),
        new("Usage", "/usage", Sight.Live),
    ];

    private static readonly Sight[] Others =
    [
        .. new[] { "/transactions", "/estimate", "/buy", "/auto-reload", "/gifts", "/plan", "/invoices", "/keys", "/webhook-endpoints", "/members", "/notifications", "/audit" }
            .Select(path => new Sight(path, path, Sight.Live)),
    ];

    public static async Task RunAsync(Engine engine, Settings settings, Report report)
    {
        var (connectionString, subscribers) = await PrepareAsync(engine);
        using var published = await Published.MakeAsync();
        await using var template = await Served.StartAsync(published.Template, "/");
        await using var portal = await Served.StartAsync(
            published.Portal,
            "/health/ready",
            ("Database__Provider", engine.Provider.ToString()),
            ("ConnectionStrings__Billing", connectionString),
            ("RateLimits__PerMinute", "0"),
            ("Demo__Enabled", "true"),
            ("Demo__Traffic", "false"));
        await using var window = await Window.OpenAsync();
        using var nobody = Visitor.Unknown(template.Address);
        using var stranger = Visitor.Unknown(portal.Address);
        using var somebody = await Visitor.SignInAsync(portal.Address, "pro@example.com", DemoPerson.Password);

        await WarmAsync(nobody, Empty);
        foreach (var sight in Weighed.Concat(Others))
        {
            await WarmAsync(sight.IsPublic ? stranger : somebody, sight);
        }

        var visitors = await Task.WhenAll(subscribers.Select(subscriber => Visitor.SignInAsync(portal.Address, subscriber.Email, Subscriber.Password)));
        await MemoryAsync(template, portal, nobody, visitors, report);
        await WeighAsync(window, nobody, stranger, somebody, settings.Rounds, report);
        await CrowdAsync(window, portal, somebody, subscribers, visitors, settings.Rounds, report);
        Array.ForEach(visitors, visitor => visitor.Dispose());
    }

    /// <summary>Opens a page until the runtime has compiled for good what it runs.</summary>
    private static async Task WarmAsync(Visitor visitor, Sight sight)
    {
        for (var times = 0; times < WarmUps; times++)
        {
            if (sight.Mark is null)
            {
                await visitor.Client.GetStringAsync(sight.Path);
            }
            else
            {
                await CloseAsync(await OpenAsync(1, sight.Path, [visitor]));
            }
        }
    }

    private static async Task<(string ConnectionString, Subscriber[] Subscribers)> PrepareAsync(Engine engine)
    {
        await using var portal = await Portal.StartAsync(engine, demo: true);
        return (portal.ConnectionString, await portal.SubscribeAsync(Organizations));
    }

    private static async Task WeighAsync(Window window, Visitor nobody, Visitor stranger, Visitor somebody, int rounds, Report report)
    {
        report.Section(
            "First load beside the empty template",
            ["page", "KB", "× template", "KB over the socket", "KB of the second load", "ms until it answers", "× template"]);
        var pages = Weighed.Select(sight => (Sight: sight, Visitor: sight.IsPublic ? stranger : somebody)).Prepend((Sight: Empty, Visitor: nobody)).ToList();
        // In turns, so that what the machine does meanwhile meets them all alike; the first turn is to warm up.
        var loads = pages.ConvertAll(_ => new List<Load>());
        for (var round = 0; round <= rounds; round++)
        {
            for (var i = 0; i < pages.Count; i++)
            {
                var load = await window.LoadAsync(pages[i].Visitor, pages[i].Sight);
                if (round > 0)
                {
                    loads[i].Add(load);
                }
            }
        }

        var (floorBytes, floorTime) = (Median(loads[0], load => load.Bytes), Median(loads[0], load => load.Milliseconds));
        foreach (var ((sight, _), taken) in pages.Zip(loads))
        {
            var (bytes, time) = (Median(taken, load => load.Bytes), Median(taken, load => load.Milliseconds));
            report.Line(
                sight.Name, $"{bytes / 1024:N1}", $"{bytes / floorBytes:N2}", $"{Median(taken, load => load.SocketBytes) / 1024:N1}", $"{Median(taken, load => load.BytesAgain) / 1024:N1}",
                $"{time:N0}", $"{time / floorTime:N2}");
        }

        report.Note($"Medians of {rounds} loads in turns, each with an empty cache. To reach: {MostBytes} × the bytes, {MostTime} × the time.");
    }

    private static async Task<Dictionary<Sight, double>> TimeAsync(Window window, Visitor visitor, int rounds)
    {
        var times = Weighed.Concat(Others).ToDictionary(sight => sight, _ => new List<Load>());
        for (var round = 0; round <= rounds; round++)
        {
            foreach (var (sight, taken) in times)
            {
                var load = await window.LoadAsync(visitor, sight, again: false);
                if (round > 0)
                {
                    taken.Add(load);
                }
            }
        }

        return times.ToDictionary(pair => pair.Key, pair => Median(pair.Value, load => load.Milliseconds));
    }

    private static async Task MemoryAsync(Served template, Served portal, Visitor nobody, Visitor[] visitors, Report report)
    {
        report.Section("Memory of open pages", ["page", "opened", "managed KB each", "resident KB each"]);
        await MeasureAsync("the empty template", template, "/", [nobody]);
        await MeasureAsync("Help, where only the header is live", portal, "/help", visitors);
        await MeasureAsync("Wallet", portal, "/wallet", visitors);
        report.Note($"After full collections, over the last {OpenPages} of {OpenPages + OpenPages / 5} opened, shared by {Organizations} organizations. To reach: {MostMegabytes} MB for a Wallet page.");

        async Task MeasureAsync(string name, Served server, string path, Visitor[] by)
        {
            var some = await OpenAsync(OpenPages / 5, path, by);
            var before = await server.CollectAsync();
            var more = await OpenAsync(OpenPages, path, by);
            var after = await server.CollectAsync();
            report.Line(name, $"{OpenPages}", $"{(after.Managed - before.Managed) / 1024.0 / OpenPages:N0}", $"{(after.Resident - before.Resident) / 1024.0 / OpenPages:N0}");
            await CloseAsync([.. some, .. more]);
        }
    }

    private static async Task CrowdAsync(Window window, Served portal, Visitor visitor, Subscriber[] subscribers, Visitor[] visitors, int rounds, Report report)
    {
        report.Section($"{Crowd} live Wallet pages", ["page", "ms alone", $"ms beside {Crowd}", "×"]);
        var alone = await TimeAsync(window, visitor, rounds);
        var crowd = await OpenAsync(Crowd, "/wallet", visitors);

        using var end = new CancellationTokenSource();
        var charging = ChargeAsync(portal, subscribers, end.Token);
        var (watch, cpu, updates) = (Stopwatch.StartNew(), portal.Cpu, crowd.Sum(circuit => circuit.Updates));
        var beside = await TimeAsync(window, visitor, rounds);
        var (seconds, used, arrived) = (watch.Elapsed.TotalSeconds, portal.Cpu - cpu, crowd.Sum(circuit => circuit.Updates) - updates);
        await end.CancelAsync();
        var charges = await charging;
        foreach (var (sight, time) in beside)
        {
            report.Line(sight.Name, $"{alone[sight]:N0}", $"{time:N0}", $"{time / alone[sight]:N2}");
        }

        var broken = crowd.Count(circuit => circuit.IsBroken);
        report.Note(
            $"While these loads were timed (medians of {rounds}), {charges / seconds:N1} charges a second came in over HTTP for {Organizations} organizations, and {arrived / seconds:N0} updates a second went out; " +
            $"the portal used {used.TotalSeconds / seconds:P0} of one processor; {broken} of {Crowd} pages broke off. The crowd's clients and Chromium share the cores. To reach: {MostSlowdown} × each page's time alone.");
        await CloseAsync(crowd);
    }

    private static async Task<int> ChargeAsync(Served portal, Subscriber[] subscribers, CancellationToken end)
    {
        using var client = new HttpClient { BaseAddress = portal.Address };
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / ChargesPerSecond));
        var (run, charges) = (Guid.NewGuid().ToString("N"), 0);
        try
        {
            while (await timer.WaitForNextTickAsync(end))
            {
                await HttpBench.PostAsync(client, subscribers[charges % subscribers.Length].ApiKey, $"{run}-{charges}", 1);
                charges++;
            }
        }
        catch (OperationCanceledException)
        {
            // Enough.
        }

        return charges;
    }

    private static async Task<List<Circuit>> OpenAsync(int count, string path, Visitor[] by)
    {
        var opened = new List<Circuit>();
        while (opened.Count < count)
        {
            opened.Add(await Circuit.OpenAsync(by[opened.Count % by.Length], path));
        }

        return opened;
    }

    private static async Task CloseAsync(List<Circuit> circuits)
    {
        foreach (var circuit in circuits)
        {
            await circuit.DisposeAsync();
        }
    }

    private static double Median(List<Load> loads, Func<Load, double> figure) => loads.Select(figure).Order().ElementAt(loads.Count / 2);
}

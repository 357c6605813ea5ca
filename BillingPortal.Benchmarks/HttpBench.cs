using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace BillingPortal.Benchmarks;

/// <summary>Charges over HTTP: the portal as a process of its own, called by API keys of many organizations.</summary>
internal static class HttpBench
{
    private const int Organizations = 64;
    private const int EventsPerBatch = 100;

    public static async Task RunAsync(Engine engine, Settings settings, Report report)
    {
        var (connectionString, subscribers) = await PrepareAsync(engine);
        await using var portal = await Served.StartAsync(
            Path.Combine(AppContext.BaseDirectory, "BillingPortal.dll"),
            "/health/ready",
            ("Database__Provider", engine.Provider.ToString()),
            ("ConnectionStrings__Billing", connectionString),
            ("RateLimits__PerMinute", "0"));
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Organizations }) { BaseAddress = portal.Address };
        report.Section($"Charges over HTTP on {engine.Provider}", ["what", "callers", "charges per second", "p50 ms", "p99 ms", "× one event a request"]);
        double? first = null;
        foreach (var (what, events) in new[] { ("one event a request", 1), ($"{EventsPerBatch} events a request", EventsPerBatch) })
        {
            foreach (var callers in new[] { 1, 8, 64 })
            {
                var run = Guid.NewGuid().ToString("N");
                var rate = await Measure.CallersAsync(
                    callers, settings.WarmUp, settings.Duration, (caller, n) => PostAsync(client, subscribers[caller].ApiKey, $"{run}-{caller}-{n}", events));
                first ??= rate.PerSecond;
                report.Line(what, $"{callers}", $"{rate.PerSecond * events:N0}", $"{rate.P50:N2}", $"{rate.P99:N2}", $"{rate.PerSecond * events / first:N2}");
            }
        }

        report.Note("Client and server share the machine's cores.");
    }

    /// <summary>Reports events of an organization that were never reported before.</summary>
    public static async Task PostAsync(HttpClient client, string key, string id, int events)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/usage/events");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        request.Content = events == 1
            ? JsonContent.Create(new { id, operation = "figma_export" })
            : JsonContent.Create(Enumerable.Range(0, events).Select(i => new { id = $"{id}-{i}", operation = "figma_export" }));
        using var response = await client.SendAsync(request);
        response.EnsureSuccessStatusCode();
        await response.Content.ReadAsByteArrayAsync();
    }

    private static async Task<(string ConnectionString, Subscriber[] Subscribers)> PrepareAsync(Engine engine)
    {
        await using var portal = await Portal.StartAsync(engine);
        return (portal.ConnectionString, await portal.SubscribeAsync(Organizations));
    }
}

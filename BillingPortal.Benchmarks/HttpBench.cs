using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Benchmarks;

/// <summary>Charges over HTTP: the portal as a process of its own, called by API keys of many organizations.</summary>
internal static class HttpBench
{
    private const int Organizations = 64;
    private const int EventsPerBatch = 100;

    public static async Task RunAsync(Engine engine, Settings settings, Report report)
    {
        var (connectionString, keys) = await PrepareAsync(engine);
        using var portal = Start(engine, connectionString);
        try
        {
            using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Organizations }) { BaseAddress = new Uri(Address) };
            await WaitAsync(client);
            report.Section($"Charges over HTTP on {engine.Provider}", ["what", "callers", "charges per second", "p50 ms", "p99 ms", "× one event a request"]);
            double? first = null;
            foreach (var (what, events) in new[] { ("one event a request", 1), ($"{EventsPerBatch} events a request", EventsPerBatch) })
            {
                foreach (var callers in new[] { 1, 8, 64 })
                {
                    var run = Guid.NewGuid().ToString("N");
                    var rate = await Measure.CallersAsync(callers, settings.WarmUp, settings.Duration, (caller, n) => PostAsync(client, keys[caller], run, caller, n, events));
                    first ??= rate.PerSecond;
                    report.Line(what, $"{callers}", $"{rate.PerSecond * events:N0}", $"{rate.P50:N2}", $"{rate.P99:N2}", $"{rate.PerSecond * events / first:N2}");
                }
            }

            report.Note("Client and server share the machine's cores.");
        }
        finally
        {
            portal.Kill(entireProcessTree: true);
            await portal.WaitForExitAsync();
        }
    }

    private const string Address = "http://127.0.0.1:5087";

    private static async Task<(string ConnectionString, string[] Keys)> PrepareAsync(Engine engine)
    {
        await using var portal = await Portal.StartAsync(engine);
        var keys = new string[Organizations];
        for (var i = 0; i < keys.Length; i++)
        {
            var registered = await portal.Services.GetRequiredService<Registration>()
                .RegisterAsync($"bench{i}@example.com", "a password of the bench", null, CancellationToken.None) as RegistrationResult.Registered;
            var organization = await portal.Services.GetRequiredService<Organizations>().EnsurePersonalAsync(registered!.User, CancellationToken.None);
            await portal.Services.GetRequiredService<PlanSubscriptions>().StartAsync(
                organization, "pro", BillingInterval.Monthly, 1, TimeProvider.System.Now(), "system:bench", CancellationToken.None);
            await portal.FundAsync(organization);
            var owner = Caller.ForUser(registered.User.Id, organization, MemberRole.Owner);
            var made = await portal.Services.GetRequiredService<ApiKeys>().CreateAsync(owner, new NewApiKey(), null, CancellationToken.None) as ApiKeyCreation.Created;
            keys[i] = made!.Secret;
        }

        return (portal.ConnectionString, keys);
    }

    private static Process Start(Engine engine, string connectionString)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "BillingPortal.dll"), "--urls", Address])
        {
            RedirectStandardOutput = true,
        };
        start.Environment["Database__Provider"] = engine.Provider.ToString();
        start.Environment["ConnectionStrings__Billing"] = connectionString;
        start.Environment["RateLimits__PerMinute"] = "0";
        start.Environment["Logging__LogLevel__Default"] = "Warning";
        var process = Process.Start(start)!;
        _ = process.StandardOutput.ReadToEndAsync();
        return process;
    }

    private static async Task WaitAsync(HttpClient client)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                (await client.GetAsync("/health/ready")).EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException) when (tries < 300)
            {
                await Task.Delay(100);
            }
        }
    }

    private static async Task PostAsync(HttpClient client, string key, string run, int caller, long n, int events)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/usage/events");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        request.Content = events == 1
            ? JsonContent.Create(new { id = $"{run}-{caller}-{n}", operation = "figma_export" })
            : JsonContent.Create(Enumerable.Range(0, events).Select(i => new { id = $"{run}-{caller}-{n}-{i}", operation = "figma_export" }));
        using var response = await client.SendAsync(request);
        response.EnsureSuccessStatusCode();
        await response.Content.ReadAsByteArrayAsync();
    }
}

using System.Net.Http.Headers;
using System.Text;
using BillingPortal.Invoices;
using BillingPortal.Store;
using BillingPortal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Api;

/// <summary>A portal for the tests of keys of both kinds: its clock is set by hand, and orders can be held up half way.</summary>
public sealed class KeyedSite<TEngine> : IAsyncLifetime
    where TEngine : IStoreEngine, new()
{
    private readonly StoreFixture<TEngine> store = new();
    private Site? site;

    public SetClock Clock { get; } = new(new DateTimeOffset(2027, 3, 10, 12, 0, 0, TimeSpan.Zero));

    public Site Site => site ?? throw new InvalidOperationException("The fixture has not been started.");

    public TestDatabase Database => store.Database;

    /// <summary>Orders wait here, if a test says so.</summary>
    internal Threshold Orders { get; } = new();

    /// <summary>One more portal on the same rows, with the same clock.</summary>
    public Site StartAnother() => Site.Start(
        Database,
        new Dictionary<string, string?> { ["RateLimits:PerMinute"] = "0", ["Demo:Enabled"] = "false" },
        services => services.AddSingleton<TimeProvider>(Clock).AddSingleton<IBuyerNames>(Orders));

    /// <summary>Takes the portal down in good order and starts it anew.</summary>
    public async Task RestartAsync()
    {
        await Site.DisposeAsync();
        site = StartAnother();
    }

    public T Get<T>()
        where T : notnull => Site.Services.GetRequiredService<T>();

    public async Task<T> QueryAsync<T>(Func<BillingDbContext, Task<T>> query)
    {
        await using var db = await Get<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(TestContext.Current.CancellationToken);
        return await query(db);
    }

    public async ValueTask InitializeAsync()
    {
        await store.InitializeAsync();
        site = StartAnother();
    }

    public async ValueTask DisposeAsync()
    {
        if (site is not null)
        {
            await site.DisposeAsync();
        }

        await store.DisposeAsync();
    }
}

/// <summary>The name of whoever orders, which is asked for after a request was admitted and before its order is stored.</summary>
internal sealed class Threshold : IBuyerNames
{
    private TaskCompletionSource? gate;
    private int waiting;

    /// <summary>How many orders stand before it now.</summary>
    public int Waiting => Volatile.Read(ref waiting);

    public void Close() => gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Open()
    {
        gate?.SetResult();
        gate = null;
    }

    public async Task<string> NameOfAsync(string organizationId, CancellationToken cancellationToken)
    {
        if (gate is { } closed)
        {
            Interlocked.Increment(ref waiting);
            try
            {
                await closed.Task.WaitAsync(cancellationToken);
            }
            finally
            {
                Interlocked.Decrement(ref waiting);
            }
        }

        return "A buyer";
    }
}

/// <summary>Everything that shows of an answer.</summary>
internal sealed record Given(int Status, string Body, bool IsReplay, MediaTypeHeaderValue? Type, TimeSpan? RetryAfter)
{
    public System.Text.Json.JsonElement Json => System.Text.Json.JsonElement.Parse(Body);

    public string? Code => Json.TryGetProperty("code", out var code) ? code.GetString() : null;
}

internal static class Keyed
{
    /// <summary>Sends a body as it stands, under an idempotency key.</summary>
    public static async Task<Given> PostAsync(this HttpClient client, string path, string body, string? key, CancellationToken? cancellationToken = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        }

        var cancel = cancellationToken ?? TestContext.Current.CancellationToken;
        using var response = await client.SendAsync(request, cancel);
        return new Given(
            (int)response.StatusCode, await response.Content.ReadAsStringAsync(cancel), response.Headers.TryGetValues("Idempotent-Replayed", out var values) && values.Single() == "true",
            response.Content.Headers.ContentType, response.Headers.RetryAfter?.Delta);
    }
}

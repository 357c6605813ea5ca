using System.Collections.Concurrent;
using System.Text.Json;
using BillingPortal.Accounts;
using BillingPortal.Store;
using BillingPortal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Api;

/// <summary>The portal is killed while it makes keys: whatever was asked for under one idempotency key is made once, and its answer, with the secret, is not lost.</summary>
public abstract class IdempotencyKillTests<TEngine>
    where TEngine : IStoreEngine, new()
{
    private const string Generate = "v1/keys/generate";
    private const int Kills = 3;
    private const int Callers = 6;

    private readonly TEngine engine = new();
    private readonly ConcurrentDictionary<string, string> answered = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> unknown = new();

    // What each caller was told last before the portal died.
    private readonly ConcurrentQueue<string> last = new();
    private int asked;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_asked_for_once_is_made_once_however_often_the_portal_dies()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        await using var database = await engine.CreateAsync();
        Person person;
        string token;
        await using (var site = Site.Start(database))
        {
            person = await site.SignUpAsync(plan: "pro");
            using var client = await site.NewUserClientAsync(person);
            token = client.DefaultRequestHeaders.Authorization!.Parameter!;
        }

        engine.Disconnect(database);
        var port = PortalProcess.FreePort();
        for (var kill = 1; kill <= Kills; kill++)
        {
            await using var portal = await PortalProcess.StartAsync(database, port, Ct, "--ApiKeys:MaxPerOrganization=10000");
            using var stop = new CancellationTokenSource();
            var load = Enumerable.Range(0, Callers).Select(_ => AskAsync(portal, token, stop.Token)).ToArray();
            var before = answered.Count;
            await Eventually.TrueAsync(() => answered.Count > before);
            await Task.Delay(random.Next(200), Ct);
            await portal.KillAsync();
            await stop.CancelAsync();
            await Task.WhenAll(load);
        }

        // Later than any lease of the dead: what nobody answered is asked for again.
        var settings = new Dictionary<string, string?> { ["RateLimits:PerMinute"] = "0", ["Demo:Enabled"] = "false", ["ApiKeys:MaxPerOrganization"] = "10000" };
        var clock = new SetClock(DateTimeOffset.UtcNow + IdempotencyKeys.Lease * 2);
        await using (var site = Site.Start(database, settings, services => services.AddSingleton<TimeProvider>(clock)))
        {
            using var client = site.NewClient(token);
            foreach (var key in unknown)
            {
                var answer = await client.PostAsync(Generate, Body(key), key);
                Assert.True(answer.Status == 200, $"Seed {seed}: {answer}");
                answered[key] = answer.Body;
            }

            foreach (var key in last)
            {
                var again = await client.PostAsync(Generate, Body(key), key);
                Assert.True(again.IsReplay && again.Body == answered[key], $"Seed {seed}: {key} was answered otherwise.");
            }

            await using var db = await site.Services.GetRequiredService<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Ct);
            var made = await db.Set<ApiKey>().Where(row => row.OrganizationId == person.OrganizationId).Select(row => row.Name).ToListAsync(Ct);
            Assert.Equal(answered.Keys.Order(StringComparer.Ordinal), made.Order(StringComparer.Ordinal));
        }

        engine.Disconnect(database);
    }

    private async Task AskAsync(PortalProcess portal, string token, CancellationToken stop)
    {
        using var client = new HttpClient { BaseAddress = portal.Address, DefaultRequestHeaders = { Authorization = new("Bearer", token) } };
        string? told = null;
        while (!stop.IsCancellationRequested)
        {
            var key = $"key-{Interlocked.Increment(ref asked)}";
            try
            {
                var answer = await client.PostAsync(Generate, Body(key), key, stop);
                Assert.True(answer.Status == 200, answer.ToString());
                answered[key] = answer.Body;
                told = key;
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
            {
                // The portal died with the answer under way.
                unknown.Enqueue(key);
                break;
            }
        }

        if (told is not null)
        {
            last.Enqueue(told);
        }
    }

    private static string Body(string key) => JsonSerializer.Serialize(new { name = key });
}

public sealed class IdempotencyKillTestsOnSqlite : IdempotencyKillTests<SqliteEngine>;

public sealed class IdempotencyKillTestsOnPostgres : IdempotencyKillTests<PostgresEngine>;

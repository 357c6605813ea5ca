using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Wallets;

/// <summary>The portal is killed under load again and again; what it acknowledged is there exactly once, and the ledger is sound every time.</summary>
public abstract class KillTests<TEngine>
    where TEngine : IStoreEngine, new()
{
    private const int Kills = 20;
    private const int Callers = 8;
    private const int BatchSize = 10;
    private const long PricePerEvent = 10;
    private const long Granted = 50_000_000;
    private const string Operation = "figma_export";

    private readonly TEngine engine = new();
    private readonly ConcurrentDictionary<string, byte> acknowledged = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string[]> unknown = new();
    private long events;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Twenty_kills_lose_no_acknowledged_charge_and_double_none()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        await using var database = await engine.CreateAsync();
        var person = await PrepareAsync(database);
        var port = PortalProcess.FreePort();
        string? token = null;
        for (var kill = 1; kill <= Kills; kill++)
        {
            // The command runs while the portal starts, on what the last kill left.
            var verifying = kill == 1 ? Task.FromResult((0, "")) : PortalProcess.RunAsync(database, Cancel, "ledger", "verify");
            await using var portal = await PortalProcess.StartAsync(database, port, Cancel);
            var (exitCode, output) = await verifying;
            Assert.True(exitCode == 0, $"Seed {seed}, before kill {kill}: {output}");

            token ??= await SignInAsync(portal, person);
            using var stop = new CancellationTokenSource();
            var load = Enumerable.Range(0, Callers).Select(_ => CallAsync(portal, token, stop.Token)).ToArray();
            await RandomMomentAsync(random);
            await portal.KillAsync();
            await stop.CancelAsync();
            await Task.WhenAll(load);

            var posted = await PostedAsync(database, person);
            var lost = acknowledged.Keys.Except(posted).ToList();
            Assert.True(lost.Count == 0, $"Seed {seed}, kill {kill}: {lost.Count} acknowledged charges are gone, such as {lost.FirstOrDefault()}.");
        }

        // What was never acknowledged is sent once more under the same ids.
        await using (var portal = await PortalProcess.StartAsync(database, port, Cancel))
        {
            using var client = NewClient(portal, token!);
            while (unknown.TryDequeue(out var batch))
            {
                Assert.True(await SendAsync(client, batch, Cancel), $"Seed {seed}: a repeated batch was not taken.\n{portal.Output}");
            }

            var references = await PostedAsync(database, person);
            Assert.True(acknowledged.Count > Kills * BatchSize, $"Only {acknowledged.Count} charges went through.");
            Assert.Equal(acknowledged.Keys.Order(StringComparer.Ordinal), references.Order(StringComparer.Ordinal));
        }

        var (end, report) = await PortalProcess.RunAsync(database, Cancel, "ledger", "verify");
        Assert.True(end == 0, $"Seed {seed}: {report}");
        Assert.Equal(-Credits.FromWhole(PricePerEvent * acknowledged.Count), Credits.FromMicros(await SpentAsync(database, person)));
        engine.Disconnect(database);
    }

    /// <summary>Signs somebody up and gives them more credit than the test can spend.</summary>
    private async Task<Person> PrepareAsync(TestDatabase database)
    {
        Person person;
        await using (var site = Site.Start(database))
        {
            person = await site.SignUpAsync();
            var wallet = new WalletKey(person.OrganizationId, "credits");
            Assert.IsType<PostResult.Posted>(await site.Services.GetRequiredService<WalletWriter>().ExecuteAsync(Do.Grant(wallet, Credits.FromWhole(Granted)), Cancel));
        }

        engine.Disconnect(database);
        return person;
    }

    /// <summary>Mostly some time after charges began to go through; every fourth kill may come before the first one.</summary>
    private async Task RandomMomentAsync(Random random)
    {
        var before = acknowledged.Count;
        if (random.Next(4) != 0)
        {
            await Eventually.TrueAsync(() => acknowledged.Count > before);
        }

        await Task.Delay(random.Next(300), Cancel);
    }

    private async Task CallAsync(PortalProcess portal, string token, CancellationToken stop)
    {
        using var client = NewClient(portal, token);
        while (!stop.IsCancellationRequested)
        {
            if (!unknown.TryDequeue(out var batch))
            {
                batch = [.. Enumerable.Range(0, BatchSize).Select(_ => $"kill-{Interlocked.Increment(ref events)}")];
            }

            var answered = false;
            try
            {
                answered = await SendAsync(client, batch, stop);
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException or JsonException)
            {
                // The portal died with the answer under way: nobody knows what became of the batch until it is sent again.
            }

            if (!answered)
            {
                unknown.Enqueue(batch);
            }
        }
    }

    /// <summary>Sends a batch and remembers which of its events were acknowledged; false if the portal did not take it.</summary>
    private async Task<bool> SendAsync(HttpClient client, string[] batch, CancellationToken cancellationToken)
    {
        using var response = await client.PostAsJsonAsync("/api/v1/usage/events", batch.Select(id => new { id, operation = Operation }), cancellationToken);
        if (response.StatusCode is not HttpStatusCode.OK)
        {
            Assert.True(
                response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests,
                $"{response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
            return false;
        }

        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        var results = (answer.ValueKind is JsonValueKind.Array ? answer : answer.GetProperty("results")).EnumerateArray().ToList();
        Assert.Equal(batch, results.Select(result => result.GetProperty("id").GetString()));
        Assert.All(results, result => Assert.True(result.GetProperty("status").GetString() is "charged" or "duplicate", $"{result}"));
        foreach (var id in batch)
        {
            acknowledged.TryAdd(id, 0);
        }

        return true;
    }

    private static async Task<string> SignInAsync(PortalProcess portal, Person person)
    {
        using var client = new HttpClient { BaseAddress = portal.Address };
        using var response = await client.PostAsJsonAsync("/api/auth/login", new { email = person.Email, password = Person.Password }, Cancel);
        return (await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("accessToken").GetString()!;
    }

    private static HttpClient NewClient(PortalProcess portal, string token) => new()
    {
        BaseAddress = portal.Address,
        Timeout = TimeSpan.FromSeconds(20),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
    };

    /// <summary>The ids of the events that were charged, as often as they were charged.</summary>
    private async Task<List<string>> PostedAsync(TestDatabase database, Person person)
    {
        await using var connection = await engine.ConnectAsync(database);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT reference FROM transactions WHERE organization_id = '{person.OrganizationId}' AND type = 'charge'";
        var ids = new List<string>();
        await using var rows = await command.ExecuteReaderAsync(Cancel);
        while (await rows.ReadAsync(Cancel))
        {
            ids.Add(rows.GetString(0).Replace("event:", "", StringComparison.Ordinal));
        }

        return ids;
    }

    private async Task<long> SpentAsync(TestDatabase database, Person person)
    {
        await using var connection = await engine.ConnectAsync(database);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT SUM(amount_micros) FROM transactions WHERE organization_id = '{person.OrganizationId}' AND type = 'charge'";
        return Convert.ToInt64(await command.ExecuteScalarAsync(Cancel), CultureInfo.InvariantCulture);
    }
}

public sealed class KillTestsOnSqlite : KillTests<SqliteEngine>;

public sealed class KillTestsOnPostgres : KillTests<PostgresEngine>;

using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using BillingPortal.Access;
using BillingPortal.Payments;
using BillingPortal.Payments.Sandbox;
using BillingPortal.Purchases;
using BillingPortal.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Tests.Purchases;

/// <summary>Charges storm around the threshold while the portal is killed again and again and the gateway is slow or loses its answers: no reload is doubled, none goes beyond the limit.</summary>
public abstract class AutoReloadStorm<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private const int Kills = 5;
    private const int BatchSize = 20;
    private const int LeastBatches = 12;
    private const long LimitDollars = 40;
    private const string Operation = "figma_export";

    // Reloads that were started, and those that the limit kept from it.
    private const string Decided = "auto_reload_attempts WHERE state <> 'skipped' OR reason = 'monthly_limit'";

    private static readonly string Beyond = $"""
        (SELECT organization_id FROM auto_reload_attempts WHERE state IN ('open', 'succeeded') GROUP BY organization_id
         HAVING SUM(amount_cents) > {LimitDollars * 100} OR SUM(CASE WHEN state = 'open' THEN 1 ELSE 0 END) > 1) beyond
        """;

    private static readonly SandboxMethod[] Cards =
        [SandboxMethod.CardThatPays, SandboxMethod.CardThatIsSlow, SandboxMethod.CardWithLostAnswer, SandboxMethod.CardThatIsSlow, SandboxMethod.CardWithLostAnswer, SandboxMethod.CardThatPays];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Kills_and_a_slow_gateway_double_no_reload_and_never_pass_the_monthly_limit()
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var database = await store.CreateDatabaseAsync();
        var customers = await OpenAsync(database);
        var port = PortalProcess.FreePort();
        for (var kill = 0; kill < Kills; kill++)
        {
            await using var portal = await PortalProcess.StartAsync(
                database, port, Cancel, "--Payments:Sandbox:BankDelay=00:00:01", "--AutoReload:ChargesPerDay=100", "--Webhooks:AllowPrivateNetworks=true");
            using var stop = new CancellationTokenSource();
            var (done, decided) = (0, await CountAsync(database, Decided));
            var load = customers.Select(async customer =>
            {
                while (!stop.IsCancellationRequested && await ChargeAsync(portal, customer, stop.Token))
                {
                    Interlocked.Increment(ref done);
                }
            }).ToArray();
            await Eventually.TrueAsync(async () => Volatile.Read(ref done) > LeastBatches && await CountAsync(database, Decided) > decided);
            await Task.Delay(random.Next(600), Cancel);
            await portal.KillAsync();
            await stop.CancelAsync();
            await Task.WhenAll(load);
            await AssertLimitsAsync(database, seed);
            await PassCooldownAsync(database);
        }

        await using var shop = Shop.Open(database, new SetClock(DateTimeOffset.UtcNow.AddMinutes(5)));
        var clock = (SetClock)shop.Clock;
        await Eventually.TrueAsync(async () =>
        {
            clock.Now += TimeSpan.FromSeconds(30);
            await shop.Get<PaymentInquiry>().AskDueAsync(Cancel);
            return !await shop.QueryAsync(db => db.Set<AutoReloadAttempt>().AnyAsync(row => row.State == AutoReloadState.Open, Cancel));
        });

        // Each charge of the gateway is one attempt's, credited once; each attempt that succeeded has one.
        var intents = await shop.QueryAsync(db => db.Set<SandboxIntent>().AsNoTracking().Where(row => row.FailureCode == null).ToListAsync(Cancel));
        var attempts = await shop.QueryAsync(db => db.Set<AutoReloadAttempt>().AsNoTracking().Where(row => row.PaymentId != null).ToListAsync(Cancel));
        Assert.True(intents.Count >= Kills - 1, $"Seed {seed}: only {intents.Count} reloads.");
        Assert.Equal(
            intents.Select(intent => intent.PaymentId).Order(StringComparer.Ordinal),
            attempts.Where(attempt => attempt.State is AutoReloadState.Succeeded).Select(attempt => attempt.PaymentId!).Order(StringComparer.Ordinal));
        foreach (var customer in customers)
        {
            var charged = intents.Where(intent => attempts.Any(attempt => attempt.PaymentId == intent.PaymentId && attempt.OrganizationId == customer.Caller.OrganizationId)).ToList();
            Assert.InRange(charged.Sum(intent => intent.AmountCents.Cents), 0, LimitDollars * 100);
        }

        await AssertLimitsAsync(database, seed);
        await shop.AssertLedgerHoldsAsync();
    }

    private static async Task<IReadOnlyList<Customer>> OpenAsync(TestDatabase database)
    {
        await using var shop = Shop.Open(database);
        var customers = new List<Customer>();
        foreach (var card in Cards)
        {
            var person = await shop.NewPersonAsync("starter");
            using var client = await shop.Site.NewUserClientAsync(person);
            customers.Add(new Customer(person.Caller, client.DefaultRequestHeaders.Authorization!.Parameter!));
            await shop.SaveCardAsync(person.Caller, card);
            await shop.LeaveAsync(person.Caller, 1600);
            await shop.ReloadAsync(person.Caller, threshold: 15, amount: 10, monthlyLimit: LimitDollars);
        }

        return customers;
    }

    /// <summary>Reports a batch of usage; false if the portal died over it.</summary>
    private static async Task<bool> ChargeAsync(PortalProcess portal, Customer customer, CancellationToken stop)
    {
        using var client = new HttpClient { BaseAddress = portal.Address, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", customer.Token) } };
        try
        {
            using var response = await client.PostAsJsonAsync(
                "/api/v1/usage/events", Enumerable.Range(0, BatchSize).Select(_ => new { id = Guid.NewGuid().ToString("N"), operation = Operation }), stop);
            Assert.NotEqual(HttpStatusCode.InternalServerError, response.StatusCode);
            return true;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException or JsonException)
        {
            return false;
        }
    }

    // Of time only what the cooldown minds passes: ten minutes between two kills would be an hour of testing.
    private static async Task PassCooldownAsync(TestDatabase database)
    {
        await using var connection = await new TEngine().ConnectAsync(database);
        await using var command = connection.CreateCommand();
        command.CommandText = "UPDATE auto_reload_settings SET last_attempt_at = last_attempt_at - 660000";
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static async Task AssertLimitsAsync(TestDatabase database, int seed) =>
        Assert.True(await CountAsync(database, Beyond) == 0, $"Seed {seed}: more than one is open, or the limit is passed.");

    private static async Task<long> CountAsync(TestDatabase database, string rows)
    {
        await using var connection = await new TEngine().ConnectAsync(database);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT COUNT(*) FROM {rows}";
        return Convert.ToInt64(await command.ExecuteScalarAsync(Cancel), null);
    }

    private sealed record Customer(Caller Caller, string Token);
}

public sealed class AutoReloadStormOnSqlite(StoreFixture<SqliteEngine> store) : AutoReloadStorm<SqliteEngine>(store);

public sealed class AutoReloadStormOnPostgres(StoreFixture<PostgresEngine> store) : AutoReloadStorm<PostgresEngine>(store);

using System.Collections.Concurrent;
using System.Text;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;
using Npgsql;

namespace BillingPortal.Tests.Store;

/// <summary>Two portals on one PostgreSQL: what changes on one is soon known to the other.</summary>
public sealed class RelayTests(StoreFixture<PostgresEngine> store, Browser browser) : IClassFixture<StoreFixture<PostgresEngine>>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_posting_on_one_instance_shows_in_an_open_page_of_another_and_a_change_of_plan_holds_there()
    {
        await using var here = Site.Start(store.Database);
        await using var there = Site.Start(store.Database);
        var person = await here.SignUpAsync();
        var page = await here.NewPageAsync(browser);
        await page.SignInAsync(person, "/wallet");
        await page.AliveAsync();

        await there.GiveAsync(person, 4321, BucketKind.Purchased);
        await Assertions.Expect(page.GetByText("4,471").First).ToBeVisibleAsync();

        // Read, and so remembered, before it changes.
        var standings = here.Services.GetRequiredService<PlanStandings>();
        Assert.True((await standings.GetAsync(person.OrganizationId, Ct)).Plan.IsFree);
        await there.PutOnPlanAsync(person, "pro");
        await Eventually.TrueAsync(async () => (await standings.GetAsync(person.OrganizationId, Ct)).Plan.Id == "pro");
    }

    [Fact]
    public async Task Many_changes_travel_in_few_messages_and_none_is_lost()
    {
        const int Organizations = 2_000;
        await using var sender = await RelayHost.StartAsync(store.Database);
        await using var receiver = await RelayHost.StartAsync(store.Database);
        await using var listener = new NpgsqlConnection(store.Database.ConnectionString);
        await listener.OpenAsync(Ct);
        var messages = new ConcurrentQueue<string>();
        listener.Notification += (_, notification) => messages.Enqueue(notification.Payload);
        await using (var command = new NpgsqlCommand($"LISTEN {PostgresRelay.Channel}", listener))
        {
            await command.ExecuteNonQueryAsync(Ct);
        }

        await receiver.IsHeardAsync(sender);
        await sender.IsHeardAsync(receiver);
        for (var i = 0; i < Organizations * 10; i++)
        {
            sender.Relay.Announce("topic", $"org_{i % Organizations:D26}");
        }

        while (receiver.Heard.Count(pair => pair.Key.Length == 30) < Organizations)
        {
            await listener.WaitAsync(TimeSpan.FromSeconds(10), Ct);
        }

        var longest = messages.Max(message => Encoding.UTF8.GetByteCount(message));
        Assert.InRange(longest, 5_000, 7_999);
        Assert.InRange(messages.Count, 1, 40);
        Assert.DoesNotContain(sender.Heard.Keys, heard => heard.Length == 30);
    }

    [Fact]
    public async Task After_a_cut_everybody_is_told_once_and_news_travels_again()
    {
        var (wire, reached) = Wire.To(store.Database);
        await using var _ = wire;
        await using var near = await RelayHost.StartAsync(reached);
        await using var far = await RelayHost.StartAsync(store.Database);
        await near.IsHeardAsync(far);
        await far.IsHeardAsync(near);
        var gaps = near.Gaps;

        wire.Cut();
        far.Relay.Announce("topic", "org_missed");
        near.Relay.Announce("topic", "org_kept");
        await Eventually.TrueAsync(() => near.Complaints > 0);
        wire.Mend();

        await Eventually.TrueAsync(() => near.Gaps == gaps + 1);
        await Eventually.TrueAsync(() => far.Heard.ContainsKey("org_kept"));
        await near.IsHeardAsync(far);
        await far.IsHeardAsync(near);
    }

    [Fact]
    public async Task Announcements_beyond_what_can_wait_become_one_that_says_everything()
    {
        await using var sender = await RelayHost.StartAsync(store.Database);
        await using var receiver = await RelayHost.StartAsync(store.Database);
        await receiver.IsHeardAsync(sender);
        var gaps = receiver.Gaps;

        for (var i = 0; i < 25_000; i++)
        {
            sender.Relay.Announce("topic", $"o{i}");
        }

        await Eventually.TrueAsync(() => receiver.Gaps > gaps);
    }

    /// <summary>The least of an instance that can tell and be told.</summary>
    private sealed class RelayHost : IAsyncDisposable
    {
        private readonly PostgresRelay carrier;
        private readonly NpgsqlDataSource source;
        private readonly CountingLogger logger = new();
        private int gaps;

        private RelayHost(TestDatabase database)
        {
            source = NpgsqlDataSource.Create(database.ConnectionString);
            Relay.Subscribe("topic", organizationId => Heard.TryAdd(organizationId, 0), () => Interlocked.Increment(ref gaps));
            carrier = new PostgresRelay(source, Relay, TimeProvider.System, logger);
        }

        public ChangeRelay Relay { get; } = new();

        public ConcurrentDictionary<string, byte> Heard { get; } = new();

        public int Gaps => Volatile.Read(ref gaps);

        public int Complaints => logger.Count;

        public static async Task<RelayHost> StartAsync(TestDatabase database)
        {
            var host = new RelayHost(database);
            await host.carrier.StartAsync(Ct);
            await Eventually.TrueAsync(() => host.Gaps > 0);
            return host;
        }

        /// <summary>Waits until a word of the other's arrives here.</summary>
        public async Task IsHeardAsync(RelayHost other)
        {
            var word = $"w{Guid.NewGuid():N}"[..12];
            other.Relay.Announce("topic", word);
            await Eventually.TrueAsync(() => Heard.ContainsKey(word));
        }

        public async ValueTask DisposeAsync()
        {
            await carrier.StopAsync(CancellationToken.None);
            carrier.Dispose();
            await source.DisposeAsync();
        }
    }

    private sealed class CountingLogger : ILogger<PostgresRelay>
    {
        private int count;

        public int Count => Volatile.Read(ref count);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Interlocked.Increment(ref count);
    }
}

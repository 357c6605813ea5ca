using System.Diagnostics;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;

namespace BillingPortal.Tests.Wallets;

/// <summary>Many callers at once, on one instance of the portal and on two that share a database.</summary>
public abstract class WalletRaceTests<TEngine>(WalletFixture<TEngine> store) : IClassFixture<WalletFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private const int Callers = 64;

    private static readonly Credits One = Credits.FromWhole(1);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Exactly_as_many_callers_get_the_last_credits_as_there_are_credits(int instances)
    {
        await using var portal = await Instances.StartAsync(store, instances);
        var wallet = await store.Host.NewWalletAsync(7);

        var results = await AllAtOnceAsync(caller => portal[caller].DoAsync(Do.Charge(wallet, One)));

        Assert.Equal(7, results.Count(result => result is PostResult.Posted));
        Assert.All(results.OfType<PostResult.Refused>(), refused => Assert.IsType<Refusal.Insufficient>(refused.Refusal));
        Assert.Equal(Credits.Zero, await store.Host.AvailableAsync(wallet));
        await store.Host.AssertSoundAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_reference_that_many_callers_bring_at_once_is_posted_once(int instances)
    {
        await using var portal = await Instances.StartAsync(store, instances);
        var wallet = await store.Host.NewWalletAsync(100);
        var charge = Do.Charge(wallet, One);

        var results = await AllAtOnceAsync(caller => portal[caller].DoAsync(charge));

        var posted = Assert.Single(results.OfType<PostResult.Posted>());
        Assert.All(results.OfType<PostResult.Replayed>(), replayed =>
        {
            replayed.Deconstruct(out var id);
            Assert.Equal(posted.Transactions[0].Id, id);
        });
        Assert.Equal(Callers - 1, results.OfType<PostResult.Replayed>().Count());
        Assert.Equal(Credits.FromWhole(99), await store.Host.AvailableAsync(wallet));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_reference_brought_at_once_for_different_wallets_is_posted_once(int instances)
    {
        await using var portal = await Instances.StartAsync(store, instances);
        var wallet = await store.Host.NewWalletAsync();
        var grant = Do.Grant(wallet, One);

        var results = await AllAtOnceAsync(caller => portal[caller].DoAsync(grant with { CreditType = $"type_{caller % 8}" }));

        Assert.Single(results.OfType<PostResult.Posted>());
        Assert.Equal(Callers - 1, results.OfType<PostResult.Replayed>().Count());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Opposite_gifts_of_many_callers_neither_wait_for_each_other_for_ever_nor_make_credit(int instances)
    {
        await using var portal = await Instances.StartAsync(store, instances);
        var (ann, ben) = (await store.Host.NewWalletAsync(50, giftable: true), await store.Host.NewWalletAsync(50, giftable: true));
        var started = Stopwatch.StartNew();

        var results = await AllAtOnceAsync(async caller =>
        {
            var posted = 0;
            for (var i = 0; i < 5; i++)
            {
                var (from, to) = (caller + i) % 2 == 0 ? (ann, ben) : (ben, ann);
                posted += await portal[caller].DoAsync(Do.Gift(from, to, Credits.FromMicros(1_234_567 * (1 + (caller % 3))))) is PostResult.Posted ? 1 : 0;
            }

            return posted;
        });

        Assert.True(started.Elapsed < TimeSpan.FromSeconds(30), $"It took {started.Elapsed}.");
        Assert.True(results.Sum() > 0);
        Assert.Equal(Credits.FromWhole(100), await store.Host.AvailableAsync(ann) + await store.Host.AvailableAsync(ben));
        await store.Host.AssertSoundAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Many_wallets_at_once_lose_and_double_nothing(int instances)
    {
        await using var portal = await Instances.StartAsync(store, instances);
        var wallets = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => store.Host.NewWalletAsync(10)));

        var taken = await AllAtOnceAsync(async caller =>
        {
            var sum = new Dictionary<WalletKey, long>();
            for (var i = 0; i < 25; i++)
            {
                var wallet = wallets[((caller * 7) + i) % wallets.Length];
                var charge = Do.Charge(wallet, Credits.FromMicros(1 + (caller * 31)));
                sum[wallet] = sum.GetValueOrDefault(wallet) + (await portal[caller].DoAsync(charge) is PostResult.Posted ? charge.Amount.Micros : 0);
            }

            return sum;
        });

        foreach (var wallet in wallets)
        {
            var spent = taken.Sum(sum => sum.GetValueOrDefault(wallet));
            Assert.Equal(Credits.FromWhole(10) - Credits.FromMicros(spent), await store.Host.AvailableAsync(wallet));
        }

        await store.Host.AssertSoundAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Holds_captures_and_charges_at_once_never_spend_a_credit_twice(int instances)
    {
        await using var portal = await Instances.StartAsync(store, instances);
        var wallet = await store.Host.NewWalletAsync(20);
        var end = store.Clock.GetUtcNow().AddHours(1);

        var spent = await AllAtOnceAsync(async caller =>
        {
            if (caller % 2 == 0)
            {
                return await portal[caller].DoAsync(Do.Charge(wallet, One)) is PostResult.Posted ? 1 : 0;
            }

            var holdId = $"hold_{Guid.NewGuid():N}";
            if (await portal[caller].DoAsync(Do.Hold(wallet, holdId, One, end)) is not PostResult.Posted)
            {
                return 0;
            }

            if (caller % 3 == 0)
            {
                Assert.IsType<PostResult.Posted>(await portal[caller].DoAsync(Do.Release(wallet, holdId)));
                return 0;
            }

            Assert.IsType<PostResult.Posted>(await portal[caller + 1].DoAsync(Do.Capture(wallet, holdId, One)));
            return 1;
        });

        Assert.InRange(spent.Sum(), 1, 20);
        Assert.Equal(Credits.FromWhole(20 - spent.Sum()), await store.Host.AvailableAsync(wallet));
        await store.Host.AssertSoundAsync();
    }

    [Fact]
    public async Task New_wallets_opened_by_two_instances_at_once_are_opened_once()
    {
        await using var portal = await Instances.StartAsync(store, 2);
        var organizations = Enumerable.Range(0, 8).Select(_ => new WalletKey($"org_{Guid.NewGuid():N}", "credits")).ToArray();

        await AllAtOnceAsync(caller => portal[caller].DoAsync(Do.Grant(organizations[caller % organizations.Length], One)));

        foreach (var wallet in organizations)
        {
            Assert.Equal(Credits.FromWhole(Callers / organizations.Length), await store.Host.AvailableAsync(wallet));
        }
    }

    /// <summary>The daily credit goes first and none of it is left over, however many take from both at once.</summary>
    [Fact]
    public async Task No_credit_is_taken_from_the_bonus_while_a_daily_one_is_left()
    {
        var wallet = await store.Host.NewWalletAsync(30);
        await store.Host.DoAsync(Do.Grant(wallet, Credits.FromWhole(10), store.Clock.GetUtcNow().AddHours(1), BucketKind.Daily));

        var results = await AllAtOnceAsync(_ => store.Host.DoAsync(Do.Charge(wallet, One)));

        var posted = results.OfType<PostResult.Posted>().Select(result => result.Transactions[0]).OrderBy(transaction => transaction.Sequence).ToList();
        Assert.Equal(40, posted.Count);
        var daily = posted[0].Postings[0].Account;
        Assert.All(posted.Take(10), transaction => Assert.Equal(daily, transaction.Postings[0].Account));
        Assert.DoesNotContain(posted.Skip(10), transaction => transaction.Postings.Any(posting => posting.Account == daily));
    }

    /// <summary>Money moves between eight accounts through two instances while readers add the accounts up; nobody ever sees it created.</summary>
    [Fact]
    public async Task The_total_of_accounts_that_give_to_each_other_is_the_same_in_every_read()
    {
        await using var portal = await Instances.StartAsync(store, 2);
        var accounts = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => store.Host.NewWalletAsync(100, giftable: true)));
        var seed = Environment.TickCount;
        var gifts = 0;
        var reads = 0;
        var watch = Stopwatch.StartNew();
        using var done = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

        var reader = Task.Run(
            async () =>
            {
                while (!done.IsCancellationRequested)
                {
                    var total = Convert.ToInt64(
                        await store.SqlAsync($"SELECT SUM(balance_micros) FROM wallets WHERE organization_id IN ({string.Join(", ", accounts.Select(account => $"'{account.OrganizationId}'"))})"),
                        System.Globalization.CultureInfo.InvariantCulture);
                    Assert.Equal(Credits.FromWhole(800).Micros, total);
                    Interlocked.Increment(ref reads);
                }
            },
            CancellationToken.None);
        await AllAtOnceAsync(async caller =>
        {
            var random = new Random(seed + caller);

            // At least so long, and on a slow machine until it has told something.
            while (watch.Elapsed < TimeSpan.FromSeconds(2) || (!reader.IsCompleted && (Volatile.Read(ref gifts) <= Callers || Volatile.Read(ref reads) == 0)))
            {
                var from = random.Next(accounts.Length);
                var to = (from + 1 + random.Next(accounts.Length - 1)) % accounts.Length;
                var result = await portal[caller].DoAsync(Do.Gift(accounts[from], accounts[to], Credits.FromMicros(random.NextInt64(1, 60_000_000))));
                Assert.True(result is PostResult.Posted or PostResult.Refused { Refusal: Refusal.Insufficient }, $"Seed {seed}: {result}");
                Interlocked.Increment(ref gifts);
            }

            return true;
        });
        await done.CancelAsync();
        await reader;

        Assert.True(gifts > Callers && reads > 0);
        Assert.All(accounts, account => Assert.True(store.Host.AvailableAsync(account).Result >= Credits.Zero));
        await store.Host.AssertSoundAsync();
    }

    private static async Task<T[]> AllAtOnceAsync<T>(Func<int, Task<T>> deed)
    {
        var start = new TaskCompletionSource();
        var callers = Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            await start.Task;
            return await deed(caller);
        })).ToArray();
        start.SetResult();
        return await Task.WhenAll(callers);
    }

    /// <summary>The fixture's instance of the portal and, if wanted, a second one on the same database; callers are dealt to them in turn.</summary>
    private sealed class Instances : IAsyncDisposable
    {
        private readonly WalletHost first;
        private readonly WalletHost? second;

        private Instances(WalletHost first, WalletHost? second) => (this.first, this.second) = (first, second);

        public WalletHost this[int caller] => caller % 2 == 1 && second is not null ? second : first;

        public static async Task<Instances> StartAsync(WalletFixture<TEngine> store, int instances) =>
            new(store.Host, instances == 2 ? await WalletHost.StartAsync(store.Database, store.Clock) : null);

        public async ValueTask DisposeAsync()
        {
            if (second is not null)
            {
                await second.DisposeAsync();
            }
        }
    }
}

public sealed class WalletRaceTestsOnSqlite(WalletFixture<SqliteEngine> store) : WalletRaceTests<SqliteEngine>(store);

public sealed class WalletRaceTestsOnPostgres(WalletFixture<PostgresEngine> store) : WalletRaceTests<PostgresEngine>(store);

using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace BillingPortal.Tests.Wallets;

/// <summary>The store and the wallets with a running writer and nothing else: one instance of the portal, as the ledger sees it.</summary>
internal sealed class WalletHost : IAsyncDisposable
{
    private readonly ServiceProvider provider;

    private WalletHost(ServiceProvider provider) => this.provider = provider;

    public WalletWriter Writer => provider.GetRequiredService<WalletWriter>();

    public WalletReader Reader => provider.GetRequiredService<WalletReader>();

    public TransactionHistory History => provider.GetRequiredService<TransactionHistory>();

    public WalletDays Days => provider.GetRequiredService<WalletDays>();

    public WalletMonths Months => provider.GetRequiredService<WalletMonths>();

    public TransactionPages Pages => provider.GetRequiredService<TransactionPages>();

    public ExpirySweep Sweep => provider.GetRequiredService<ExpirySweep>();

    public LedgerVerification Verification => provider.GetRequiredService<LedgerVerification>();

    public LedgerWatch Watch => provider.GetRequiredService<LedgerWatch>();

    public IStoreSessions Sessions => provider.GetRequiredService<IStoreSessions>();

    public BalanceFeed Feed => provider.GetRequiredService<BalanceFeed>();

    public IDbContextFactory<BillingDbContext> Contexts => provider.GetRequiredService<IDbContextFactory<BillingDbContext>>();

    /// <summary>Migrates the database and starts a writer on it.</summary>
    public static async Task<WalletHost> StartAsync(TestDatabase database, TimeProvider? clock = null)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(database.Settings).Build();
        var services = new ServiceCollection().AddLogging().AddMetrics().AddSingleton(clock ?? TimeProvider.System).AddStore(configuration).AddWallets();
        var host = new WalletHost(services.BuildServiceProvider());
        await host.provider.GetRequiredService<Migrator>().MigrateAsync(CancellationToken.None);
        await host.Writer.StartAsync(CancellationToken.None);
        return host;
    }

    /// <summary>A new organization with credit that never expires.</summary>
    public async Task<WalletKey> NewWalletAsync(long credits = 0, bool giftable = false)
    {
        var wallet = new WalletKey(Ids.New("org", TimeProvider.System.Now()), "credits");
        if (credits > 0)
        {
            Assert.IsType<PostResult.Posted>(await DoAsync(Do.Grant(wallet, Credits.FromWhole(credits)) with
            {
                Deposit = new Deposit(BucketKind.Promotional, Credits.FromWhole(credits), Giftable: giftable),
            }));
        }

        return wallet;
    }

    public Task<PostResult> DoAsync(WalletCommand command) => Writer.ExecuteAsync(command, TestContext.Current.CancellationToken);

    public async Task<Credits> AvailableAsync(WalletKey wallet) =>
        (await Reader.GetBalanceAsync(wallet, TestContext.Current.CancellationToken)).Available;

    public async Task<HealthStatus> HealthAsync() =>
        (await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken)).Status;

    public async Task AssertSoundAsync()
    {
        var report = await Verification.VerifyAsync(null, TestContext.Current.CancellationToken);
        Assert.Empty(report.Faults);
    }

    public async ValueTask DisposeAsync()
    {
        await Writer.StopAsync(CancellationToken.None);
        await provider.DisposeAsync();
    }
}

/// <summary>Commands with the values that do not matter filled in.</summary>
internal static class Do
{
    private static long references;

    public static string NewReference() => $"test:{Interlocked.Increment(ref references)}";

    public static Charge Charge(WalletKey wallet, Credits amount) => new()
    {
        OrganizationId = wallet.OrganizationId,
        CreditType = wallet.CreditType,
        Reference = NewReference(),
        Source = "voice",
        Actor = "key:test",
        Amount = amount,
    };

    public static Grant Grant(WalletKey wallet, Credits amount, DateTimeOffset? expiresAt = null, BucketKind kind = BucketKind.Promotional, string? origin = null) => new()
    {
        OrganizationId = wallet.OrganizationId,
        CreditType = wallet.CreditType,
        Reference = NewReference(),
        Source = "promo",
        Actor = "system:test",
        Deposit = new Deposit(kind, amount, expiresAt, origin),
    };

    public static GiftTransfer Gift(WalletKey from, WalletKey to, Credits amount) => new()
    {
        OrganizationId = from.OrganizationId,
        RecipientOrganizationId = to.OrganizationId,
        CreditType = from.CreditType,
        Reference = NewReference(),
        Source = "user_gift",
        Actor = "user:test",
        Amount = amount,
    };

    public static ClawBack ClawBack(WalletKey wallet, string origin, Credits amount) => new()
    {
        OrganizationId = wallet.OrganizationId,
        CreditType = wallet.CreditType,
        Reference = NewReference(),
        Source = "refund",
        Actor = "system:test",
        Origin = origin,
        Amount = amount,
    };

    public static Deduction Deduct(WalletKey wallet, Credits amount) => new()
    {
        OrganizationId = wallet.OrganizationId,
        CreditType = wallet.CreditType,
        Reference = NewReference(),
        Source = "admin",
        Actor = "user:admin",
        Amount = amount,
    };

    public static PlaceHold Hold(WalletKey wallet, string holdId, Credits amount, DateTimeOffset expiresAt) => new()
    {
        OrganizationId = wallet.OrganizationId,
        CreditType = wallet.CreditType,
        Reference = NewReference(),
        Source = "call",
        Actor = "key:test",
        HoldId = holdId,
        Amount = amount,
        ExpiresAt = expiresAt,
    };

    public static CaptureHold Capture(WalletKey wallet, string holdId, Credits amount) => new()
    {
        OrganizationId = wallet.OrganizationId,
        CreditType = wallet.CreditType,
        Reference = NewReference(),
        Source = "call",
        Actor = "key:test",
        HoldId = holdId,
        Amount = amount,
    };

    public static ReleaseHold Release(WalletKey wallet, string holdId) => new()
    {
        OrganizationId = wallet.OrganizationId,
        CreditType = wallet.CreditType,
        Reference = NewReference(),
        Source = "call",
        Actor = "key:test",
        HoldId = holdId,
    };

    public static VoidGrant Void(WalletKey wallet, string bucketId, Credits amount) => new()
    {
        OrganizationId = wallet.OrganizationId,
        CreditType = wallet.CreditType,
        Reference = NewReference(),
        Source = "admin",
        Actor = "user:admin",
        BucketId = bucketId,
        Amount = amount,
    };
}

/// <summary>A database of the class's own with a writer on it, and a clock that tests move; the ledger must be sound when the last test is done.</summary>
public sealed class WalletFixture<TEngine> : IAsyncLifetime
    where TEngine : IStoreEngine, new()
{
    private TestDatabase? database;
    private WalletHost? host;

    public TEngine Engine { get; } = new();

    public TestDatabase Database => database ?? throw new InvalidOperationException("The fixture has not been started.");

    public ManualClock Clock { get; } = new();

    internal WalletHost Host => host ?? throw new InvalidOperationException("The fixture has not been started.");

    public async ValueTask InitializeAsync()
    {
        database = await Engine.CreateAsync();
        host = await WalletHost.StartAsync(database, Clock);
    }

    /// <summary>Runs SQL beside the portal, as someone with access to the database might.</summary>
    public async Task<object?> SqlAsync(params string[] statements)
    {
        await using var connection = await Engine.ConnectAsync(Database);
        object? result = null;
        foreach (var statement in statements)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = statement;
            result = await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
        }

        return result;
    }

    public async ValueTask DisposeAsync()
    {
        if (host is not null)
        {
            var report = await host.Verification.VerifyAsync(null, CancellationToken.None);
            await host.DisposeAsync();
            Assert.Empty(report.Faults);
        }

        if (database is not null)
        {
            Engine.Disconnect(database);
            await database.DisposeAsync();
        }
    }
}

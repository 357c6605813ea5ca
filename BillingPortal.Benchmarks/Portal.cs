using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BillingPortal.Benchmarks;

/// <summary>The portal's services on a fresh database, without its web side.</summary>
internal sealed class Portal : IAsyncDisposable
{
    private readonly IHost host;

    private Portal(IHost host, string connectionString)
    {
        this.host = host;
        ConnectionString = connectionString;
    }

    public string ConnectionString { get; }

    public IServiceProvider Services => host.Services;

    public WalletWriter Writer => Services.GetRequiredService<WalletWriter>();

    public static async Task<Portal> StartAsync(Engine engine)
    {
        var connectionString = await engine.CreateAsync();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(
            [new("Database:Provider", engine.Provider.ToString()), new("ConnectionStrings:Billing", connectionString)]);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddMetrics();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddStore(builder.Configuration);
        builder.Services.AddWallets();
        var host = builder.Build();
        await host.Services.GetRequiredService<Migrator>().MigrateAsync(CancellationToken.None);
        await host.StartAsync();
        return new Portal(host, connectionString);
    }

    /// <summary>Gives organizations credit that no measurement uses up.</summary>
    public async Task<string[]> FundAsync(int organizations)
    {
        var ids = Enumerable.Range(0, organizations).Select(_ => Ids.New("org", TimeProvider.System.GetUtcNow())).ToArray();
        await Task.WhenAll(ids.Select(id => Writer.ExecuteAsync(
            new Grant
            {
                OrganizationId = id,
                CreditType = "credits",
                Reference = "fund",
                Source = "bench",
                Actor = "system:bench",
                Deposit = new Deposit(BucketKind.Purchased, Credits.FromWhole(1_000_000_000)),
            },
            CancellationToken.None)));
        return ids;
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
    }
}

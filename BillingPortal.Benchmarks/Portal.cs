using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
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

    public static async Task<Portal> StartAsync(Engine engine)
    {
        var connectionString = await engine.CreateAsync();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"));
        builder.Configuration.AddInMemoryCollection(
            [new("Database:Provider", engine.Provider.ToString()), new("ConnectionStrings:Billing", connectionString)]);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddMetrics();
        builder.Services.AddSingleton<IServer, NoServer>();
        builder.Services.AddPortal(builder.Configuration);
        var host = builder.Build();
        await host.Services.GetRequiredService<Migrator>().MigrateAsync(CancellationToken.None);
        await host.StartAsync();
        return new Portal(host, connectionString);
    }

    /// <summary>Makes organizations with credit that no measurement uses up.</summary>
    public async Task<string[]> FundAsync(int organizations)
    {
        var ids = Enumerable.Range(0, organizations).Select(_ => Ids.New("org", TimeProvider.System.GetUtcNow())).ToArray();
        await Task.WhenAll(ids.Select(FundAsync));
        return ids;
    }

    /// <summary>Gives an organization credit that no measurement uses up.</summary>
    public Task FundAsync(string organizationId) => Services.GetRequiredService<WalletWriter>().ExecuteAsync(
        new Grant
        {
            OrganizationId = organizationId,
            CreditType = "credits",
            Reference = "fund",
            Source = "bench",
            Actor = "system:bench",
            Deposit = new Deposit(BucketKind.Purchased, Credits.FromWhole(1_000_000_000)),
        },
        CancellationToken.None);

    /// <summary>Reports one priced event: the whole way of a charge but HTTP.</summary>
    public async Task ChargeAsync(string organizationId, string eventId)
    {
        var results = await Services.GetRequiredService<UsageIngestion>().IngestAsync(
            Caller.ForKey("key_bench", organizationId, [Scopes.UsageWrite]),
            [new UsageEvent(eventId, "image_to_html", null, null, UsageProperties.None)],
            CancellationToken.None);
        if (results[0].Status is not UsageStatus.Charged)
        {
            throw new InvalidOperationException($"The event was not charged: {results[0]}.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
    }

    /// <summary>Stands where the web server would; nothing is served here.</summary>
    private sealed class NoServer : IServer
    {
        public IFeatureCollection Features { get; } = new FeatureCollection();

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
            where TContext : notnull => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
        }
    }
}

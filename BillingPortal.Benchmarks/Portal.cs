using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Demo;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Wallets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BillingPortal.Benchmarks;

/// <summary>Somebody of a bench, the owner of an organization on the Pro plan with credit that no measurement uses up.</summary>
/// <param name="Email">To sign in with, and <see cref="Password"/>.</param>
/// <param name="ApiKey">Of the organization.</param>
internal sealed record Subscriber(string Email, string ApiKey)
{
    public const string Password = "a password of the bench";
}

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

    /// <param name="engine">Hands out the database.</param>
    /// <param name="demo">Whether the database has the demo people and their year.</param>
    public static async Task<Portal> StartAsync(Engine engine, bool demo = false)
    {
        var connectionString = await engine.CreateAsync();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"));
        builder.Configuration.AddInMemoryCollection(
        [
            new("Database:Provider", engine.Provider.ToString()), new("ConnectionStrings:Billing", connectionString),
            new("Demo:Enabled", demo.ToString()), new("Logging:LogLevel:Default", "Warning"),
        ]);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddMetrics();
        builder.Services.AddSingleton<IServer, NoServer>();
        builder.Services.AddPortal(builder.Configuration);
        var host = builder.Build();
        await host.Services.GetRequiredService<Migrator>().MigrateAsync(CancellationToken.None);
        await host.Services.GetRequiredService<DemoData>().EnsureAsync(CancellationToken.None);
        await host.StartAsync();
        return new Portal(host, connectionString);
    }

    /// <summary>Signs up people with organizations and API keys.</summary>
    public async Task<Subscriber[]> SubscribeAsync(int count)
    {
        var subscribers = new Subscriber[count];
        for (var i = 0; i < count; i++)
        {
            var email = $"bench{i}@example.com";
            var registered = await Services.GetRequiredService<Registration>()
                .RegisterAsync(email, Subscriber.Password, null, CancellationToken.None) as RegistrationResult.Registered;
            var organization = await Services.GetRequiredService<Organizations>().EnsurePersonalAsync(registered!.User, CancellationToken.None);
            await Services.GetRequiredService<PlanSubscriptions>().StartAsync(
                organization, "pro", BillingInterval.Monthly, 1, TimeProvider.System.Now(), "system:bench", CancellationToken.None);
            await FundAsync(organization);
            var owner = Caller.ForUser(registered.User.Id, organization, MemberRole.Owner);
            var made = await Services.GetRequiredService<ApiKeys>().CreateAsync(owner, new NewApiKey(), null, CancellationToken.None) as ApiKeyCreation.Created;
            subscribers[i] = new Subscriber(email, made!.Secret);
        }

        return subscribers;
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

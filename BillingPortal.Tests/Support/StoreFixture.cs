using BillingPortal.Store;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Support;

/// <summary>A fresh, migrated database for one test class, and as many more as its tests ask for.</summary>
public sealed class StoreFixture<TEngine> : IAsyncLifetime
    where TEngine : IStoreEngine, new()
{
    // Migrated once for each engine and then copied, which takes a fraction of the time.
    private static readonly Lazy<Task<TestDatabase>> Template = new(MigrateTemplateAsync);

    private TestDatabase? database;

    public TEngine Engine { get; } = new();

    public TestDatabase Database => database ?? throw new InvalidOperationException("The fixture has not been started.");

    /// <summary>One more migrated database, for a test that must be alone. The caller disposes it.</summary>
    public async Task<TestDatabase> CreateDatabaseAsync() => await Engine.CreateAsync(await Template.Value);

    public async ValueTask InitializeAsync() => database = await CreateDatabaseAsync();

    public async ValueTask DisposeAsync()
    {
        if (database is not null)
        {
            await database.DisposeAsync();
        }
    }

    private static async Task<TestDatabase> MigrateTemplateAsync()
    {
        var engine = new TEngine();
        var template = await engine.CreateAsync();
        TestRun.DisposeAtEnd(template);
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(template.Settings).Build();
        await using (var services = new ServiceCollection().AddLogging().AddStore(configuration).BuildServiceProvider())
        {
            await services.GetRequiredService<Migrator>().MigrateAsync(CancellationToken.None);
        }

        engine.Disconnect(template);
        return template;
    }
}

using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BillingPortal.Demo;

/// <summary>Fills an empty database with the demo people and their year, before the portal opens.</summary>
internal sealed class DemoData(
    IDbContextFactory<BillingDbContext> contexts, IConfiguration configuration, IOptions<DemoOptions> options, IServer server, TimeProvider clock, ILogger<DemoData> logger)
{
    /// <summary>Plays the year once; a run that broke off is finished. Does nothing where demo data is off, or people are that it did not make.</summary>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (!options.Value.Enabled || await StartedAtAsync(cancellationToken) is not { } startedAt)
        {
            return;
        }

        logger.LogInformation("Playing the demo year; this takes a few seconds, once.");
        var year = new DemoClock(DemoYear.StartOf(startedAt));
        // Nothing listens yet, and nobody will follow the checkout links of last year.
        var settings = new ConfigurationBuilder().AddConfiguration(configuration)
            .AddInMemoryCollection([new("Portal:PublicUrl", configuration["Portal:PublicUrl"] ?? "http://localhost")]).Build();
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(settings);
        services.AddSingleton(server);
        services.AddLogging(logging => logging.AddConfiguration(configuration.GetSection("Logging")).AddConsole().SetMinimumLevel(LogLevel.Warning));
        services.AddMetrics();
        services.AddPortal(settings);
        services.AddSingleton<TimeProvider>(year);
        await using var provider = services.BuildServiceProvider();
        var writer = provider.GetRequiredService<WalletWriter>();
        await writer.StartAsync(cancellationToken);
        await new DemoYear(provider, year, provider.GetRequiredService<ILogger<DemoYear>>()).PlayAsync(startedAt, cancellationToken);
        await writer.StopAsync(cancellationToken);

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Set<DemoRun>().ExecuteUpdateAsync(row => row.SetProperty(run => run.FinishedAt, clock.Now()), cancellationToken);
    }

    /// <summary>The instant at which the year to play ends; null if there is none to play.</summary>
    private async Task<DateTimeOffset?> StartedAtAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.Set<DemoRun>().SingleOrDefaultAsync(cancellationToken) is { } run)
        {
            return run.FinishedAt is null ? run.StartedAt : null;
        }

        if (await db.Users.AnyAsync(cancellationToken))
        {
            return null;
        }

        var fresh = new DemoRun { StartedAt = clock.Now() };
        db.Add(fresh);
        await db.SaveChangesAsync(cancellationToken);
        return fresh.StartedAt;
    }
}

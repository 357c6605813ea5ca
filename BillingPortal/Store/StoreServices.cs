using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace BillingPortal.Store;

/// <summary>Puts the store together for the configured engine.</summary>
public static class StoreServices
{
    /// <summary>Contexts by <see cref="IDbContextFactory{TContext}"/>, set-wise sessions, and the migrator.</summary>
    public static IServiceCollection AddStore(this IServiceCollection services, IConfiguration configuration)
    {
        var provider = configuration.GetValue("Database:Provider", DatabaseProvider.Sqlite);
        var configured = configuration.GetConnectionString("Billing") ?? new DatabaseOptions().ConnectionString;
        services.Configure<DatabaseOptions>(options =>
        {
            options.Provider = provider;
            options.ConnectionString = configured;
        });

        // The identity tables, passkeys included, follow this option; it is read through the application's services.
        services.Configure<IdentityOptions>(options => options.Stores.SchemaVersion = IdentitySchemaVersions.Version3);
        services.AddSingleton<Migrator>();
        services.AddSingleton<ChangeRelay>();
        services.AddSingleton<IdempotencyKeys>();
        services.AddSingleton<IdempotencySweep>();
        services.AddHostedService(provider => provider.GetRequiredService<IdempotencySweep>());
        return provider is DatabaseProvider.Sqlite ? services.AddSqlite(configured) : services.AddPostgres(configured);
    }

    private static IServiceCollection AddSqlite(this IServiceCollection services, string configured)
    {
        var connectionString = SqliteSetup.ConnectionString(configured);
        services.AddDbContextFactory<SqliteBillingDbContext>(options => options
            .UseSqlite(connectionString).AddInterceptors(new SqliteSetup.Interceptor()));
        services.AddSingleton<IStoreSessions>(provider => new SqliteSessions(connectionString, provider));
        services.AddHostedService(provider => ActivatorUtilities.CreateInstance<SqliteCheckpoints>(provider, connectionString));
        services.AddSingleton<IRateCounters, MemoryRateCounters>();
        return services.AddContext<SqliteBillingDbContext>();
    }

    private static IServiceCollection AddPostgres(this IServiceCollection services, string configured)
    {
        var builder = new NpgsqlConnectionStringBuilder(configured);
        if (builder.MaxAutoPrepare == 0)
        {
            builder.MaxAutoPrepare = 100;
        }

        services.AddSingleton(_ => NpgsqlDataSource.Create(builder));
        services.AddDbContextFactory<PostgresBillingDbContext>((provider, options) => options.UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>()));

        // The writer's statements look up a few keys in tables that grow for years. A plan made while a table was
        // small must not scan it once it is large, so on these connections only index look-ups are considered.
        var writer = new NpgsqlConnectionStringBuilder(builder.ToString())
        {
            Options = $"{builder.Options} -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off".TrimStart(),
        };
        services.AddSingleton<IStoreSessions>(provider => new PostgresSessions(NpgsqlDataSource.Create(writer), provider));
        services.AddSingleton<PostgresRateCounters>();
        services.AddSingleton<IRateCounters>(provider => provider.GetRequiredService<PostgresRateCounters>());
        services.AddHostedService(provider => provider.GetRequiredService<PostgresRateCounters>());
        services.AddHostedService<PostgresRelay>();
        return services.AddContext<PostgresBillingDbContext>();
    }

    private static IServiceCollection AddContext<TContext>(this IServiceCollection services)
        where TContext : BillingDbContext
    {
        services.AddSingleton<IDbContextFactory<BillingDbContext>, Factory<TContext>>();
        services.AddScoped<BillingDbContext>(provider => provider.GetRequiredService<IDbContextFactory<TContext>>().CreateDbContext());
        return services;
    }

    private sealed class Factory<TContext>(IDbContextFactory<TContext> inner) : IDbContextFactory<BillingDbContext>
        where TContext : BillingDbContext
    {
        public BillingDbContext CreateDbContext() => inner.CreateDbContext();

        public async Task<BillingDbContext> CreateDbContextAsync(CancellationToken cancellationToken = default) =>
            await inner.CreateDbContextAsync(cancellationToken);
    }
}

using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

// Started by `dotnet ef` only; the factories below are what it looks for.
return;

/// <summary>Gives the migration tool the portal's model on SQLite.</summary>
internal sealed class SqliteFactory : IDesignTimeDbContextFactory<SqliteBillingDbContext>
{
    public SqliteBillingDbContext CreateDbContext(string[] args) => Design.Context<SqliteBillingDbContext>("Sqlite", "Data Source=:memory:");
}

/// <summary>Gives the migration tool the portal's model on PostgreSQL.</summary>
internal sealed class PostgresFactory : IDesignTimeDbContextFactory<PostgresBillingDbContext>
{
    public PostgresBillingDbContext CreateDbContext(string[] args) => Design.Context<PostgresBillingDbContext>("Postgres", "Host=localhost");
}

internal static class Design
{
    /// <summary>The context as the portal itself would make it, so that the model is the same.</summary>
    public static TContext Context<TContext>(string provider, string connectionString)
        where TContext : BillingDbContext
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Database:Provider", provider), new("ConnectionStrings:Billing", connectionString)])
            .Build();
        return new ServiceCollection().AddLogging().AddStore(configuration).BuildServiceProvider()
            .GetRequiredService<IDbContextFactory<TContext>>().CreateDbContext();
    }
}

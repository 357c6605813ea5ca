using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Design;

/// <summary>Makes a context the way the portal does, because the identity tables follow options that are read through its services. Nothing connects.</summary>
internal abstract class ContextFactory<TContext>(DatabaseProvider provider, string connectionString) : IDesignTimeDbContextFactory<TContext>
    where TContext : BillingDbContext
{
    public TContext CreateDbContext(string[] args)
    {
        var configuration = new ConfigurationManager { ["Database:Provider"] = provider.ToString(), ["ConnectionStrings:Billing"] = connectionString };
        return new ServiceCollection()
            .AddStore(configuration)
            .BuildServiceProvider()
            .GetRequiredService<IDbContextFactory<TContext>>()
            .CreateDbContext();
    }
}

/// <summary>For <c>--context SqliteBillingDbContext</c>.</summary>
internal sealed class SqliteContextFactory() : ContextFactory<SqliteBillingDbContext>(DatabaseProvider.Sqlite, "Data Source=:memory:");

/// <summary>For <c>--context PostgresBillingDbContext</c>.</summary>
internal sealed class PostgresContextFactory() : ContextFactory<PostgresBillingDbContext>(DatabaseProvider.Postgres, "Host=localhost");

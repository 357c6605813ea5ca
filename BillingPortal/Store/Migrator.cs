using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Store;

/// <summary>Brings the database to the shape this build expects, under the engine's migration lock, so that any number of instances may start at once.</summary>
public sealed class Migrator(IDbContextFactory<BillingDbContext> contexts)
{
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Database.MigrateAsync(cancellationToken);
    }
}

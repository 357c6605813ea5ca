using System.Security.Cryptography;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Payments.Sandbox;

/// <summary>The secrets of webhooks: those configured under <c>Stripe:WebhookSecret</c> (one, several, or comma-separated), else the installation's own.</summary>
internal sealed class SandboxSecrets(IConfiguration configuration, IDbContextFactory<BillingDbContext> contexts, IStoreSessions stores) : IDisposable
{
    private const int SecretBytes = 32;

    private readonly SemaphoreSlim turn = new(1);
    private IReadOnlyList<string>? secrets;

    /// <summary>All that are accepted; the first signs.</summary>
    public async ValueTask<IReadOnlyList<string>> GetAsync(CancellationToken cancellationToken)
    {
        if (secrets is { } known)
        {
            return known;
        }

        // Many ask at once when the portal starts, and one secret is enough.
        await turn.WaitAsync(cancellationToken);
        try
        {
            return secrets ??= await ReadAsync(cancellationToken);
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();

    private async Task<IReadOnlyList<string>> ReadAsync(CancellationToken cancellationToken) =>
        WebhookSignature.ConfiguredSecrets(configuration) is { Count: > 0 } given ? given : [await OwnAsync(cancellationToken)];

    private async Task<string> OwnAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.Set<SandboxSecret>().AsNoTracking().OrderBy(row => row.Id).FirstOrDefaultAsync(cancellationToken) is { } stored)
        {
            return stored.Value;
        }

        var made = new SandboxSecret { Value = $"whsec_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SecretBytes))}" };
        db.Add(made);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return made.Value;
        }
        catch (DbUpdateException exception) when (stores.IsUniqueViolation(exception))
        {
            // Another instance made it first.
            db.ChangeTracker.Clear();
            return (await db.Set<SandboxSecret>().AsNoTracking().SingleAsync(cancellationToken)).Value;
        }
    }
}

using BillingPortal.Audit;
using BillingPortal.Store;
using BillingPortal.Tests.Api.Description;
using BillingPortal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Audit;

/// <summary>No operation that changes something goes unlogged, but for those named here.</summary>
public abstract class AuditWalkTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static readonly string[] Unlogged =
    [
        // The caller's own session and notices.
        "POST /api/auth/login", "POST /api/auth/refresh", "POST /api/v1/notifications/{id}/read", "POST /api/v1/notifications/read",
        // Usage, posts and gifts, which the ledger keeps with who made them.
        "POST /api/v1/usage/events", "POST /api/v1/holds", "POST /api/v1/holds/{id}/capture", "POST /api/v1/holds/{id}/release", "POST /api/posts", "POST /api/flows/gift",
        // Orders, which the payment keeps with who made them; what they buy is logged when it is there.
        "POST /api/v1/credits/purchase", "POST /api/v1/billing/subscription", "POST /api/v1/billing/wallet/topup", "POST /credits/packs/buy", "POST /v1/billing/checkout",
        // Events sent once more, which the delivery log keeps.
        "POST /v1/webhooks/{id}/test", "POST /v1/webhooks/{id}/deliveries/{deliveryId}/resend",
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_operation_that_changes_something_is_logged()
    {
        await using var site = Site.Start(store.Database, new Dictionary<string, string?> { ["RateLimits:PerMinute"] = "0" });
        var walk = await Walk.StartAsync(site);
        var unlogged = new List<string>();
        foreach (var operation in walk.Document.Operations.Where(operation => operation.Method is not ("GET" or "HEAD")))
        {
            using var call = await walk.CallAsync(operation);
            var before = await CountAsync(site);
            using var answer = await walk.User.SendAsync(call, Ct);
            Assert.True(answer.IsSuccessStatusCode, $"{operation}: {await answer.Content.ReadAsStringAsync(Ct)}");
            if (await CountAsync(site) == before)
            {
                unlogged.Add(operation.Name);
            }
        }

        unlogged.RemoveAll(Unlogged.Contains);
        Assert.True(unlogged.Count == 0, $"Nothing was logged of: {string.Join(", ", unlogged)}");
    }

    private static async Task<int> CountAsync(Site site)
    {
        await using var db = await site.Services.GetRequiredService<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Ct);
        return await db.Set<AuditEntry>().CountAsync(Ct);
    }
}

public sealed class AuditWalkTestsOnSqlite(StoreFixture<SqliteEngine> store) : AuditWalkTests<SqliteEngine>(store);

public sealed class AuditWalkTestsOnPostgres(StoreFixture<PostgresEngine> store) : AuditWalkTests<PostgresEngine>(store);

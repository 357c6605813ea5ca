using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Support;

/// <summary>Puts credit and usage where pages can show them.</summary>
internal static class Scenes
{
    /// <summary>Gives credit for pages to show.</summary>
    public static Task GiveAsync(this Site site, Person person, long credits, BucketKind kind, string creditType = CreditTypes.Credits, TimeSpan? life = null) =>
        site.DoAsync(new Grant
        {
            OrganizationId = person.OrganizationId,
            CreditType = creditType,
            Reference = $"test:{Guid.NewGuid():N}",
            Source = kind switch { BucketKind.Purchased => "pack", BucketKind.Promotional => "promo", _ => "plan" },
            Actor = "system:test",
            Type = kind is BucketKind.Purchased ? TransactionType.Purchase : TransactionType.Grant,
            Deposit = new Deposit(kind, Credits.FromWhole(credits), life is { } span ? site.Services.GetRequiredService<TimeProvider>().GetUtcNow() + span : null),
        });

    /// <summary>Uses credit as a metered operation does.</summary>
    public static Task UseAsync(this Site site, Person person, long credits, string operation = "image_to_html", string creditType = CreditTypes.Credits) =>
        site.DoAsync(new Charge
        {
            OrganizationId = person.OrganizationId,
            CreditType = creditType,
            Reference = $"test:{Guid.NewGuid():N}",
            Source = operation,
            Actor = "system:test",
            Amount = Credits.FromWhole(credits),
        });

    /// <summary>Reports one event of each operation, as an integrator does.</summary>
    public static async Task ReportAsync(this Site site, Person person, params string[] operations)
    {
        var results = await site.Services.GetRequiredService<UsageIngestion>().IngestAsync(
            person.Caller,
            [.. operations.Select(operation => new UsageEvent(Guid.NewGuid().ToString("N"), operation, null, null, UsageProperties.None))],
            TestContext.Current.CancellationToken);
        Assert.All(results, result => Assert.Equal(UsageStatus.Charged, result.Status));
    }

    /// <summary>Puts the person's organization on a plan, from now on.</summary>
    public static Task PutOnPlanAsync(this Site site, Person person, string plan) =>
        site.Services.GetRequiredService<PlanSubscriptions>().StartAsync(
            person.OrganizationId, plan, BillingInterval.Monthly, 1, site.Services.GetRequiredService<TimeProvider>().Now(), "system:test",
            TestContext.Current.CancellationToken);

    /// <summary>How many rows each table has, but for those named.</summary>
    public static async Task<IReadOnlyDictionary<string, long>> CountRowsAsync(this Site site, params string[] except)
    {
        await using var db = await site.Services.GetRequiredService<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(TestContext.Current.CancellationToken);
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var table in db.Model.GetEntityTypes().Select(entity => entity.GetTableName()!).Distinct().Except(except))
        {
            // A table's name cannot be a parameter; these come from the model.
            var count = $"SELECT COUNT(*) AS \"Value\" FROM {table}";
            counts[table] = await db.Database.SqlQueryRaw<long>(count).SingleAsync(TestContext.Current.CancellationToken);
        }

        return counts;
    }

    /// <summary>Waits until a page answers events, and does not only stand there.</summary>
    public static Task AliveAsync(this IPage page) => Assertions.Expect(page.Locator("[data-live]")).ToBeAttachedAsync();

    /// <summary>Nothing sticks out of the window's side.</summary>
    public static async Task AssertNoSidewaysScrollAsync(this IPage page) =>
        Assert.Equal(0, await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth"));

    private static async Task DoAsync(this Site site, WalletCommand command) =>
        Assert.IsType<PostResult.Posted>(await site.Services.GetRequiredService<WalletWriter>().ExecuteAsync(command, TestContext.Current.CancellationToken));
}

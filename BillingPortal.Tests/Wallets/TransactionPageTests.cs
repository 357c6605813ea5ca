using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;

namespace BillingPortal.Tests.Wallets;

public abstract class TransactionPageTests<TEngine>(WalletFixture<TEngine> store) : IClassFixture<WalletFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Any_page_of_any_window_is_what_one_finds_by_reading_everything()
    {
        var (caller, all) = await NewHistoryAsync(350);
        var random = new Random(20270310);
        for (var i = 0; i < 60; i++)
        {
            DateTimeOffset? Instant() => random.Next(4) == 0 ? null : all[random.Next(all.Count)].RecordedAt.AddMilliseconds(random.Next(-1, 2));
            var query = new TransactionPageQuery("credits", (TransactionDirection)random.Next(3), Instant(), Instant(), random.Next(1, 6), random.Next(1, 60));
            var expected = all
                .Where(one => (query.From is null || one.RecordedAt >= query.From) && (query.To is null || one.RecordedAt < query.To))
                .Where(one => query.Direction is TransactionDirection.All || one.Amount.IsPositive == (query.Direction is TransactionDirection.In))
                .ToList();

            var page = await store.Host.Pages.GetAsync(caller, query, Cancel);

            Assert.Equal(
                (query, expected.Count, string.Join(' ', expected.Skip((query.Page - 1) * query.Limit).Take(query.Limit).Select(one => one.Sequence))),
                (query, (int)page.Total, string.Join(' ', page.Transactions.Select(one => one.Sequence))));
        }
    }

    [Fact]
    public async Task Months_add_up_to_what_one_finds_by_reading_everything()
    {
        var (caller, all) = await NewHistoryAsync(120, TimeSpan.FromHours(77));

        var months = await store.Host.Months.GetAsync(caller, "credits", 24, Cancel);

        Assert.Equal(24, months.Count);
        foreach (var (index, month) in months.Index())
        {
            var within = all.Where(one => one.RecordedAt >= month.Start && one.RecordedAt < month.Start.AddMonths(1)).ToList();
            decimal Sum(Func<TransactionView, bool> of) => within.Where(of).Sum(one => one.Amount.ToDecimal());
            Assert.Equal(index == 0 ? month.Start : months[index - 1].Start.AddMonths(1), month.Start);
            Assert.Equal(Sum(one => one.Type is TransactionType.Purchase), month.Purchases);
            Assert.Equal(Sum(one => one.Type is TransactionType.Grant or TransactionType.GiftReceived), month.Grants);
            Assert.Equal(Sum(one => one.Amount.IsNegative), -month.Consumption);
            Assert.Equal(Sum(one => one.Type is TransactionType.Charge), -month.Usage);
            Assert.Equal(Sum(_ => true), month.Balance);
        }
    }

    [Fact]
    public async Task A_wallet_that_was_never_used_has_empty_pages_and_months_of_zeros()
    {
        var caller = Caller.ForSystem("test", "org_never");

        var page = await store.Host.Pages.GetAsync(caller, new TransactionPageQuery("credits", TransactionDirection.Out, null, null, 1, 50), Cancel);
        var months = await store.Host.Months.GetAsync(caller, "credits", 2, Cancel);

        Assert.Equal((0L, 0), (page.Total, page.Transactions.Count));
        Assert.All(months, month => Assert.Equal((0m, 0m), (month.Consumption, month.Balance)));
    }

    [Fact]
    public async Task A_key_needs_the_scope_of_the_credit_type()
    {
        var key = Caller.ForKey("key_1", "org_1", [Scopes.FlowsRead]);

        await Assert.ThrowsAsync<AccessDeniedException>(() => store.Host.Months.GetAsync(key, "credits", 1, Cancel));
        await Assert.ThrowsAsync<AccessDeniedException>(
            () => store.Host.Pages.GetAsync(key, new TransactionPageQuery("credits", TransactionDirection.All, null, null, 1, 1), Cancel));
    }

    /// <summary>A wallet with charges, grants, deductions and expiry over time; some of them within one millisecond.</summary>
    private async Task<(Caller Caller, IReadOnlyList<TransactionView> All)> NewHistoryAsync(int count, TimeSpan? step = null)
    {
        var wallet = await store.Host.NewWalletAsync(1_000_000);
        var random = new Random(count);
        for (var i = 0; i < count; i++)
        {
            if (random.Next(3) > 0)
            {
                store.Clock.Advance(step ?? TimeSpan.FromMilliseconds(random.Next(1, 5_000)));
            }

            var amount = Credits.FromMicros(random.Next(1, 50_000_000));
            var grant = Do.Grant(wallet, amount, store.Clock.GetUtcNow().AddMinutes(1));
            await store.Host.DoAsync(random.Next(8) switch
            {
                0 => grant,
                1 => grant with { Type = TransactionType.Purchase },
                2 => Do.Deduct(wallet, amount),
                _ => Do.Charge(wallet, amount),
            });
        }

        var caller = Caller.ForSystem("test", wallet.OrganizationId);
        return (caller, (await store.Host.History.ListAsync(caller, new TransactionQuery("credits", [], Limit: 1000), Cancel)).Transactions);
    }
}

public sealed class TransactionPageTestsOnSqlite(WalletFixture<SqliteEngine> store) : TransactionPageTests<SqliteEngine>(store);

public sealed class TransactionPageTestsOnPostgres(WalletFixture<PostgresEngine> store) : TransactionPageTests<PostgresEngine>(store);

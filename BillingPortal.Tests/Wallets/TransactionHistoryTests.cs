using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;

namespace BillingPortal.Tests.Wallets;

public abstract class TransactionHistoryTests<TEngine>(WalletFixture<TEngine> store) : IClassFixture<WalletFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static readonly Credits One = Credits.FromWhole(1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pages_follow_each_other_newest_first_without_gap_or_repetition()
    {
        var wallet = await store.Host.NewWalletAsync(100);
        for (var i = 0; i < 24; i++)
        {
            await store.Host.DoAsync(Do.Charge(wallet, One));
        }

        var caller = CallerOf(wallet);
        var seen = new List<long>();
        var sizes = new List<int>();
        long? before = null;
        do
        {
            var page = await store.Host.History.ListAsync(caller, new TransactionQuery("credits", [], BeforeSequence: before, Limit: 10), Cancel);
            seen.AddRange(page.Transactions.Select(transaction => transaction.Sequence));
            sizes.Add(page.Transactions.Count);
            before = page.NextBeforeSequence;
        }
        while (before is not null);

        Assert.Equal([10, 10, 5], sizes);
        Assert.Equal(Enumerable.Range(1, 25).Select(number => (long)number).Reverse(), seen);
        Assert.Equal(25, await store.Host.History.CountAsync(caller, new TransactionQuery("credits", []), Cancel));
    }

    [Fact]
    public async Task A_page_that_ends_with_the_last_transaction_has_no_next()
    {
        var wallet = await store.Host.NewWalletAsync(1);

        var page = await store.Host.History.ListAsync(CallerOf(wallet), new TransactionQuery("credits", [], Limit: 1), Cancel);

        Assert.Single(page.Transactions);
        Assert.Null(page.NextBeforeSequence);
    }

    [Fact]
    public async Task Types_and_times_narrow_what_is_read()
    {
        var wallet = await store.Host.NewWalletAsync(100);
        store.Clock.Advance(TimeSpan.FromMinutes(1));
        var from = store.Clock.GetUtcNow();
        await store.Host.DoAsync(Do.Charge(wallet, One));
        await store.Host.DoAsync(Do.Deduct(wallet, One));
        store.Clock.Advance(TimeSpan.FromMinutes(1));
        var to = store.Clock.GetUtcNow();
        await store.Host.DoAsync(Do.Charge(wallet, One));

        Assert.Equal([TransactionType.Adjusted, TransactionType.Charge], await TypesAsync(new TransactionQuery("credits", [], from, to)));
        Assert.Equal([TransactionType.Charge, TransactionType.Charge], await TypesAsync(new TransactionQuery("credits", [TransactionType.Charge])));
        Assert.Equal([TransactionType.Grant], await TypesAsync(new TransactionQuery("credits", [], To: from)));
        Assert.Empty(await TypesAsync(new TransactionQuery("flows", [])));

        async Task<IEnumerable<TransactionType>> TypesAsync(TransactionQuery query) =>
            (await store.Host.History.ListAsync(CallerOf(wallet), query, Cancel)).Transactions.Select(transaction => transaction.Type);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1001)]
    public async Task A_page_has_1_to_1000_transactions(int limit) => await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
        () => store.Host.History.ListAsync(Caller.ForSystem("test", "org_1"), new TransactionQuery("credits", [], Limit: limit), Cancel));

    [Fact]
    public async Task The_legs_of_a_charge_name_the_buckets_that_paid()
    {
        var wallet = await store.Host.NewWalletAsync(1);
        await store.Host.DoAsync(Do.Grant(wallet, One, store.Clock.GetUtcNow().AddDays(1), BucketKind.Daily));
        var charged = Assert.IsType<PostResult.Posted>(await store.Host.DoAsync(Do.Charge(wallet, One + Credits.FromMicros(1))));

        var legs = await store.Host.History.GetPostingsAsync(CallerOf(wallet), charged.Transactions[0].Id, Cancel);

        Assert.Equal(
            [(BucketKind.Daily, -One), (BucketKind.Promotional, Credits.FromMicros(-1)), (null, One + Credits.FromMicros(1))],
            legs.Select(leg => (leg.Bucket?.Kind, leg.Amount)));
        Assert.Equal("consumed", legs[2].Account);
    }

    [Fact]
    public async Task Days_hold_what_each_kind_of_transaction_moved_and_continue_each_other()
    {
        var wallet = await store.Host.NewWalletAsync(100);
        await store.Host.DoAsync(Do.Charge(wallet, One));
        await store.Host.DoAsync(Do.Charge(wallet, Credits.FromMicros(1)));
        var first = DateOnly.FromDateTime(store.Clock.GetUtcNow().UtcDateTime);
        store.Clock.Advance(TimeSpan.FromDays(1));
        await store.Host.DoAsync(Do.Deduct(wallet, One));

        var before = await store.Host.Days.GetAsync(CallerOf(wallet), "credits", first, first, Cancel);
        var after = await store.Host.Days.GetAsync(CallerOf(wallet), "credits", first.AddDays(1), first.AddDays(2), Cancel);

        Assert.Equal(0, before.Opening);
        Assert.Equal(
            [(TransactionType.Charge, -1.000001m, 2L), (TransactionType.Grant, 100m, 1L)],
            before.Movements.Select(movement => (movement.Type, movement.Amount, movement.Transactions)));
        Assert.Equal((98.999999m, 98.999999m), (before.Closing, after.Opening));
        Assert.Equal([new WalletMovement(first.AddDays(1), TransactionType.Adjusted, -1, 1)], after.Movements);
        Assert.Equal(97.999999m, after.Closing);
        Assert.Empty((await store.Host.Days.GetAsync(CallerOf(await store.Host.NewWalletAsync()), "credits", first, first, Cancel)).Movements);
    }

    [Fact]
    public async Task Another_organizations_transactions_are_not_there()
    {
        var (ann, ben) = (await store.Host.NewWalletAsync(5, giftable: true), await store.Host.NewWalletAsync());
        var gift = Assert.IsType<PostResult.Posted>(await store.Host.DoAsync(Do.Gift(ann, ben, One)));
        var (sent, received) = (gift.Transactions[0].Id, gift.Transactions[1].Id);

        Assert.NotNull(await store.Host.History.FindAsync(CallerOf(ann), sent, Cancel));
        Assert.Null(await store.Host.History.FindAsync(CallerOf(ben), sent, Cancel));
        Assert.Null(await store.Host.History.FindAsync(CallerOf(ann), received, Cancel));
        Assert.NotEmpty(await store.Host.History.GetPostingsAsync(CallerOf(ben), received, Cancel));
        Assert.Empty(await store.Host.History.GetPostingsAsync(CallerOf(ben), sent, Cancel));
        Assert.All(
            (await store.Host.History.ListAsync(CallerOf(ben), new TransactionQuery("credits", []), Cancel)).Transactions,
            transaction => Assert.Equal(received, transaction.Id));
    }

    [Fact]
    public async Task A_key_reads_only_the_credit_types_of_its_scopes()
    {
        var wallet = await store.Host.NewWalletAsync(1);
        var billing = Caller.ForKey("key_1", wallet.OrganizationId, [Scopes.BillingRead]);
        var flows = Caller.ForKey("key_2", wallet.OrganizationId, [Scopes.FlowsRead]);

        Assert.Equal(One, (await store.Host.Reader.GetBalanceAsync(billing, "credits", Cancel)).Available);
        Assert.Equal(Credits.Zero, (await store.Host.Reader.GetBalanceAsync(flows, "flows", Cancel)).Available);
        await Assert.ThrowsAsync<AccessDeniedException>(() => store.Host.Reader.GetBalanceAsync(flows, "credits", Cancel));
        await Assert.ThrowsAsync<AccessDeniedException>(() => store.Host.Reader.GetWalletAsync(billing, "flows", Cancel));
        await Assert.ThrowsAsync<AccessDeniedException>(() => store.Host.History.ListAsync(flows, new TransactionQuery("credits", []), Cancel));
        await Assert.ThrowsAsync<AccessDeniedException>(() => store.Host.History.CountAsync(flows, new TransactionQuery("credits", []), Cancel));
        await Assert.ThrowsAsync<AccessDeniedException>(() => store.Host.History.FindAsync(flows, "tx_1", Cancel));
        await Assert.ThrowsAsync<AccessDeniedException>(() => store.Host.History.GetPostingsAsync(flows, "tx_1", Cancel));
        await Assert.ThrowsAsync<AccessDeniedException>(() => store.Host.Days.GetAsync(flows, "credits", default, default, Cancel));
    }

    private static Caller CallerOf(WalletKey wallet) => Caller.ForUser("user_1", wallet.OrganizationId, MemberRole.Member);
}

public sealed class TransactionHistoryTestsOnSqlite(WalletFixture<SqliteEngine> store) : TransactionHistoryTests<SqliteEngine>(store);

public sealed class TransactionHistoryTestsOnPostgres(WalletFixture<PostgresEngine> store) : TransactionHistoryTests<PostgresEngine>(store);

using System.Data.Common;
using System.Globalization;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Wallets;

/// <summary>A sound ledger verifies, whatever was done to it, and the database refuses the simplest ways of making it unsound.</summary>
public abstract class LedgerVerificationTests<TEngine>(WalletFixture<TEngine> store) : IClassFixture<WalletFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Theory]
    [InlineData("transactions", "reference = 'other'")]
    [InlineData("postings", "amount_micros = 0")]
    [InlineData("posted_references", "reference = 'other'")]
    public async Task The_database_refuses_to_change_or_delete_what_is_posted(string table, string change)
    {
        var wallet = await store.Host.NewWalletAsync(5);
        var ours = $"WHERE organization_id = '{wallet.OrganizationId}'";
        string[] statements = [$"UPDATE {table} SET {change} {ours}", $"DELETE FROM {table} {ours}", $"DELETE FROM {table}"];
        if (store.Database.Provider is "Postgres")
        {
            statements = [.. statements, $"TRUNCATE {table}", $"TRUNCATE {table} CASCADE"];
        }

        foreach (var statement in statements)
        {
            var refusal = await Assert.ThrowsAnyAsync<DbException>(() => store.SqlAsync(statement));
            Assert.Contains("posted rows are never changed", refusal.Message, StringComparison.Ordinal);
        }

        await store.Host.AssertSoundAsync();
    }

    [Theory]
    [InlineData("UPDATE buckets SET remaining_micros = -1 WHERE organization_id = '{0}'")]
    [InlineData("UPDATE buckets SET remaining_micros = amount_micros + 1 WHERE organization_id = '{0}'")]
    public async Task The_database_refuses_a_bucket_below_zero_or_above_its_amount(string statement)
    {
        var wallet = await store.Host.NewWalletAsync(5);

        await Assert.ThrowsAnyAsync<DbException>(() => store.SqlAsync(string.Format(CultureInfo.InvariantCulture, statement, wallet.OrganizationId)));
    }

    [Fact]
    public async Task A_ledger_of_every_kind_of_deed_verifies_and_is_counted()
    {
        var (ann, ben) = (await store.Host.NewWalletAsync(50, giftable: true), await store.Host.NewWalletAsync());
        await store.Host.DoAsync(Do.Gift(ann, ben, Credits.FromWhole(5)));
        await store.Host.DoAsync(Do.Grant(ann, Credits.FromWhole(3), kind: BucketKind.Purchased, origin: "pay_1"));
        await store.Host.DoAsync(Do.Charge(ann, Credits.FromWhole(48)));
        await store.Host.DoAsync(Do.ClawBack(ann, "pay_1", Credits.FromWhole(3)));
        await store.Host.DoAsync(Do.Charge(ben, Credits.FromWhole(9)) with { OverdraftLimit = Credits.FromWhole(10) });
        await store.Host.DoAsync(Do.Grant(ben, Credits.FromWhole(2)));
        await store.Host.DoAsync(Do.Grant(ben, Credits.FromWhole(2), store.Clock.GetUtcNow().AddSeconds(1)));
        store.Clock.Advance(TimeSpan.FromSeconds(1));
        await store.Host.Sweep.SweepAsync(TestContext.Current.CancellationToken);

        var report = await store.Host.Verification.VerifyAsync(null, TestContext.Current.CancellationToken);

        Assert.Empty(report.Faults);
        Assert.True(report.Wallets >= 2 && report.Transactions >= 9 && report.Postings >= 18);
    }

    [Fact]
    public async Task A_ledger_whose_sums_pass_64_bits_still_verifies()
    {
        foreach (var wallet in new[] { await store.Host.NewWalletAsync(), await store.Host.NewWalletAsync(), await store.Host.NewWalletAsync() })
        {
            await store.Host.DoAsync(Do.Grant(wallet, Credits.MaxValue));
            await store.Host.DoAsync(Do.Charge(wallet, Credits.MaxValue));
            await store.Host.DoAsync(Do.Grant(wallet, Credits.MaxValue));
        }

        await store.Host.AssertSoundAsync();
    }

    [Fact]
    public async Task Verification_under_load_sees_one_instant()
    {
        var wallets = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => store.Host.NewWalletAsync(1000, giftable: true)));
        using var stop = new CancellationTokenSource();
        var load = Enumerable.Range(0, 8).Select(caller => Task.Run(async () =>
        {
            for (var i = caller; !stop.IsCancellationRequested; i++)
            {
                await store.Host.DoAsync(Do.Gift(wallets[i % 4], wallets[(i + 1 + (caller % 3)) % 4], Credits.FromMicros(1000 + i)));
            }
        })).ToArray();

        for (var i = 0; i < 5; i++)
        {
            await store.Host.AssertSoundAsync();
        }

        await stop.CancelAsync();
        await Task.WhenAll(load);
    }
}

public sealed class LedgerVerificationTestsOnSqlite(WalletFixture<SqliteEngine> store) : LedgerVerificationTests<SqliteEngine>(store);

public sealed class LedgerVerificationTestsOnPostgres(WalletFixture<PostgresEngine> store) : LedgerVerificationTests<PostgresEngine>(store);

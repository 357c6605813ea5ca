using System.Collections.Immutable;
using BillingPortal.Components;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Wallets;

namespace BillingPortal.Tests.Components;

public sealed class BalanceOutlookTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 16, 12, 0, 0, TimeSpan.Zero);

    private static readonly DateOnly Today = new(2026, 6, 16);

    [Fact]
    public void Past_days_close_where_their_movements_led_and_today_is_what_can_be_spent()
    {
        var statement = new WalletStatement(100,
        [
            new(Today.AddDays(-2), TransactionType.Charge, -30, 3),
            new(Today.AddDays(-1), TransactionType.Purchase, 500, 1),
            new(Today, TransactionType.Charge, -70, 1),
        ]);

        var outlook = Outlook([Bucket(BucketKind.Purchased, 500)], statement, []);

        Assert.Equal(BalanceOutlook.Days + 1, outlook.Past.Count);
        Assert.Equal([100, 70, 570, 500], outlook.Past.TakeLast(4).Select(point => point.Balance));
        Assert.Equal(500, outlook.Past[^2].Added);
        Assert.Empty(outlook.Ahead);
    }

    [Fact]
    public void Days_ahead_spread_between_a_busy_and_a_quiet_pace_and_never_fall_below_zero()
    {
        var outlook = Outlook([Bucket(BucketKind.Purchased, 1_000)], new(0, []), [50, 100, 100, 200, 200]);

        Assert.Equal(new BalanceForecast(Today.AddDays(1), 800, 870, 900), outlook.Ahead[0]);
        Assert.Equal((Today.AddDays(5), Today.AddDays(10)), (outlook.EmptyFrom!.Value, outlook.EmptyBy!.Value));
        Assert.All(outlook.Ahead, day => Assert.True(day.Low >= 0 && day.Low <= day.Likely && day.Likely <= day.High));
    }

    [Fact]
    public void What_expires_is_gone_and_what_renews_is_there()
    {
        var plan = new PlanSummary("Pro", false, Credits.FromWhole(300), Credits.Zero, 0, 1, false, true, Now.AddDays(10));

        var outlook = Outlook([Bucket(BucketKind.Plan, 900, Now.AddDays(10)), Bucket(BucketKind.Purchased, 50)], new(0, []), [10, 10, 10], plan);

        Assert.Equal([860, 340, 330], [outlook.Ahead[8].Likely, outlook.Ahead[9].Likely, outlook.Ahead[10].Likely]);
        Assert.Null(outlook.EmptyFrom);
    }

    private static BalanceOutlook Outlook(ImmutableArray<Bucket> buckets, WalletStatement statement, long[] days, PlanSummary? plan = null) => BalanceOutlook.Of(
        new Wallet(new WalletKey("org_1", "credits"), 1, Credits.Sum(buckets.Select(bucket => bucket.Remaining)), buckets, []),
        statement,
        new UsageBurn([.. days.Select(Credits.FromWhole)]),
        plan ?? new PlanSummary("Free", true, Credits.Zero, Credits.Zero, 0, 1, false, false, Now.AddDays(30)),
        Now);

    private static Bucket Bucket(BucketKind kind, long left, DateTimeOffset? expiresAt = null) => new(
        $"bkt_{kind}", kind, Credits.FromWhole(left), Credits.FromWhole(left), null, Now.AddDays(-1), expiresAt, "test", null, false);
}

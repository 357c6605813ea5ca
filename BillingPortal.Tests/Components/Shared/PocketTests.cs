using System.Collections.Immutable;
using BillingPortal.Catalog;
using BillingPortal.Components.Shared;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;
using Bunit;

namespace BillingPortal.Tests.Components.Shared;

public sealed class PocketTests : BunitContext
{
    private static readonly DateTimeOffset Now = new ManualClock().GetUtcNow();

    [Fact]
    public void Pockets_stand_in_the_order_they_are_spent_and_say_what_ends_first()
    {
        var summary = Summary(
            [Bucket(BucketKind.Purchased, 5_000), Bucket(BucketKind.Promotional, 40, 9), Bucket(BucketKind.Promotional, 100, 3), Bucket(BucketKind.Plan, 2_000, 12)]);

        Assert.Equal([BucketKind.Plan, BucketKind.Promotional, BucketKind.Purchased], summary.Pockets.Select(pocket => pocket.Kind));
        Assert.Equal(Credits.FromWhole(7_140), summary.Available);
        Assert.Equal((BucketKind.Promotional, Credits.FromWhole(100)), (summary.FirstToExpire!.Kind, summary.FirstToExpire.NextExpiry));
    }

    [Fact]
    public void What_has_expired_or_not_begun_is_not_shown() =>
        Assert.Empty(Summary([Bucket(BucketKind.Plan, 10, 0), Bucket(BucketKind.Plan, 10) with { EffectiveAt = Now.AddHours(1) }]).Pockets);

    [Fact]
    public void Reserved_credit_is_taken_off_the_pockets_that_would_pay_first()
    {
        var bar = Render<PocketBar>(part => part.Add(
            p => p.Wallet, Summary([Bucket(BucketKind.Plan, 30), Bucket(BucketKind.Purchased, 100)], new Hold("hold_1", Credits.FromWhole(50), Now.AddHours(1)))));

        Assert.Equal(["held:--share:50", "tone-purchased:--share:80"], bar.FindAll("i").Select(slice => $"{slice.ClassName}:{slice.GetAttribute("style")}"));
        Assert.Equal("Plan credits 30, Pack credits 100, of which 50 reserved", bar.Find("[role=img]").GetAttribute("aria-label"));
    }

    [Fact]
    public void What_is_owed_has_a_pocket_of_its_own()
    {
        var debt = Bucket(BucketKind.Overdraft, 500) with { Remaining = Credits.FromWhole(-120) };
        var summary = Summary([debt]);

        Assert.Equal(Credits.FromWhole(-120), summary.Available);
        Assert.Equal("owed", Render<PocketBar>(part => part.Add(p => p.Wallet, summary)).Find("i").ClassName);
    }

    [Fact]
    public void An_empty_wallet_says_so() =>
        Assert.Equal("Empty", Render<PocketBar>(part => part.Add(p => p.Wallet, Summary([]))).Find("[role=img]").GetAttribute("aria-label"));

    private static WalletSummary Summary(ImmutableArray<Bucket> buckets, params ImmutableArray<Hold> holds) =>
        WalletSummary.Of(new Wallet(new WalletKey("org_1", CreditTypes.Credits), 1, Credits.Sum(buckets.Select(bucket => bucket.Remaining)), buckets, holds), Now);

    private static Bucket Bucket(BucketKind kind, long credits, int? days = null) => new(
        $"bkt_{Guid.NewGuid():N}", kind, Credits.FromWhole(credits), Credits.FromWhole(credits), null, Now.AddDays(-1),
        days is { } left ? Now.AddDays(left) : null, "test", null, false);
}

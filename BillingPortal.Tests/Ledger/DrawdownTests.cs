using System.Numerics;
using BillingPortal.Ledger;
using FsCheck;
using FsCheck.Fluent;

namespace BillingPortal.Tests.Ledger;

/// <summary>Laws of a debit over buckets of any size, up to what 64 bits can say.</summary>
public sealed class DrawdownTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 16, 12, 0, 0, TimeSpan.Zero);

    private static readonly Gen<long> Sizes = Gen.Frequency(
        (3, Gen.Choose(0, 20).Select(micros => (long)micros)),
        (2, Gen.Choose(0, int.MaxValue).Select(micros => micros * 4_000_000_000L)),
        (1, Gen.Constant(long.MaxValue)));

    private static readonly Gen<Bucket> Buckets =
        from id in Gen.Choose(0, 999_999)
        from kind in Gen.Elements(BucketKind.Daily, BucketKind.Plan, BucketKind.Promotional, BucketKind.Purchased)
        from remaining in Sizes
        from priority in Gen.Frequency((4, Gen.Constant<int?>(null)), (1, Gen.Choose(-5, 500).Select(priority => (int?)priority)))
        from effective in Gen.Choose(-3, 1)
        from expiry in Gen.Frequency((1, Gen.Constant<int?>(null)), (2, Gen.Choose(-1, 3).Select(millis => (int?)millis)))
        select new Bucket(
            $"bkt_{id:D6}", kind, Credits.MaxValue, Credits.FromMicros(remaining), priority, Now.AddMilliseconds(effective),
            expiry is null ? null : Now.AddMilliseconds(expiry.Value), "test", null, false);

    private static readonly Arbitrary<(Bucket[] Buckets, long Amount)> Debits = Arb.From(
        from buckets in Buckets.ListOf()
        from amount in Sizes
        select (buckets.DistinctBy(bucket => bucket.Id).ToArray(), amount));

    [Fact]
    public void Draws_and_shortfall_add_up_to_the_amount() => ForEachDebit((_, amount, plan) =>
        Assert.Equal(amount, plan.Draws.Aggregate((BigInteger)plan.Shortfall.Micros, (sum, draw) => sum + draw.Amount.Micros)));

    [Fact]
    public void A_draw_takes_something_of_a_bucket_that_counts_and_no_more_than_is_left() => ForEachDebit((buckets, _, plan) =>
    {
        Assert.All(plan.Draws, draw => Assert.InRange(draw.Amount.Micros, 1, draw.Bucket.Remaining.Micros));
        Assert.All(plan.Draws, draw => Assert.True(draw.Bucket.EffectiveAt <= Now && (draw.Bucket.ExpiresAt is null || draw.Bucket.ExpiresAt > Now)));
        Assert.Distinct(plan.Draws.Select(draw => draw.Bucket.Id));
    });

    [Fact]
    public void Nothing_is_short_while_a_bucket_that_counts_has_something_left() => ForEachDebit((buckets, amount, plan) =>
    {
        var live = buckets.Where(bucket => bucket.EffectiveAt <= Now && (bucket.ExpiresAt is null || bucket.ExpiresAt > Now))
            .Aggregate(BigInteger.Zero, (sum, bucket) => sum + bucket.Remaining.Micros);
        Assert.Equal(BigInteger.Max(0, amount - live), plan.Shortfall.Micros);
    });

    [Fact]
    public void A_bucket_is_touched_only_when_all_before_it_are_empty() => ForEachDebit((buckets, _, plan) =>
    {
        var order = buckets.Where(bucket => bucket.Remaining.IsPositive && bucket.EffectiveAt <= Now && (bucket.ExpiresAt is null || bucket.ExpiresAt > Now))
            .OrderBy(bucket => bucket.Priority ?? 100 * Array.IndexOf(["Daily", "Plan", "Promotional", "Purchased"], bucket.Kind.ToString()))
            .ThenBy(bucket => bucket.ExpiresAt?.UtcTicks ?? long.MaxValue)
            .ThenBy(bucket => bucket.EffectiveAt.UtcTicks)
            .ThenBy(bucket => bucket.Id, StringComparer.Ordinal);
        Assert.Equal(order.Take(plan.Draws.Length).Select(bucket => bucket.Id), plan.Draws.Select(draw => draw.Bucket.Id));
        Assert.All(plan.Draws.SkipLast(1), draw => Assert.Equal(draw.Bucket.Remaining, draw.Amount));
    });

    private static void ForEachDebit(Action<Bucket[], long, DrawdownPlan> law) => Prop
        .ForAll(Debits, debit => law(debit.Buckets, debit.Amount, Drawdown.Plan(debit.Buckets, Credits.FromMicros(debit.Amount), Now)))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(2000).WithQuietOnSuccess(true));
}

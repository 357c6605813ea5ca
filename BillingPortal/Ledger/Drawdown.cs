using System.Collections.Immutable;

namespace BillingPortal.Ledger;

/// <summary>What one bucket gives to a debit.</summary>
public readonly record struct Draw(Bucket Bucket, Credits Amount);

/// <summary>Which buckets a debit takes from, and what they cannot cover.</summary>
public sealed record DrawdownPlan(ImmutableArray<Draw> Draws, Credits Shortfall)
{
    public Credits Drawn => Credits.Sum(Draws.Select(draw => draw.Amount));
}

/// <summary>Takes an amount from buckets in the spending order.</summary>
/// <remarks>Source: design §2, "Spending order": daily → plan → promotional → purchased, soonest expiry, oldest.</remarks>
public static class Drawdown
{
    /// <summary>Plans a debit of <paramref name="amount"/> from those of <paramref name="buckets"/> that count at <paramref name="now"/>.</summary>
    /// <param name="buckets">In any order; the overdraft bucket is passed over, for it holds nothing to take.</param>
    /// <param name="amount">Zero or more.</param>
    /// <param name="now">The instant of the debit.</param>
    public static DrawdownPlan Plan(IEnumerable<Bucket> buckets, Credits amount, DateTimeOffset now)
    {
        var draws = ImmutableArray.CreateBuilder<Draw>();
        var left = amount;
        foreach (var bucket in buckets.Where(bucket => bucket.Remaining.IsPositive && bucket.IsLiveAt(now)).Order(DrawdownOrder.Instance))
        {
            if (left.IsZero)
            {
                break;
            }

            var taken = Credits.Min(bucket.Remaining, left);
            draws.Add(new Draw(bucket, taken));
            left -= taken;
        }

        return new DrawdownPlan(draws.ToImmutable(), left);
    }
}

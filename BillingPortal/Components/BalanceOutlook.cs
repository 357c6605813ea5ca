using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Wallets;

namespace BillingPortal.Components;

/// <summary>A wallet at the end of a day that is over, or now.</summary>
/// <param name="Day">The UTC day.</param>
/// <param name="Balance">Posted balance in credits.</param>
/// <param name="Added">Credits granted, bought or received on it.</param>
public sealed record BalancePoint(DateOnly Day, decimal Balance, decimal Added);

/// <summary>What a wallet may hold at the end of a day to come, in credits; never below zero.</summary>
/// <param name="Day">The UTC day.</param>
/// <param name="Low">At the pace of busy days.</param>
/// <param name="Likely">At the average pace.</param>
/// <param name="High">At the pace of quiet days.</param>
public sealed record BalanceForecast(DateOnly Day, decimal Low, decimal Likely, decimal High);

/// <summary>A wallet's last days and its next ones.</summary>
/// <param name="Past">Ascending, the last one is today.</param>
/// <param name="Ahead">Ascending from tomorrow; empty if too little was used to say.</param>
public sealed record BalanceOutlook(IReadOnlyList<BalancePoint> Past, IReadOnlyList<BalanceForecast> Ahead)
{
    /// <summary>How many days are shown on either side of now.</summary>
    public const int Days = 30;

    /// <summary>The first day on which it may be used up; null: not within these days.</summary>
    public DateOnly? EmptyFrom => Ahead.FirstOrDefault(day => day.Low == 0)?.Day;

    /// <summary>The first day on which even quiet days have used it up; null: not within these days.</summary>
    public DateOnly? EmptyBy => Ahead.FirstOrDefault(day => day.High == 0)?.Day;

    /// <param name="wallet">As it stands now.</param>
    /// <param name="statement">Its last <see cref="Days"/> days and today.</param>
    /// <param name="burn">The pace.</param>
    /// <param name="plan">What renews, and when.</param>
    /// <param name="now">The instant.</param>
    public static BalanceOutlook Of(Wallet wallet, WalletStatement statement, UsageBurn burn, PlanSummary plan, DateTimeOffset now)
    {
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        var past = new List<BalancePoint>(Days + 1);
        var movements = statement.Movements.ToLookup(movement => movement.Day);
        var balance = statement.Opening;
        for (var day = today.AddDays(-Days); day < today; day = day.AddDays(1))
        {
            balance += movements[day].Sum(movement => movement.Amount);
            past.Add(new BalancePoint(day, balance, AddedOn(movements[day])));
        }

        // Now as the page says it in figures, what is due but not yet posted included.
        var available = wallet.AvailableAt(now).ToDecimal();
        past.Add(new BalancePoint(today, available, AddedOn(movements[today])));
        if (Runway.Estimate(wallet.AvailableAt(now), burn) is null)
        {
            return new BalanceOutlook(past, []);
        }

        var paces = new[] { burn.High, burn.Average, burn.Low }.Select(pace => Simulate(wallet, pace.ToDecimal(), plan, now)).ToArray();
        return new BalanceOutlook(past, [.. Enumerable.Range(0, Days).Select(i => new BalanceForecast(today.AddDays(i + 1), paces[0][i], paces[1][i], paces[2][i]))]);
    }

    private static decimal AddedOn(IEnumerable<WalletMovement> movements) =>
        movements.Where(movement => movement.Type is TransactionType.Grant or TransactionType.Purchase or TransactionType.GiftReceived).Sum(movement => movement.Amount);

    /// <summary>Spends a pace a day in the ledger's order, lets expire what expires and adds the plan's allowance where it renews.</summary>
    private static decimal[] Simulate(Wallet wallet, decimal pace, PlanSummary plan, DateTimeOffset now)
    {
        var lots = wallet.Buckets.Where(bucket => bucket.IsLiveAt(now)).Order(DrawdownOrder.Instance)
            .Select(bucket => (Left: bucket.Remaining.ToDecimal(), Ends: bucket.ExpiresAt)).ToList();
        Spend(lots, wallet.HeldAt(now).ToDecimal());
        var balances = new decimal[Days];
        var (renewals, next) = (0, plan.RenewsAt);
        for (var i = 0; i < Days; i++)
        {
            var end = now.AddDays(i + 1);
            lots.RemoveAll(lot => lot.Ends <= end);
            if (plan.Allowance.IsPositive && next <= end)
            {
                next = plan.RenewsAt.AddMonths(++renewals);
                lots.Insert(0, (plan.Allowance.ToDecimal(), next));
            }

            Spend(lots, pace);
            balances[i] = Math.Max(0, lots.Sum(lot => lot.Left));
        }

        return balances;
    }

    private static void Spend(List<(decimal Left, DateTimeOffset? Ends)> lots, decimal amount)
    {
        for (var i = 0; i < lots.Count && amount > 0; i++)
        {
            var taken = Math.Clamp(lots[i].Left, 0, amount);
            lots[i] = lots[i] with { Left = lots[i].Left - taken };
            amount -= taken;
        }
    }
}

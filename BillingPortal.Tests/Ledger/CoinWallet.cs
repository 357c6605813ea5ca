namespace BillingPortal.Tests.Ledger;

/// <summary>One micro-credit of a lot.</summary>
internal sealed record Coin(string Lot, bool Purchased, int Rank, long? Until, long Born, bool Giftable, string? Origin);

/// <summary>
/// The ledger's rules told a second time, without its arithmetic: every micro-credit is a coin of its own, a debit takes coins off a sorted
/// list one after the other, and what is left of a lot is counted. Slow, and too simple to be wrong in the same way.
/// </summary>
internal sealed class CoinWallet
{
    private readonly List<Coin> coins = [];
    private readonly List<(string Id, int Amount, long Until)> holds = [];

    public int Debt { get; private set; }

    /// <summary>How many coins of each lot there are, expired ones included until they are swept.</summary>
    public Dictionary<string, int> Lots => coins.GroupBy(coin => coin.Lot).ToDictionary(lot => lot.Key, lot => lot.Count());

    public IEnumerable<long> Deadlines => coins.Select(coin => coin.Until).OfType<long>().Concat(holds.Select(hold => hold.Until)).Distinct();

    public int BalanceAt(long now) => coins.Count(coin => Counts(coin, now)) - Debt;

    public int HeldAt(long now) => holds.Where(hold => hold.Until > now).Sum(hold => hold.Amount);

    public int AvailableAt(long now) => BalanceAt(now) - HeldAt(now);

    public int GiftableAt(long now) => Math.Max(0, Math.Min(coins.Count(coin => coin.Giftable && Counts(coin, now)), AvailableAt(now)));

    public void Sweep(long now)
    {
        coins.RemoveAll(coin => !Counts(coin, now));
        holds.RemoveAll(hold => hold.Until <= now);
    }

    public void Put(IEnumerable<Coin> lot, long now)
    {
        foreach (var coin in lot)
        {
            if (Debt > 0 && Counts(coin, now))
            {
                Debt--;
            }
            else
            {
                coins.Add(coin);
            }
        }
    }

    /// <summary>The coins taken, in the order taken; null if refused.</summary>
    public List<Coin>? Spend(int amount, int overdraft, long now)
    {
        if (AvailableAt(now) - amount < -overdraft)
        {
            return null;
        }

        var taken = Take(amount, _ => true, now);
        Debt += amount - taken.Count;
        return taken;
    }

    public List<Coin>? Give(int amount, long now) => amount > GiftableAt(now) ? null : Take(amount, coin => coin.Giftable, now);

    public List<Coin> ClawBack(string origin, int amount, long now)
    {
        var taken = Take(amount, coin => coin.Origin == origin, now);
        taken.AddRange(Take(amount - taken.Count, coin => coin.Purchased, now));
        Debt += amount - taken.Count;
        return taken;
    }

    public List<Coin>? Void(string lot, int amount, long now) => Take(amount, coin => coin.Lot == lot, now) is { Count: > 0 } taken ? taken : null;

    public bool Reserve(string id, int amount, long until, long now)
    {
        if (amount > AvailableAt(now))
        {
            return false;
        }

        holds.Add((id, amount, until));
        return true;
    }

    public bool Release(string id, long now) => holds.RemoveAll(hold => hold.Id == id && hold.Until > now) > 0;

    public List<Coin>? Capture(string id, int amount, int overdraft, long now)
    {
        var held = holds.FindAll(hold => hold.Id == id);
        if (!Release(id, now))
        {
            return null;
        }

        var taken = amount == 0 ? [] : Spend(amount, overdraft, now);
        if (taken is null)
        {
            holds.AddRange(held);
        }

        return taken;
    }

    private static bool Counts(Coin coin, long now) => coin.Until is null || now < coin.Until;

    private List<Coin> Take(int amount, Func<Coin, bool> suits, long now)
    {
        var queue = coins.Where(coin => suits(coin) && Counts(coin, now))
            .OrderBy(coin => coin.Rank).ThenBy(coin => coin.Until ?? long.MaxValue).ThenBy(coin => coin.Born).ThenBy(coin => coin.Lot, StringComparer.Ordinal)
            .Take(amount).ToList();
        foreach (var coin in queue)
        {
            coins.Remove(coin);
        }

        return queue;
    }
}

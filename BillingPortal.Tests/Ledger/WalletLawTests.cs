using BillingPortal.Ledger;
using FsCheck;
using FsCheck.Fluent;

namespace BillingPortal.Tests.Ledger;

/// <summary>What holds for every history of a wallet, whatever is done to it.</summary>
public sealed class WalletLawTests
{
    private const int Histories = 1500;

    [Fact]
    public void A_wallet_does_what_coins_would_do() => ForEachStep((play, step) =>
    {
        Assert.Equal(step.Expected is null, step.Refused);
        foreach (var (wallet, coins) in play.Wallets.Zip(play.Coins))
        {
            Assert.Equal(coins.Lots, LotsOf(wallet));
            Assert.Equal(coins.Debt, DebtOf(wallet));
            Assert.Equal(coins.BalanceAt(step.Now), wallet.BalanceAt(step.Instant).Micros);
            Assert.Equal(coins.HeldAt(step.Now), wallet.HeldAt(step.Instant).Micros);
            Assert.Equal(coins.AvailableAt(step.Now), wallet.AvailableAt(step.Instant).Micros);
            Assert.Equal(coins.GiftableAt(step.Now), wallet.GiftableAt(step.Instant).Micros);
        }
    });

    [Fact]
    public void Balances_change_by_themselves_at_their_instants_and_not_a_millisecond_off() => ForEachStep((play, step) =>
    {
        foreach (var (wallet, coins) in play.Wallets.Zip(play.Coins))
        {
            foreach (var instant in coins.Deadlines.SelectMany(deadline => new[] { deadline - 1, deadline, deadline + 1 }).Where(instant => instant >= step.Now))
            {
                Assert.Equal(coins.BalanceAt(instant), wallet.BalanceAt(Play.At(instant)).Micros);
                Assert.Equal(coins.HeldAt(instant), wallet.HeldAt(Play.At(instant)).Micros);
            }
        }
    });

    [Fact]
    public void A_wallet_stands_still_until_its_next_change() => ForEachStep((_, step) =>
    {
        foreach (var wallet in step.After.Where(wallet => wallet.NextChangeAt > step.Instant))
        {
            var change = wallet.NextChangeAt!.Value;
            Assert.Equal(wallet.AvailableAt(step.Instant), wallet.AvailableAt(change.AddMilliseconds(-1)));
            Assert.Equal(wallet.BalanceAt(step.Instant), wallet.BalanceAt(change.AddMilliseconds(-1)));
            Assert.NotEqual(
                (wallet.BalanceAt(step.Instant), wallet.HeldAt(step.Instant)),
                (wallet.BalanceAt(change), wallet.HeldAt(change)));
        }
    });

    [Fact]
    public void Postings_of_every_transaction_sum_to_zero() => ForEachStep((_, step) =>
    {
        foreach (var transaction in step.Expired.Concat(step.Posted))
        {
            Assert.Equal(Credits.Zero, Credits.Sum(transaction.Postings.Select(posting => posting.Amount)));
            Assert.Equal(
                transaction.Amount,
                Credits.Sum(transaction.Postings.Where(posting => posting.Account.BucketId is not null).Select(posting => posting.Amount)));
        }
    });

    [Fact]
    public void A_balance_is_the_sum_of_its_buckets_and_what_the_last_transaction_left() => ForEachStep((play, _) =>
    {
        foreach (var wallet in play.Wallets)
        {
            var own = play.Transactions.Where(transaction => transaction.Wallet == wallet.Key).ToList();
            Assert.Equal(wallet.Balance, Credits.Sum(wallet.Buckets.Select(bucket => bucket.Remaining)));
            Assert.Equal(wallet.Balance, own.Count == 0 ? Credits.Zero : own[^1].BalanceAfter);
            Assert.Equal(Enumerable.Range(1, own.Count).Select(number => (long)number), own.Select(transaction => transaction.Sequence));
            Assert.Equal(wallet.Sequence, own.Count);
        }
    });

    [Fact]
    public void Nothing_falls_below_zero_but_the_overdraft_and_that_only_as_far_as_allowed() => ForEachStep((play, step) =>
    {
        foreach (var wallet in play.Wallets)
        {
            Assert.All(wallet.Buckets.Where(bucket => bucket.Kind is not BucketKind.Overdraft), bucket => Assert.InRange(bucket.Remaining.Micros, 0, bucket.Amount.Micros));
            Assert.All(wallet.Buckets.Where(bucket => bucket.Kind is BucketKind.Overdraft), bucket => Assert.InRange(bucket.Remaining.Micros, -bucket.Amount.Micros, 0));
            Assert.True(wallet.Buckets.Count(bucket => bucket.Kind is BucketKind.Overdraft) <= 1);
        }

        var limit = step.Deed switch
        {
            Deed.Charge charge => (charge.Wallet, charge.Overdraft),
            Deed.Deduct deduct => (deduct.Wallet, 0),
            Deed.Hold hold => (hold.Wallet, 0),
            Deed.Gift gift => (gift.From, 0),
            _ => ((int Wallet, int Overdraft)?)null,
        };
        if (limit is { } allowed && !step.Refused)
        {
            Assert.True(step.After[allowed.Wallet].AvailableAt(step.Instant).Micros >= -allowed.Overdraft);
        }
    });

    [Fact]
    public void A_debit_takes_its_coins_in_the_spending_order() => ForEachStep((_, step) =>
    {
        if (step.Posted is [var first, ..] && step.Expected is { Count: > 0 } coins)
        {
            var taken = coins.GroupBy(coin => coin.Lot).Select(lot => (lot.Key, (long)-lot.Count()));
            Assert.Equal(taken, first.Postings.Take(coins.DistinctBy(coin => coin.Lot).Count()).Select(posting => (posting.Account.BucketId!, posting.Amount.Micros)));
        }
    });

    [Fact]
    public void A_hold_takes_from_the_available_until_it_ends_and_frees_it_then() => ForEachStep((_, step) =>
    {
        if (step is { Deed: Deed.Hold hold, Refused: false })
        {
            var (before, after) = (step.Before[hold.Wallet], step.After[hold.Wallet]);
            var end = Play.At(step.Now + hold.Life);
            Assert.Equal(before.Balance, after.Balance);
            Assert.Equal(hold.Amount, (before.AvailableAt(end.AddMilliseconds(-1)) - after.AvailableAt(end.AddMilliseconds(-1))).Micros);
            Assert.Equal(before.AvailableAt(end), after.AvailableAt(end));
        }
    });

    [Fact]
    public void What_is_owed_is_repaid_by_the_next_credit_whatever_its_kind() => ForEachStep((_, step) =>
    {
        if (step.Deed is Deed.Credit credit)
        {
            var (before, after) = (step.Before[credit.Wallet], step.After[credit.Wallet]);
            var repays = credit.Life is not 0;
            Assert.Equal(Math.Max(0, DebtOf(before) - (repays ? credit.Amount : 0)), DebtOf(after));
            Assert.Equal(before.Balance + Credits.FromMicros(credit.Amount), after.Balance);
        }
    });

    [Fact]
    public void A_gift_neither_makes_credit_nor_lengthens_its_life() => ForEachStep((_, step) =>
    {
        if (step is { Deed: Deed.Gift gift, Refused: false })
        {
            Assert.Equal(step.Before[0].Balance + step.Before[1].Balance, step.After[0].Balance + step.After[1].Balance);
            Assert.Equal(2, step.Posted.Length);
            var lost = LivesOf(step.Posted[0].Postings, step.Before[gift.From], sign: -1);
            var gained = LivesOf(step.Posted[1].Postings.Where(posting => posting.Amount.IsPositive), step.After[1 - gift.From], sign: 1);
            Assert.Equal(lost, gained);
        }
    });

    [Fact]
    public void Replaying_all_transactions_from_nothing_gives_the_same_buckets() => ForEachHistory(history =>
    {
        var play = Play.Through(history);
        var replayed = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var posting in play.Transactions.SelectMany(transaction => transaction.Postings))
        {
            if (posting.Account.BucketId is { } bucket)
            {
                replayed[bucket] = replayed.GetValueOrDefault(bucket) + posting.Amount.Micros;
            }
        }

        var stored = play.Wallets.SelectMany(wallet => wallet.Buckets).Where(bucket => !bucket.Remaining.IsZero).OrderBy(bucket => bucket.Id, StringComparer.Ordinal);
        Assert.Equal(stored.Select(bucket => (bucket.Id, bucket.Remaining.Micros)), replayed.Where(pair => pair.Value != 0).Select(pair => (pair.Key, pair.Value)));
    });

    [Fact]
    public void Every_credit_issued_is_in_a_bucket_or_in_the_account_that_took_it() => ForEachHistory(history =>
    {
        var play = Play.Through(history);
        var accounts = play.Transactions.SelectMany(transaction => transaction.Postings).ToLookup(posting => posting.Account.Name, posting => posting.Amount.Micros);
        var issued = -new[] { LedgerAccount.IssuedPlan, LedgerAccount.IssuedPromotional, LedgerAccount.IssuedPurchased }.Sum(account => accounts[account.Name].Sum());
        var gone = new[] { LedgerAccount.Consumed, LedgerAccount.Expired, LedgerAccount.ClawedBack }.Sum(account => accounts[account.Name].Sum());
        Assert.Equal(issued, gone + play.Wallets.Sum(wallet => wallet.Balance.Micros));
        Assert.Equal(0, accounts[LedgerAccount.Transferred.Name].Sum());
    });

    [Fact]
    public void A_refusal_changes_nothing() => ForEachStep((_, step) =>
    {
        if (step.Refused)
        {
            Assert.Empty(step.Posted);
            Assert.Same(step.Before[0], step.After[0]);
            Assert.Same(step.Before[1], step.After[1]);
        }
    });

    [Fact]
    public void Settling_a_settled_wallet_does_nothing() => ForEachStep((_, step) =>
    {
        var transactions = new List<Transaction>();
        Assert.All(step.Before, wallet => Assert.Same(wallet, step.Deed is Deed.Wait ? wallet : wallet.SettledAt(step.Instant, () => "tx_never", transactions)));
        Assert.Empty(transactions);
    });

    private static void ForEachStep(Action<Play, Step> law) => ForEachHistory(history => Play.Through(history, law));

    private static void ForEachHistory(Action<History> law) =>
        Prop.ForAll(History.Arbitrary, law).Check(Config.QuickThrowOnFailure.WithMaxTest(Histories).WithEndSize(60).WithQuietOnSuccess(true));

    private static Dictionary<string, int> LotsOf(Wallet wallet) =>
        wallet.Buckets.Where(bucket => bucket.Remaining.IsPositive).ToDictionary(bucket => bucket.Id, bucket => (int)bucket.Remaining.Micros);

    private static int DebtOf(Wallet wallet) => -(int)wallet.Buckets.Where(bucket => bucket.Kind is BucketKind.Overdraft).Sum(bucket => bucket.Remaining.Micros);

    /// <summary>How much of each life the legs move; legs of the overdraft have none.</summary>
    private static List<(DateTimeOffset? ExpiresAt, long Micros)> LivesOf(IEnumerable<Posting> postings, Wallet wallet, int sign) =>
    [
        .. from posting in postings
           where posting.Account.BucketId is not null
           join bucket in wallet.Buckets on posting.Account.BucketId equals bucket.Id
           where bucket.Kind is not BucketKind.Overdraft
           group posting.Amount.Micros * sign by bucket.ExpiresAt into life
           orderby life.Key
           select (life.Key, life.Sum()),
    ];
}

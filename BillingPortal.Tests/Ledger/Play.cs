using System.Collections.Immutable;
using System.Globalization;
using BillingPortal.Ledger;

namespace BillingPortal.Tests.Ledger;

/// <summary>How things stood before and after one deed.</summary>
/// <param name="Deed">What was done.</param>
/// <param name="Now">When, in milliseconds since the beginning.</param>
/// <param name="Before">Both wallets, settled, before it.</param>
/// <param name="After">Both wallets after it.</param>
/// <param name="Expired">What settling had posted first.</param>
/// <param name="Posted">What it posted; empty if it was refused or moves nothing.</param>
/// <param name="Refused">Whether the ledger refused it.</param>
/// <param name="Expected">The coins the oracle took for it, in order; null if the oracle refused it.</param>
internal sealed record Step(
    Deed Deed, long Now, ImmutableArray<Wallet> Before, ImmutableArray<Wallet> After,
    ImmutableArray<Transaction> Expired, ImmutableArray<Transaction> Posted, bool Refused, IReadOnlyList<Coin>? Expected)
{
    public DateTimeOffset Instant => Play.At(Now);
}

/// <summary>Does the deeds of a history on the real ledger and on coins, side by side.</summary>
internal sealed class Play
{
    private static readonly DateTimeOffset Beginning = new(2026, 6, 16, 12, 0, 0, TimeSpan.Zero);

    private readonly List<Transaction> posted = [];
    private readonly List<string>[] holds = [[], []];
    private readonly Wallet[] wallets = [Wallet.Empty(new("org_ann", "credits")), Wallet.Empty(new("org_ben", "credits"))];
    private int ids;
    private long now;

    public CoinWallet[] Coins { get; } = [new(), new()];

    /// <summary>Every transaction of both wallets, in order.</summary>
    public IReadOnlyList<Transaction> Transactions => posted;

    public static DateTimeOffset At(long millis) => Beginning.AddMilliseconds(millis);

    /// <summary>Does a history and shows each step as soon as it is done.</summary>
    public static Play Through(History history, Action<Play, Step>? onStep = null)
    {
        var play = new Play();
        foreach (var deed in history.Deeds)
        {
            var step = play.Do(deed);
            onStep?.Invoke(play, step);
        }

        return play;
    }

    public IReadOnlyList<Wallet> Wallets => wallets;

    private Step Do(Deed deed)
    {
        if (deed is Deed.Wait wait)
        {
            now += wait.Millis;
            return new Step(deed, now, [.. wallets], [.. wallets], [], [], Refused: false, Expected: []);
        }

        var first = posted.Count;
        for (var i = 0; i < wallets.Length; i++)
        {
            wallets[i] = wallets[i].SettledAt(At(now), NewId, posted);
            Coins[i].Sweep(now);
        }

        var expired = posted.Skip(first).ToImmutableArray();
        var before = wallets.ToImmutableArray();
        first = posted.Count;
        var (refusal, expected) = Apply(deed);
        return new Step(deed, now, before, [.. wallets], expired, [.. posted.Skip(first)], refusal is not null, expected);
    }

    private (Refusal? Refusal, IReadOnlyList<Coin>? Expected) Apply(Deed deed)
    {
        var header = new TransactionHeader(NewId(), $"deed:{ids}", "test", null, "system:test", At(now), At(now));
        switch (deed)
        {
            case Deed.Credit credit:
                var origin = credit.Payment is { } payment ? $"pay_{payment}" : null;
                var lot = new Coin(
                    BucketOf(header, 0), credit.Kind is BucketKind.Purchased, credit.Priority ?? RankOf(credit.Kind), now + credit.Life, now, credit.Giftable, origin);
                Coins[credit.Wallet].Put(Enumerable.Repeat(lot, credit.Amount), now);
                var deposit = new Deposit(
                    credit.Kind, Credits.FromMicros(credit.Amount), credit.Life is { } life ? At(now + life) : null, origin, credit.Giftable, credit.Priority);
                return (Take(credit.Wallet, wallets[credit.Wallet].Credit(header, TransactionType.Grant, deposit)), []);

            case Deed.Charge charge:
                return (
                    Take(charge.Wallet, wallets[charge.Wallet].Charge(header, Credits.FromMicros(charge.Amount), Credits.FromMicros(charge.Overdraft))),
                    Coins[charge.Wallet].Spend(charge.Amount, charge.Overdraft, now));

            case Deed.Deduct deduct:
                return (
                    Take(deduct.Wallet, wallets[deduct.Wallet].Deduct(header, Credits.FromMicros(deduct.Amount))),
                    Coins[deduct.Wallet].Spend(deduct.Amount, 0, now));

            case Deed.Gift gift:
                return Give(gift, header);

            case Deed.ClawBack back:
                return (
                    Take(back.Wallet, wallets[back.Wallet].ClawBack(header, $"pay_{back.Payment}", Credits.FromMicros(back.Amount))),
                    Coins[back.Wallet].ClawBack($"pay_{back.Payment}", back.Amount, now));

            case Deed.Void voided:
                var buckets = wallets[voided.Wallet].Buckets.Where(bucket => bucket.Kind is not BucketKind.Overdraft).ToArray();
                var bucketId = buckets.Length == 0 ? "bkt_none" : buckets[voided.Lot % buckets.Length].Id;
                return (
                    Take(voided.Wallet, wallets[voided.Wallet].Void(header, bucketId, Credits.FromMicros(voided.Amount))),
                    Coins[voided.Wallet].Void(bucketId, voided.Amount, now));

            case Deed.Hold hold:
                var id = $"hold_{ids}";
                var reserved = Take(hold.Wallet, wallets[hold.Wallet].Reserve(new Hold(id, Credits.FromMicros(hold.Amount), At(now + hold.Life)), At(now)));
                holds[hold.Wallet].Add(id);
                return (reserved, Coins[hold.Wallet].Reserve(id, hold.Amount, now + hold.Life, now) ? [] : null);

            case Deed.Capture capture:
                var captured = HoldOf(capture.Wallet, capture.Nth);
                return (
                    Take(capture.Wallet, wallets[capture.Wallet].Capture(header, captured, Credits.FromMicros(capture.Amount), Credits.FromMicros(capture.Overdraft))),
                    Coins[capture.Wallet].Capture(captured, capture.Amount, capture.Overdraft, now));

            case Deed.Release release:
                var released = HoldOf(release.Wallet, release.Nth);
                return (
                    Take(release.Wallet, wallets[release.Wallet].Release(released, At(now))),
                    Coins[release.Wallet].Release(released, now) ? [] : null);

            default:
                throw new ArgumentOutOfRangeException(nameof(deed), deed, null);
        }
    }

    private (Refusal? Refusal, IReadOnlyList<Coin>? Expected) Give(Deed.Gift gift, TransactionHeader header)
    {
        var sender = wallets[gift.From];
        var sent = sender.SendGift(header, Credits.FromMicros(gift.Amount));
        var taken = Coins[gift.From].Give(gift.Amount, now);
        if (Take(gift.From, sent) is { } refusal)
        {
            return (refusal, taken);
        }

        var receipt = header with { TransactionId = NewId() };
        if (taken is not null)
        {
            foreach (var (index, lot) in taken.GroupBy(coin => coin.Until).Index())
            {
                var given = new Coin(BucketOf(receipt, index), Purchased: false, RankOf(BucketKind.Promotional), lot.Key, now, Giftable: true, header.TransactionId);
                Coins[1 - gift.From].Put(Enumerable.Repeat(given, lot.Count()), now);
            }
        }

        return (Take(1 - gift.From, wallets[1 - gift.From].ReceiveGift(receipt, sender, sent.Transaction!)), taken);
    }

    private Refusal? Take(int wallet, WalletStep step)
    {
        if (step.Transaction is not null)
        {
            posted.Add(step.Transaction);
        }

        wallets[wallet] = step.Wallet;
        return step.Refusal;
    }

    private string HoldOf(int wallet, int nth) => holds[wallet].Count == 0 ? "hold_none" : holds[wallet][nth % holds[wallet].Count];

    private string NewId() => string.Create(CultureInfo.InvariantCulture, $"tx_{++ids:D6}");

    private static string BucketOf(TransactionHeader header, int index) =>
        header.TransactionId.Replace("tx_", "bkt_", StringComparison.Ordinal) + (index == 0 ? "" : $"-{index}");

    private static int RankOf(BucketKind kind) => kind switch
    {
        BucketKind.Daily => 0,
        BucketKind.Plan => 100,
        BucketKind.Promotional => 200,
        _ => 300,
    };
}

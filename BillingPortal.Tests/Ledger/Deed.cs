using System.Collections.Immutable;
using BillingPortal.Ledger;
using FsCheck;
using FsCheck.Fluent;

namespace BillingPortal.Tests.Ledger;

/// <summary>Something done to one of two wallets, or the passing of time. Amounts are micro-credits, times milliseconds.</summary>
internal abstract record Deed
{
    /// <summary>The same with lesser numbers, simplest first.</summary>
    public virtual IEnumerable<Deed> Simpler => [];

    protected static IEnumerable<int> Lesser(int amount) => amount > 1 ? [1, amount / 2, amount - 1] : [];

    public sealed record Wait(int Millis) : Deed
    {
        public override IEnumerable<Deed> Simpler => Lesser(Millis).Select(less => this with { Millis = less });

        public override string ToString() => $"wait {Millis} ms";
    }

    public sealed record Credit(int Wallet, BucketKind Kind, int Amount, int? Life, int? Priority, bool Giftable, int? Payment) : Deed
    {
        public override IEnumerable<Deed> Simpler =>
        [
            .. Lesser(Amount).Select(less => this with { Amount = less }),
            .. Priority is null ? Array.Empty<Deed>() : [this with { Priority = null }],
            .. Life is null ? Array.Empty<Deed>() : [this with { Life = null }],
            .. Payment is null ? Array.Empty<Deed>() : [this with { Payment = null }],
            .. Giftable ? [this with { Giftable = false }] : Array.Empty<Deed>(),
        ];

        public override string ToString() =>
            $"{Name(Wallet)}: credit {Amount} {Kind}{(Life is { } life ? $" for {life} ms" : "")}{(Priority is { } priority ? $" at priority {priority}" : "")}{(Giftable ? ", giftable" : "")}{(Payment is { } payment ? $", payment {payment}" : "")}";
    }

    public sealed record Charge(int Wallet, int Amount, int Overdraft) : Deed
    {
        public override IEnumerable<Deed> Simpler =>
            [.. Lesser(Amount).Select(less => this with { Amount = less }), .. Overdraft > 0 ? [this with { Overdraft = 0 }] : Array.Empty<Deed>()];

        public override string ToString() => $"{Name(Wallet)}: charge {Amount}{(Overdraft > 0 ? $", overdraft {Overdraft}" : "")}";
    }

    public sealed record Deduct(int Wallet, int Amount) : Deed
    {
        public override IEnumerable<Deed> Simpler => Lesser(Amount).Select(less => this with { Amount = less });

        public override string ToString() => $"{Name(Wallet)}: deduct {Amount}";
    }

    public sealed record Gift(int From, int Amount) : Deed
    {
        public override IEnumerable<Deed> Simpler => Lesser(Amount).Select(less => this with { Amount = less });

        public override string ToString() => $"{Name(From)}: give {Amount} to {Name(1 - From)}";
    }

    public sealed record ClawBack(int Wallet, int Payment, int Amount) : Deed
    {
        public override IEnumerable<Deed> Simpler => Lesser(Amount).Select(less => this with { Amount = less });

        public override string ToString() => $"{Name(Wallet)}: claw back {Amount} of payment {Payment}";
    }

    /// <param name="Wallet">Which wallet.</param>
    /// <param name="Lot">Which of its buckets, counted round.</param>
    /// <param name="Amount">At most this much.</param>
    public sealed record Void(int Wallet, int Lot, int Amount) : Deed
    {
        public override IEnumerable<Deed> Simpler => Lesser(Amount).Select(less => this with { Amount = less });

        public override string ToString() => $"{Name(Wallet)}: void {Amount} of bucket {Lot}";
    }

    public sealed record Hold(int Wallet, int Amount, int Life) : Deed
    {
        public override IEnumerable<Deed> Simpler => Lesser(Amount).Select(less => this with { Amount = less });

        public override string ToString() => $"{Name(Wallet)}: hold {Amount} for {Life} ms";
    }

    /// <param name="Wallet">Which wallet.</param>
    /// <param name="Nth">Which of the holds ever placed there, counted round; it may have ended.</param>
    /// <param name="Amount">What is charged; zero frees it.</param>
    /// <param name="Overdraft">How far below zero the charge may go.</param>
    public sealed record Capture(int Wallet, int Nth, int Amount, int Overdraft) : Deed
    {
        public override IEnumerable<Deed> Simpler => Lesser(Amount).Select(less => this with { Amount = less });

        public override string ToString() => $"{Name(Wallet)}: capture {Amount} of hold {Nth}{(Overdraft > 0 ? $", overdraft {Overdraft}" : "")}";
    }

    public sealed record Release(int Wallet, int Nth) : Deed
    {
        public override string ToString() => $"{Name(Wallet)}: release hold {Nth}";
    }

    internal static string Name(int wallet) => wallet == 0 ? "Ann" : "Ben";
}

/// <summary>What is done to two wallets, one thing after the other.</summary>
internal sealed record History(ImmutableArray<Deed> Deeds)
{
    private static readonly Gen<int> Wallets = Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Constant(1)));
    private static readonly Gen<int> Amounts = Gen.Frequency((5, Gen.Choose(1, 9)), (1, Gen.Choose(10, 40)));
    private static readonly Gen<int> Overdrafts = Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Choose(1, 20)));
    private static readonly Gen<int?> Lives = Gen.Frequency((2, Gen.Constant<int?>(null)), (5, Gen.Choose(1, 6).Select(life => (int?)life)), (1, Gen.Constant<int?>(0)));
    private static readonly Gen<int?> Priorities = Gen.Frequency((5, Gen.Constant<int?>(null)), (1, Gen.Elements<int?>(-1, 50, 100, 150, 250, 1000)));
    private static readonly Gen<int?> Payments = Gen.Frequency((1, Gen.Constant<int?>(null)), (1, Gen.Choose(1, 3).Select(payment => (int?)payment)));
    private static readonly Gen<BucketKind> Kinds = Gen.Elements(BucketKind.Daily, BucketKind.Plan, BucketKind.Promotional, BucketKind.Purchased);

    private static readonly Gen<Deed> Any = Gen.Frequency(
        (4, Gen.Choose(1, 3).Select(millis => (Deed)new Deed.Wait(millis))),
        (7, from wallet in Wallets
            from kind in Kinds
            from amount in Amounts
            from life in Lives
            from priority in Priorities
            from giftable in Gen.Elements(true, false)
            from payment in Payments
            select (Deed)new Deed.Credit(wallet, kind, amount, life, priority, giftable, payment)),
        (5, from wallet in Wallets from amount in Amounts from overdraft in Overdrafts select (Deed)new Deed.Charge(wallet, amount, overdraft)),
        (1, from wallet in Wallets from amount in Amounts select (Deed)new Deed.Deduct(wallet, amount)),
        (3, from sender in Gen.Choose(0, 1) from amount in Amounts select (Deed)new Deed.Gift(sender, amount)),
        (2, from wallet in Wallets from payment in Gen.Choose(1, 3) from amount in Amounts select (Deed)new Deed.ClawBack(wallet, payment, amount)),
        (1, from wallet in Wallets from lot in Gen.Choose(0, 5) from amount in Amounts select (Deed)new Deed.Void(wallet, lot, amount)),
        (3, from wallet in Wallets from amount in Amounts from life in Gen.Choose(1, 6) select (Deed)new Deed.Hold(wallet, amount, life)),
        (2, from wallet in Wallets
            from nth in Gen.Choose(0, 3)
            from amount in Gen.Choose(0, 15)
            from overdraft in Overdrafts
            select (Deed)new Deed.Capture(wallet, nth, amount, overdraft)),
        (1, from wallet in Wallets from nth in Gen.Choose(0, 3) select (Deed)new Deed.Release(wallet, nth)));

    /// <summary>Random histories; a failing one shrinks by leaving deeds out, then by making them smaller.</summary>
    public static Arbitrary<History> Arbitrary { get; } =
        Arb.From(Any.ListOf().Select(deeds => new History([.. deeds])), history => history.Simpler);

    private IEnumerable<History> Simpler
    {
        get
        {
            for (var chunk = Deeds.Length; chunk >= 1; chunk /= 2)
            {
                for (var start = 0; start + chunk <= Deeds.Length; start += chunk)
                {
                    yield return new History(Deeds.RemoveRange(start, chunk));
                }
            }

            foreach (var (index, deed) in Deeds.Index())
            {
                foreach (var simpler in deed.Simpler)
                {
                    yield return new History(Deeds.SetItem(index, simpler));
                }
            }
        }
    }

    public override string ToString() => string.Concat(Deeds.Select(deed => $"\n  {deed}"));
}

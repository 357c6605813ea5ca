using BillingPortal.Ledger;

namespace BillingPortal.Catalog;

/// <summary>A one-time purchase of credits that never expire. Source: contract, surfaces 000 and 003, which share the packs.</summary>
public sealed record CreditPack
{
    /// <summary>How many of each pack a billing cycle allows where the catalog does not say. Source: contract, surface 003.</summary>
    public const int DefaultLimitPerCycle = 3;

    public required string Id { get; init; }

    public required string Code { get; init; }

    public required string Name { get; init; }

    public required Credits Credits { get; init; }

    public required Money Price { get; init; }

    public bool Popular { get; init; }

    /// <summary>The lowest plan that may buy it.</summary>
    public required int MinimumPlanRank { get; init; }

    /// <summary>How many an organization may buy in one billing cycle.</summary>
    public required int LimitPerCycle { get; init; }

    /// <summary>Whether an organization on <paramref name="plan"/> may buy it at all.</summary>
    public bool IsOpenTo(Plan plan) => plan.PackPurchase && plan.Rank >= MinimumPlanRank;

    /// <summary>The price of 1,000 credits of it, rounded to the cent.</summary>
    public Money PricePerThousand => Price.Scale(Credits.FromWhole(1_000).Micros, Credits.Micros);

    /// <summary>To be bought at most so many times.</summary>
    public PackChoice UpTo(int limit) => new(Id, Name, Credits, Price, limit);
}

/// <summary>A one-time purchase of API credits that never expire, less a fee taken once. Source: contract, surface 004.</summary>
/// <param name="Key">How purchases name it.</param>
/// <param name="Name">What people read.</param>
/// <param name="Price">What is charged.</param>
/// <param name="Credits">What arrives: exactly the price less the fee, computed before any rounding.</param>
/// <param name="Fee">The line that an invoice shows, rounded to the cent.</param>
public sealed record ApiCreditPack(string Key, string Name, Money Price, Credits Credits, Money Fee)
{
    /// <summary>To be bought as often as it takes.</summary>
    public PackChoice Unlimited => new(Key, Name, Credits, Price, int.MaxValue);
}

/// <summary>The fee on purchases of API credits, in hundredths of a per cent.</summary>
public sealed record PurchaseFee(int BasisPoints)
{
    /// <summary>API credits that $0.01 buys before the fee.</summary>
    public const long ApiCreditsPerCent = 1_000;

    private const int Whole = 10_000;

    public decimal Percent => BasisPoints / 100m;

    /// <summary>The fee's line, rounded half away from zero to the cent. For show: no credit is computed from it.</summary>
    public Money On(Money price) => price.Scale(BasisPoints, Whole);

    /// <summary>Whole API credits for <paramref name="price"/>, rounded down, so that no credit is ever given for free. Source: contract, surface 004.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The price is negative.</exception>
    /// <exception cref="OverflowException">The amount does not fit.</exception>
    public Credits CreditsFor(Money price)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(price.Cents);
        return Credits.FromWhole(checked((long)((Int128)price.Cents * ApiCreditsPerCent * (Whole - BasisPoints) / Whole)));
    }
}

/// <summary>What a top-up may cost. It carries no fee: $10 is 1,000 credits.</summary>
public sealed record TopUpLimits(Money Minimum, Money Maximum)
{
    public bool Allows(Money amount) => Minimum <= amount && amount <= Maximum;
}

/// <summary>How many flows one gift may move.</summary>
public sealed record GiftLimits(Credits Minimum, Credits Maximum);

using BillingPortal.Ledger;

namespace BillingPortal.Catalog;

/// <summary>What money is worth in <see cref="CreditTypes.Credits"/>: 1 credit = $0.01, exactly.</summary>
public static class CreditValue
{
    // $0.00000001 is one micro-credit.
    private const int DollarDecimals = 8;

    /// <exception cref="OverflowException">The amount does not fit.</exception>
    public static Credits Of(Money money) => Credits.FromWhole(money.Cents);

    /// <summary>Credits in dollars, exact to a micro-credit.</summary>
    public static decimal DollarsOf(Credits credits) => credits.ToDecimal() / 100m;

    /// <summary>Reads plain decimal text in dollars, such as a carrier's cost; false if malformed, finer than $0.00000001 (a micro-credit), or too large.</summary>
    public static bool TryParseDollars(ReadOnlySpan<char> dollars, out Credits value)
    {
        var read = ExactDecimal.TryParse(dollars, DollarDecimals, out var micros);
        value = Credits.FromMicros(micros);
        return read;
    }
}

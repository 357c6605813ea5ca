namespace BillingPortal.Ledger;

/// <summary>The one rounding rule of the portal: half away from zero, applied once, at the end of a computation.</summary>
/// <remarks>Source: contract, "Credit types": a charge is rounded once, half away from zero.</remarks>
public static class Rounding
{
    /// <summary>The whole number nearest to <paramref name="numerator"/> ÷ <paramref name="denominator"/>; a half goes away from zero.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The denominator is not positive.</exception>
    /// <exception cref="OverflowException">The quotient does not fit a 64-bit integer.</exception>
    public static long Divide(Int128 numerator, Int128 denominator)
    {
        if (denominator <= 0)
        {
            throw new ArgumentOutOfRangeException(nameof(denominator), denominator, "A denominator is positive.");
        }

        var (quotient, remainder) = Int128.DivRem(numerator, denominator);
        var awayFromZero = Int128.Abs(remainder) * 2 >= denominator;
        return checked((long)(awayFromZero ? quotient + Int128.Sign(numerator) : quotient));
    }
}

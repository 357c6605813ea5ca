using System.Globalization;

namespace BillingPortal.Ledger;

/// <summary>Reads plain decimal text into a whole number of the smallest unit, never losing a digit on the way.</summary>
/// <remarks>
/// <see cref="decimal"/> rounds silently past 28 digits, so text from outside is read here. Accepted: an optional minus, digits, optionally a point and digits.
/// Refused: exponents, signs elsewhere, grouping, blanks, and any digit but zero below the smallest unit.
/// </remarks>
public static class ExactDecimal
{
    /// <summary>Reads <paramref name="text"/> scaled by 10^<paramref name="decimals"/>; false if it is malformed, finer than that, or does not fit 64 bits.</summary>
    /// <example>"9.99" with 2 decimals is 999.</example>
    public static bool TryParse(ReadOnlySpan<char> text, int decimals, out long scaled)
    {
        scaled = 0;
        var negative = text.StartsWith('-');
        var digits = negative ? text[1..] : text;
        var point = digits.IndexOf('.');
        var whole = point < 0 ? digits : digits[..point];
        var fraction = point < 0 ? [] : digits[(point + 1)..];
        if (whole.IsEmpty || (point >= 0 && fraction.IsEmpty) || !AllDigits(whole) || !AllDigits(fraction))
        {
            return false;
        }

        var kept = fraction[..Math.Min(decimals, fraction.Length)];
        if (fraction[kept.Length..].ContainsAnyExcept('0'))
        {
            return false;
        }

        Int128 value = 0;
        foreach (var digit in string.Concat(whole, kept).AsSpan().TrimStart('0'))
        {
            value = (value * 10) + CharUnicodeInfo.GetDecimalDigitValue(digit);
            if (value > long.MaxValue)
            {
                return false;
            }
        }

        for (var missing = decimals - kept.Length; missing > 0; missing--)
        {
            value *= 10;
        }

        if (value > long.MaxValue)
        {
            return false;
        }

        scaled = (long)(negative ? -value : value);
        return true;
    }

    private static bool AllDigits(ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange('0', '9');
}

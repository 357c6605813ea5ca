using System.Security.Cryptography;

namespace BillingPortal.Ledger;

/// <summary>Makes ids: a prefix, the millisecond in 8 base-62 digits, 11 random digits. Ordinal order is time order; 65 random bits per millisecond.</summary>
public static class Ids
{
    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int TimeDigits = 8;
    private const int RandomDigits = 11;

    /// <summary>Length of an id after its prefix and underscore.</summary>
    public const int SuffixLength = TimeDigits + RandomDigits;

    // 62^8 ms reach from this instant to the year 8900.
    private static readonly long Origin = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    /// <summary>A new id such as <c>tx_0cQ3v9aBk2…</c>.</summary>
    public static string New(string prefix, DateTimeOffset now) => $"{prefix}_{Suffix(now)}";

    /// <summary>The least id that an instant, to the millisecond, can have: a bound for ranges of ids.</summary>
    public static string First(string prefix, DateTimeOffset instant)
    {
        Span<char> suffix = stackalloc char[SuffixLength];
        WriteTime(suffix, instant);
        suffix[TimeDigits..].Fill(Digits[0]);
        return $"{prefix}_{suffix}";
    }

    private static string Suffix(DateTimeOffset now)
    {
        Span<char> suffix = stackalloc char[SuffixLength];
        WriteTime(suffix, now);
        RandomNumberGenerator.GetItems(Digits, suffix[TimeDigits..]);
        return new string(suffix);
    }

    private static void WriteTime(Span<char> suffix, DateTimeOffset now)
    {
        var time = Math.Max(0, now.ToUnixTimeMilliseconds() - Origin);
        for (var i = TimeDigits - 1; i >= 0; i--, time /= 62)
        {
            suffix[i] = Digits[(int)(time % 62)];
        }
    }
}

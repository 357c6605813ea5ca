using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace BillingPortal.Tests.Support;

/// <summary>An authenticator app, written from RFC 6238 and RFC 4648 alone.</summary>
internal static class Totp
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";

    /// <summary>The code of a moment.</summary>
    /// <param name="key">In base 32, with or without spaces.</param>
    /// <param name="at">Steps of thirty seconds away from now.</param>
    [SuppressMessage("Security", "CA5350", Justification = "What authenticator apps use.")]
    public static string CodeOf(string key, int at = 0)
    {
        Span<byte> step = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(step, (TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 30) + at);
        var hash = HMACSHA1.HashData(BytesOf(key), step);
        var number = BinaryPrimitives.ReadInt32BigEndian(hash.AsSpan(hash[^1] & 0xf)) & int.MaxValue;
        return $"{number % 1_000_000:D6}";
    }

    private static byte[] BytesOf(string key)
    {
        var bits = string.Concat(key.ToLowerInvariant().Where(Alphabet.Contains).Select(letter => Convert.ToString(Alphabet.IndexOf(letter, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        return [.. Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.Substring(i * 8, 8), 2))];
    }
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace BillingPortal.Payments;

/// <summary>The signature of an event: <c>t=…,v1=…</c>, where v1 is the hex HMAC-SHA256 of "t.body". Other schemes are ignored.</summary>
/// <remarks>Source: docs.stripe.com/webhooks, "Verify webhook signatures manually".</remarks>
public static class WebhookSignature
{
    /// <summary>How far an event's time may be from ours, either way.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    /// <summary>Nobody honest sends more; each costs a comparison.</summary>
    private const int MaxSignatures = 16;

    /// <summary>The secrets under <c>Stripe:WebhookSecret</c>: one, several, or comma-separated; none if it is not set.</summary>
    internal static IReadOnlyList<string> ConfiguredSecrets(IConfiguration configuration)
    {
        var section = configuration.GetSection("Stripe:WebhookSecret");
        var configured = section.Get<string[]>() is { Length: > 0 } several ? several : (section.Value ?? "").Split(',');
        return [.. configured.Select(secret => secret.Trim()).Where(secret => secret.Length > 0)];
    }

    public static string Sign(string secret, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        var time = now.ToUnixTimeSeconds();
        return $"t={time},v1={Convert.ToHexStringLower(Compute(secret, time, body))}";
    }

    /// <summary>Whether one of the header's signatures was made with one of the secrets over this body, within the tolerance.</summary>
    public static bool Verify(IReadOnlyCollection<string> secrets, ReadOnlySpan<byte> body, string? header, DateTimeOffset now)
    {
        long? time = null;
        var signatures = new List<byte[]>();
        foreach (var part in (header ?? "").Split(',', StringSplitOptions.TrimEntries))
        {
            var (name, value) = part.Split('=', 2) is [var left, var right] ? (left, right) : ("", "");
            if (name is "t" && long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            {
                time = seconds;
            }
            else if (name is "v1" && signatures.Count < MaxSignatures && FromHex(value) is { } signature)
            {
                signatures.Add(signature);
            }
        }

        var earliest = (now - Tolerance).ToUnixTimeSeconds();
        var latest = (now + Tolerance).ToUnixTimeSeconds();
        if (time is null || time < earliest || time > latest)
        {
            return false;
        }

        // Every secret against every signature, so that the time taken tells nothing.
        var genuine = false;
        foreach (var secret in secrets)
        {
            var expected = Compute(secret, time.Value, body);
            foreach (var signature in signatures)
            {
                genuine |= CryptographicOperations.FixedTimeEquals(expected, signature);
            }
        }

        return genuine;
    }

    private static byte[] Compute(string secret, long time, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret));
        hmac.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{time}.")));
        hmac.AppendData(body);
        return hmac.GetHashAndReset();
    }

    private static byte[]? FromHex(string text)
    {
        var bytes = new byte[SHA256.HashSizeInBytes];
        return text.Length == bytes.Length * 2 && Convert.FromHexString(text, bytes, out _, out _) is System.Buffers.OperationStatus.Done ? bytes : null;
    }
}

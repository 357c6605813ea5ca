using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using BillingPortal.Payments;
using Microsoft.AspNetCore.DataProtection;

namespace BillingPortal.Webhooks;

/// <summary>Makes, seals and uses the secrets that sign what is sent.</summary>
public sealed class WebhookSecrets(IDataProtectionProvider protection)
{
    private const string Prefix = "whsec_";
    private const int SecretBytes = 32;

    private readonly IDataProtector protector = protection.CreateProtector("BillingPortal.Webhooks.Secret");

    /// <summary>A new secret: <c>whsec_</c> and 256 random bits in base 64.</summary>
    public static string New() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(SecretBytes));

    /// <summary>A secret as it is stored.</summary>
    public string Seal(string secret) => protector.Protect(secret);

    /// <summary>The secrets that sign for an endpoint at an instant, the newest first.</summary>
    public IReadOnlyList<string> Of(WebhookEndpoint endpoint, DateTimeOffset now) =>
        endpoint.PreviousSecret is { } previous && now < endpoint.PreviousSecretUntil
            ? [protector.Unprotect(endpoint.Secret), protector.Unprotect(previous)]
            : [protector.Unprotect(endpoint.Secret)];

    /// <summary>The headers by which a receiver knows that a body is genuine: two schemes over the same bytes, each with a signature of every secret.</summary>
    /// <remarks>
    /// <c>Flow-Signature</c> is keyed with the whole secret as text, <c>webhook-signature</c> with the bytes behind its prefix.
    /// Sources: contract, "001 · Flows"; standardwebhooks.com, "Signature scheme".
    /// </remarks>
    public static IReadOnlyList<(string Name, string Value)> Sign(
        IReadOnlyList<string> secrets, string eventId, string eventType, byte[] body, DateTimeOffset now)
    {
        var time = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var flow = secrets.Select(secret => WebhookSignature.Sign(secret, body, now)).ToList();
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{eventId}.{time}."), .. body];
        var standard = secrets.Select(secret =>
        {
            var key = Convert.FromBase64String(secret[Prefix.Length..]);
            return $"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, signed))}";
        });
        return
        [
            ("Flow-Signature", string.Join(',', flow.Take(1).Concat(flow.Skip(1).Select(signature => signature[(signature.IndexOf(',', StringComparison.Ordinal) + 1)..])))),
            ("Flow-Event-Type", eventType),
            ("webhook-id", eventId),
            ("webhook-timestamp", time),
            ("webhook-signature", string.Join(' ', standard)),
        ];
    }
}

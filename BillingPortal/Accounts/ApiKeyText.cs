using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace BillingPortal.Accounts;

/// <summary>An API key as it is presented: <c>{prefix}_{live|test}_{8 characters}_{32 to 64 characters}</c>.</summary>
internal sealed partial record ApiKeyText
{
    /// <summary>The characters of which it is made besides its prefix.</summary>
    public const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    // 43 digits of 62 hold 256 bits.
    private const int SecretDigits = 43;
    private const int LookupDigits = 8;

    private ApiKeyText(string text, string prefix, string lookup)
    {
        Text = text;
        Prefix = prefix;
        Lookup = lookup;
    }

    /// <summary>The whole key; shown once, never stored.</summary>
    public string Text { get; }

    /// <summary>The part that is no secret.</summary>
    public string Prefix { get; }

    /// <summary>By what its row is found.</summary>
    public string Lookup { get; }

    public string Hash => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text)));

    public static ApiKeyText New(string prefix, string environment)
    {
        var lookup = RandomNumberGenerator.GetString(Digits, LookupDigits);
        var open = $"{prefix}_{environment}_{lookup}";
        return new ApiKeyText($"{open}_{RandomNumberGenerator.GetString(Digits, SecretDigits)}", open, lookup);
    }

    /// <summary>Null if the text has not the shape of a key.</summary>
    public static ApiKeyText? Parse(string text)
    {
        var match = Shape.Match(text);
        return match.Success ? new ApiKeyText(text, match.Groups["open"].Value, match.Groups["lookup"].Value) : null;
    }

    public bool HasHash(string hash) => CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Hash), Encoding.ASCII.GetBytes(hash));

    // Never shown by accident, as a record's members are.
    public override string ToString() => Prefix;

    [GeneratedRegex("^(?<open>[A-Za-z0-9_]{1,40}_(live|test)_(?<lookup>[A-Za-z0-9]{8}))_[A-Za-z0-9]{32,64}$", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Shape { get; }
}

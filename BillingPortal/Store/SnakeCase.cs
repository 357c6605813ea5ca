using System.Collections.Frozen;
using System.Text;

namespace BillingPortal.Store;

/// <summary>Names as the database and the HTTP surfaces write them: <c>gift_sent</c> for <c>GiftSent</c>.</summary>
public static class SnakeCase
{
    public static string Of(string name)
    {
        var text = new StringBuilder(name.Length + 4);
        for (var i = 0; i < name.Length; i++)
        {
            var startsWord = char.IsUpper(name[i]) && i > 0 && (!char.IsUpper(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1])));
            if (startsWord && name[i - 1] != '_')
            {
                text.Append('_');
            }

            text.Append(char.ToLowerInvariant(name[i]));
        }

        return text.ToString();
    }

    /// <summary>The stored text of an enumeration's value.</summary>
    public static string Text<TEnum>(this TEnum value)
        where TEnum : struct, Enum => Names<TEnum>.Texts[value];

    /// <summary>The value behind a stored text.</summary>
    /// <exception cref="KeyNotFoundException">No value is written so.</exception>
    public static TEnum Parse<TEnum>(string text)
        where TEnum : struct, Enum => Names<TEnum>.Values[text];

    /// <summary>The value behind a text that came from outside; false if no value is written so.</summary>
    public static bool TryParse<TEnum>(string? text, out TEnum value)
        where TEnum : struct, Enum => Names<TEnum>.Values.TryGetValue(text ?? "", out value);

    private static class Names<TEnum>
        where TEnum : struct, Enum
    {
        public static readonly FrozenDictionary<TEnum, string> Texts = Enum.GetValues<TEnum>().ToFrozenDictionary(value => value, value => Of(value.ToString()));
        public static readonly FrozenDictionary<string, TEnum> Values = Texts.ToFrozenDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);
    }
}

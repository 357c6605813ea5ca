using System.Globalization;
using BillingPortal.Ledger;

namespace BillingPortal.Catalog;

/// <summary>Reads the settings of one section, noting a fault with its path for each one that is missing, malformed or unknown.</summary>
/// <remarks>Values are read from their text, so an amount never passes through a binary fraction. A read that notes a fault returns null and reading goes on.</remarks>
internal sealed class SettingReader(IConfigurationSection section, ICollection<CatalogFault> faults)
{
    private const int CreditDecimals = 6;
    private const int CentDecimals = 2;

    // Room for any number of seats and for the credits of any price, in 64 bits of micro-credits.
    private const long MaximumCents = 100_000_000;
    private const long MaximumCredits = 1_000_000_000;

    private readonly HashSet<string> known = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The last part of the section's path.</summary>
    public string Key => section.Key;

    public bool Has(string key) => Text(key) is not null || section.GetSection(key).GetChildren().Any();

    public void Fault(string key, string problem) => faults.Add(new CatalogFault($"{section.Path}:{key}", problem));

    public void Fault(string problem) => faults.Add(new CatalogFault(section.Path, problem));

    /// <summary>The text of a setting; null if it is absent or blank.</summary>
    public string? Text(string key)
    {
        known.Add(key);
        return section[key] is { } text && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;
    }

    public string? RequiredText(string key)
    {
        var text = Text(key);
        if (text is null)
        {
            Fault(key, "is missing");
        }

        return text;
    }

    /// <summary>A short name for machines: lower-case letters, digits and underscores, beginning with a letter.</summary>
    public string? Id(string key) => Checked(key, RequiredText(key), IsId, "must be a lower-case letter followed by lower-case letters, digits or underscores, 50 at most");

    public string? OneOf(string key, IReadOnlyCollection<string> values) =>
        Checked(key, RequiredText(key), values.Contains, $"must be one of {string.Join(", ", values)}");

    /// <summary>A choice among the values of an enumeration; the first of them if absent.</summary>
    public T Choice<T>(string key)
        where T : struct, Enum
    {
        var names = Enum.GetNames<T>();
        var text = Checked(key, Text(key), value => names.Contains(value, StringComparer.OrdinalIgnoreCase), $"must be one of {string.Join(", ", names)}");
        return text is null ? default : Enum.Parse<T>(text, ignoreCase: true);
    }

    public bool Flag(string key, bool absent = false)
    {
        var text = Checked(key, Text(key), value => bool.TryParse(value, out _), "must be true or false");
        return text is null ? absent : bool.Parse(text);
    }

    public int? Number(string key, int minimum, int maximum)
    {
        var text = Checked(
            key,
            RequiredText(key),
            value => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= minimum && number <= maximum,
            string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {minimum} to {maximum}"));
        return text is null ? null : int.Parse(text, CultureInfo.InvariantCulture);
    }

    /// <summary>A positive price in dollars.</summary>
    public Money? Price(string key) =>
        Amount(key, CentDecimals, 1, "must be a positive amount in dollars with at most two decimals", MaximumCents) is { } cents ? Money.FromCents(cents) : null;

    /// <summary>A price in dollars that may be nothing.</summary>
    public Money? PriceOrZero(string key) =>
        Amount(key, CentDecimals, 0, "must be an amount in dollars, not negative, with at most two decimals", MaximumCents) is { } cents ? Money.FromCents(cents) : null;

    /// <summary>A positive, whole number of credits.</summary>
    public Credits? WholeCredits(string key) =>
        Amount(key, 0, 1, "must be a whole number of credits from 1 to 1,000,000,000", MaximumCredits) is { } credits ? Credits.FromWhole(credits) : null;

    /// <summary>A whole number of credits that may be zero.</summary>
    public Credits? WholeCreditsOrZero(string key) =>
        Amount(key, 0, 0, "must be a whole number of credits from 0 to 1,000,000,000", MaximumCredits) is { } credits ? Credits.FromWhole(credits) : null;

    /// <summary>A rate in credits, which may be zero and fine as a micro-credit.</summary>
    public Credits? Rate(string key)
    {
        const string Rule = "must be a number of credits from 0 to 1,000,000 with at most six decimals";
        return Amount(key, CreditDecimals, 0, Rule, OperationRate.MaximumRate.Micros) is { } micros ? Credits.FromMicros(micros) : null;
    }

    /// <summary>A number with as many decimals as said, as a whole number of its smallest unit.</summary>
    public long? Amount(string key, int decimals, long minimum, string rule, long maximum = long.MaxValue)
    {
        if (RequiredText(key) is not { } text)
        {
            return null;
        }

        if (ExactDecimal.TryParse(text, decimals, out var amount) && amount >= minimum && amount <= maximum)
        {
            return amount;
        }

        Fault(key, rule);
        return null;
    }

    /// <summary>A part of this section; its faults are noted even if it is absent.</summary>
    public SettingReader Part(string key)
    {
        known.Add(key);
        return new SettingReader(section.GetSection(key), faults);
    }

    /// <summary>The parts of a list or map, in order.</summary>
    public IReadOnlyList<SettingReader> Parts(string key)
    {
        known.Add(key);
        var list = section.GetSection(key);
        if (!string.IsNullOrWhiteSpace(list.Value))
        {
            Fault(key, "must be a list");
        }

        return [.. list.GetChildren().Select(child => new SettingReader(child, faults))];
    }

    /// <summary>As <see cref="Parts"/>, noting a fault if there are none.</summary>
    public IReadOnlyList<SettingReader> RequiredParts(string key)
    {
        var parts = Parts(key);
        if (parts.Count == 0)
        {
            Fault(key, "must list at least one");
        }

        return parts;
    }

    /// <summary>The texts of a list, in order.</summary>
    public IReadOnlyList<(string Path, string Text)> Texts(string key)
    {
        known.Add(key);
        return [.. section.GetSection(key).GetChildren().Select(child => ($"{key}:{child.Key}", child.Value?.Trim() ?? string.Empty))];
    }

    /// <summary>Notes a fault for every setting that nothing has asked for: a misspelt one would otherwise be ignored in silence.</summary>
    public void RefuseUnknown()
    {
        foreach (var child in section.GetChildren().Where(child => !known.Contains(child.Key)))
        {
            Fault(child.Key, "is not a setting of the catalog");
        }
    }

    private string? Checked(string key, string? text, Predicate<string> holds, string rule)
    {
        if (text is null || holds(text))
        {
            return text;
        }

        Fault(key, rule);
        return null;
    }

    private static bool IsId(string text) =>
        text.Length <= 50 && char.IsAsciiLetterLower(text[0]) && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_');
}

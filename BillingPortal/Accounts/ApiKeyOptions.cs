using System.ComponentModel.DataAnnotations;

namespace BillingPortal.Accounts;

/// <summary>Whether a key moves real money.</summary>
public enum KeyEnvironment
{
    Live,
    Test,
}

/// <summary>Configuration section <c>ApiKeys</c>.</summary>
public sealed class ApiKeyOptions
{
    /// <summary>What every new key starts with; keys made under another prefix keep working.</summary>
    [RegularExpression("^[a-z][a-z0-9_]{0,19}$", ErrorMessage = "ApiKeys:Prefix: must be 1 to 20 lower-case letters, digits and underscores, a letter first.")]
    public string Prefix { get; set; } = "bp_sk";

    /// <summary>Written into new keys; by default <c>live</c> with Stripe and <c>test</c> in the sandbox.</summary>
    public KeyEnvironment? Environment { get; set; }

    /// <summary>Most active keys of one organization.</summary>
    [Range(1, 10_000, ErrorMessage = "ApiKeys:MaxPerOrganization: must be 1 to 10,000.")]
    public int MaxPerOrganization { get; set; } = 50;
}

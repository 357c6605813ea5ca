using System.Collections.Frozen;

namespace BillingPortal.Api.Reference;

/// <summary>What is said of each operation in the description, with an example that works; one file for each surface.</summary>
/// <remarks>A test holds that there is an entry for every operation and none for another, and that examples and live answers fit the types.</remarks>
internal static partial class ApiReference
{
    // Made when first asked for: the parts of this class set up their own fields in no certain order.
    private static readonly Lazy<FrozenDictionary<string, OperationFacts>> All = new(() => new[] { Portal, Usage, Billing, Flows, OrganizationCredits, ApiCredits }
        .SelectMany(surface => surface).ToFrozenDictionary(StringComparer.OrdinalIgnoreCase));

    /// <summary>What each group of operations is for.</summary>
    public static IReadOnlyDictionary<string, string> Tags { get; } = new Dictionary<string, string>
    {
        ["Authentication"] = "Access tokens of signed-in people.",
        ["Credit packs"] = "Packs of credits, bought in a browser.",
        ["Usage"] = "Reporting usage and reading what it cost.",
        ["Billing"] = "Wallet, metering, plans and invoices.",
        ["Flows"] = "Daily and bonus flows, gifts and grants.",
        ["Posts"] = "Scheduled posts, each paid with a flow.",
        ["Webhooks"] = "Endpoints that are told what happens, and what became of each delivery.",
        ["Invoices"] = "Invoices, credit notes, statements, and what they say of the buyer.",
        ["Organization credits"] = "Balance, history, packs and rates of an organization.",
        ["API credits"] = "Credits for model calls.",
        ["API keys"] = "Keys of programs.",
        ["Holds"] = "Credit set aside for work in progress.",
        ["Estimates"] = "What work would cost, before it is done.",
        ["Numbers"] = "Rented phone numbers.",
        ["Notifications"] = "What a signed-in person was told.",
        ["Administration"] = "For platform administrators.",
    };

    /// <summary>As "GET /api/v1/usage".</summary>
    public static IEnumerable<string> Operations => All.Value.Keys;

    public static OperationFacts? Find(string method, string path) => All.Value.GetValueOrDefault($"{method} {path}");
}

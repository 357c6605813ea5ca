using System.Collections.Immutable;

namespace BillingPortal.Catalog;

/// <summary>The kinds of credit a wallet can hold, as they are stored and sent. Source: contract, "Credit types".</summary>
public static class CreditTypes
{
    /// <summary>Pays for operations, voice, chat, transfers, numbers, storage and AI tokens; 1 credit = $0.01.</summary>
    public const string Credits = "credits";

    /// <summary>Pays for posts.</summary>
    public const string Flows = "flows";

    /// <summary>Pays for model calls; 100,000 credits = $1.00.</summary>
    public const string ApiCredits = "api_credits";

    /// <summary>A plan's voice minutes of the cycle, 1 credit = 1 minute. Internal: granted and drawn by the portal, never bought or given.</summary>
    public const string IncludedMinutes = "included_minutes";

    public static ImmutableArray<string> All { get; } = [Credits, Flows, ApiCredits, IncludedMinutes];

    /// <summary>What people read.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such credit type.</exception>
    public static string NameOf(string creditType) => creditType switch
    {
        Credits => "Credits",
        Flows => "Flows",
        ApiCredits => "API credits",
        IncludedMinutes => "Included minutes",
        _ => throw new ArgumentOutOfRangeException(nameof(creditType), creditType, "No such credit type."),
    };
}

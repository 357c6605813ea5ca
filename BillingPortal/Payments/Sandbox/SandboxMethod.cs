using System.Collections.Immutable;

namespace BillingPortal.Payments.Sandbox;

/// <summary>Ways to pay in the sandbox, by what comes of them.</summary>
public enum SandboxMethod
{
    /// <summary>4242 4242 4242 4242: pays at once.</summary>
    CardThatPays,

    /// <summary>4000 0000 0000 0002: is declined, and cannot be saved.</summary>
    CardThatDeclines,

    /// <summary>4000 0025 0000 3155: asks the buyer to confirm; saved, it pays without.</summary>
    CardThatAsks,

    /// <summary>4000 0027 6000 3184: asks the buyer to confirm, each time, saved or not.</summary>
    CardThatAlwaysAsks,

    /// <summary>4000 0000 0000 9995: can be saved, but has no funds.</summary>
    CardWithoutFunds,

    /// <summary>4000 0000 0000 0341: pays on the page and is declined once saved.</summary>
    CardThatDeclinesLater,

    /// <summary>4000 0000 0000 4954: saved, it pays after a while.</summary>
    CardThatIsSlow,

    /// <summary>4000 0000 0000 6975: saved, it pays, but the merchant gets no answer.</summary>
    CardWithLostAnswer,

    /// <summary>A bank transfer that arrives after a while.</summary>
    BankThatPays,

    /// <summary>A bank transfer that fails after a while.</summary>
    BankThatFails,
}

/// <summary>How the merchant is told of what a buyer did.</summary>
public enum SandboxWebhooks
{
    /// <summary>At once, each event once.</summary>
    AsTheyShould,

    /// <summary>Each event three times.</summary>
    Repeated,

    /// <summary>What is told last otherwise comes first, and the rest some seconds later.</summary>
    OutOfOrder,

    /// <summary>Half a minute later.</summary>
    Late,

    /// <summary>Never: the merchant must find out by asking.</summary>
    Lost,
}

/// <summary>What the sandbox knows of its ways to pay.</summary>
public static class SandboxMethods
{
    private static readonly ImmutableDictionary<SandboxMethod, string> Numbers = ImmutableDictionary.CreateRange<SandboxMethod, string>(
    [
        new(SandboxMethod.CardThatPays, "4242424242424242"),
        new(SandboxMethod.CardThatDeclines, "4000000000000002"),
        new(SandboxMethod.CardThatAsks, "4000002500003155"),
        new(SandboxMethod.CardThatAlwaysAsks, "4000002760003184"),
        new(SandboxMethod.CardWithoutFunds, "4000000000009995"),
        new(SandboxMethod.CardThatDeclinesLater, "4000000000000341"),
        new(SandboxMethod.CardThatIsSlow, "4000000000004954"),
        new(SandboxMethod.CardWithLostAnswer, "4000000000006975"),
    ]);

    public static bool IsCard(this SandboxMethod method) => Numbers.ContainsKey(method);

    public static bool AsksBuyer(this SandboxMethod method) => method is SandboxMethod.CardThatAsks or SandboxMethod.CardThatAlwaysAsks;

    /// <summary>The last four digits of a card.</summary>
    public static string Last4(this SandboxMethod method) => Numbers[method][^4..];

    /// <summary>A card's number as people read it.</summary>
    public static string Number(this SandboxMethod method) => string.Join(' ', Numbers[method].Chunk(4).Select(group => new string(group)));

    /// <summary>Why a saved card is not charged while its owner is away; null if it is.</summary>
    internal static string? FailureWhenAway(this SandboxMethod method) => method switch
    {
        SandboxMethod.CardThatAlwaysAsks => FailureCodes.AuthenticationRequired,
        SandboxMethod.CardWithoutFunds => "insufficient_funds",
        SandboxMethod.CardThatDeclinesLater => FailureCodes.Declined,
        _ => null,
    };
}

namespace BillingPortal.Ledger;

/// <summary>Why the ledger would not do as asked. Nothing was changed.</summary>
public abstract record Refusal
{
    private Refusal()
    {
    }

    /// <summary>The available credit does not cover the debit.</summary>
    public sealed record Insufficient(string CreditType, Credits Needed, Credits Available) : Refusal;

    /// <summary>There is credit, and the owner's own limit forbids to spend so much of it.</summary>
    /// <param name="CreditType">Of the wallet.</param>
    /// <param name="Period">Whether the day's or the month's limit.</param>
    /// <param name="Limit">The limit.</param>
    /// <param name="Needed">What was to be spent.</param>
    /// <param name="Left">What may still be spent before the period ends.</param>
    /// <param name="On">The UTC day of the refusal, and so which period.</param>
    /// <param name="KeyId">The API key whose limit it is; null: the organization's.</param>
    public sealed record OverLimit(string CreditType, SpendPeriod Period, Credits Limit, Credits Needed, Credits Left, DateOnly On, string? KeyId) : Refusal;

    /// <summary>The hold ended already, or never was in this wallet.</summary>
    public sealed record HoldNotOpen(string HoldId) : Refusal;

    /// <summary>The balance would pass what 64 bits of micro-credits can say.</summary>
    public sealed record BalanceTooLarge : Refusal;

    /// <summary>A rule of the feature that asked, by its own code: a limit reached, a state that no longer allows it.</summary>
    public sealed record Rule(string Code, string Message) : Refusal;
}

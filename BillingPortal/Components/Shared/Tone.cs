namespace BillingPortal.Components.Shared;

/// <summary>What a colour says; the words beside it always say it too.</summary>
public enum Tone
{
    Neutral,
    Info,
    Good,
    Warn,
    Bad,
}

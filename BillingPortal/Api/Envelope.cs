namespace BillingPortal.Api;

/// <summary>How the surfaces 002 and 003 wrap what they answer.</summary>
internal sealed record Envelope<TData>(TData Data)
{
    public bool Success { get; } = true;
}

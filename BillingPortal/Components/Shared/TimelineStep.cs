namespace BillingPortal.Components.Shared;

/// <summary>How far a step has come.</summary>
public enum TimelineState
{
    Waiting,
    Current,
    Done,
    Failed,
}

/// <summary>One step of something that takes a while.</summary>
/// <param name="Title">What happens in it.</param>
/// <param name="State">How far it has come.</param>
/// <param name="At">When it was reached; null if not yet, or unknown.</param>
/// <param name="Detail">A sentence for people.</param>
public sealed record TimelineStep(string Title, TimelineState State, DateTimeOffset? At = null, string? Detail = null);

namespace BillingPortal.Client;

/// <summary>How a <see cref="PortalClient"/> behaves.</summary>
public sealed record PortalClientOptions
{
    /// <summary>How often a request is sent again after the connection broke, or the portal answered 429, 502, 503 or 504.</summary>
    public int MaxRetries { get; init; } = 3;

    /// <summary>How long one attempt may take.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The first pause between attempts where the portal names none; it doubles each time.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest pause, whatever the portal asks for.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);
}

using System.ComponentModel.DataAnnotations;

namespace BillingPortal.Accounts;

/// <summary>Configuration section <c>RateLimits</c>.</summary>
public sealed class RateLimitOptions
{
    /// <summary>Requests per minute for each key, each signed-in person, and each address without either; 0: no limit.</summary>
    [Range(0, 10_000, ErrorMessage = "RateLimits:PerMinute: must be 0 to 10,000.")]
    public int PerMinute { get; set; } = 100;

    /// <summary>Failed sign-ins per minute from one address, after which it waits.</summary>
    [Range(1, 1_000, ErrorMessage = "RateLimits:SignInFailuresPerMinute: must be 1 to 1,000.")]
    public int SignInFailuresPerMinute { get; set; } = 20;

    /// <summary>Sign-ups per hour from one address, after which it waits.</summary>
    [Range(1, 1_000, ErrorMessage = "RateLimits:SignUpsPerHour: must be 1 to 1,000.")]
    public int SignUpsPerHour { get; set; } = 30;
}

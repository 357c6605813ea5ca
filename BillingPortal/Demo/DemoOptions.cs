using System.ComponentModel.DataAnnotations;

namespace BillingPortal.Demo;

/// <summary>Configuration section <c>Demo</c>.</summary>
public sealed class DemoOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Demo";

    /// <summary>Whether an empty database is filled with the demo people and their year, and the sign-in page offers them.</summary>
    public bool Enabled { get; set; }

    /// <summary>Whether the traffic simulator runs from the start; administrators and demo people switch it at any time.</summary>
    public bool Traffic { get; set; } = true;

    /// <summary>Seconds between two events of the simulator, for each organization with traffic.</summary>
    [Range(0.2, 3600)]
    public decimal TrafficSeconds { get; set; } = 3;
}

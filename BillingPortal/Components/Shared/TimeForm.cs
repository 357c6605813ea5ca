namespace BillingPortal.Components.Shared;

/// <summary>How much of an instant is written out.</summary>
public enum TimeForm
{
    /// <summary>"Today 14:02", "3 Mar, 09:30".</summary>
    Moment,

    /// <summary>"3 Mar".</summary>
    Day,

    /// <summary>"14:02:11".</summary>
    Clock,

    /// <summary>All of it, with the zone.</summary>
    Exact,
}

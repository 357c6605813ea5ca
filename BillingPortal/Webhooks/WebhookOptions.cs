using System.ComponentModel.DataAnnotations;

namespace BillingPortal.Webhooks;

/// <summary>Configuration section <c>Webhooks</c>.</summary>
public sealed class WebhookOptions
{
    public const string Section = "Webhooks";

    /// <summary>Lets endpoints be in private networks, on any port and without TLS. For development only: whoever adds an endpoint then reaches what this machine reaches.</summary>
    public bool AllowPrivateNetworks { get; set; }

    /// <summary>Most endpoints of one organization.</summary>
    [Range(1, 100, ErrorMessage = "Webhooks:MaxPerOrganization: must be 1 to 100.")]
    public int MaxPerOrganization { get; set; } = 10;

    /// <summary>How long an endpoint may take to answer; a tenth of a second to a minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00", ErrorMessage = "Webhooks:Timeout: must be a tenth of a second to a minute.")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>For how many days an event is tried, and an endpoint may fail without an end before it is switched off.</summary>
    [Range(1, 30, ErrorMessage = "Webhooks:GiveUpAfterDays: must be 1 to 30.")]
    public int GiveUpAfterDays { get; set; } = 3;

    /// <summary>For how many days deliveries can be looked at and sent again.</summary>
    [Range(1, 365, ErrorMessage = "Webhooks:RetentionDays: must be 1 to 365.")]
    public int RetentionDays { get; set; } = 30;

    /// <summary>Endpoints that this instance delivers to at the same time.</summary>
    [Range(1, 1_000, ErrorMessage = "Webhooks:Parallelism: must be 1 to 1,000.")]
    public int Parallelism { get; set; } = 32;
}

using Microsoft.AspNetCore.Identity;

namespace BillingPortal.Store;

/// <summary>A person who can sign in. It stands in Store because the identity context is generic over it; Accounts owns its rules.</summary>
public sealed class User : IdentityUser
{
    /// <summary>How pages and invitations call the person.</summary>
    public string DisplayName { get; set; } = "";

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>The IANA zone in which the person reads times; null: the browser's.</summary>
    public string? TimeZone { get; set; }

    /// <summary>The culture whose numbers the person reads; null: the portal's own.</summary>
    public string? NumberFormat { get; set; }

    /// <summary>A role of the installation: may grant, refund and audit in every organization.</summary>
    public bool IsPlatformAdministrator { get; set; }

    /// <summary>Since when the person may not sign in nor act, whatever session is open; null: may.</summary>
    public DateTimeOffset? DisabledAt { get; set; }
}

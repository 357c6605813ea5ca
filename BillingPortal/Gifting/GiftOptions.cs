using System.ComponentModel.DataAnnotations;

namespace BillingPortal.Gifting;

/// <summary>Configuration section <c>Gifts</c>. How many flows one gift may hold stands in the catalog.</summary>
public sealed class GiftOptions
{
    public const string Section = "Gifts";

    /// <summary>Gifts that one organization may give in any 24 hours; invitations count, undone and returned ones do not.</summary>
    [Range(1, 1_000, ErrorMessage = "Gifts:PerDay: must be 1 to 1,000.")]
    public int PerDay { get; set; } = 50;

    /// <summary>Gifts to addresses that nobody has, per organization and hour, after which every gift waits: so that nobody finds out who has an account.</summary>
    [Range(1, 100, ErrorMessage = "Gifts:UnknownPerHour: must be 1 to 100.")]
    public int UnknownPerHour { get; set; } = 10;

    /// <summary>How long a gift from the Gifts page can be undone; a second to an hour.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00", ErrorMessage = "Gifts:UndoWindow: must be a second to an hour.")]
    public TimeSpan UndoWindow { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How many days a gift waits for somebody who has not signed up yet.</summary>
    [Range(1, 365, ErrorMessage = "Gifts:InvitationDays: must be 1 to 365.")]
    public int InvitationDays { get; set; } = 14;

    /// <summary>Most flows in one grant of an administrator.</summary>
    [Range(1, 1_000_000, ErrorMessage = "Gifts:MaxGrant: must be 1 to 1,000,000.")]
    public int MaxGrant { get; set; } = 10_000;

    /// <summary>Bonus flows for signing up, which cannot be given away; 0: none.</summary>
    [Range(0, 10_000, ErrorMessage = "Gifts:SignUpBonus: must be 0 to 10,000.")]
    public int SignUpBonus { get; set; }
}

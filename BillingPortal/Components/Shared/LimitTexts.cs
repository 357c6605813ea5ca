using System.Globalization;
using BillingPortal.Ledger;
using BillingPortal.Metering;

namespace BillingPortal.Components.Shared;

/// <summary>Two spend limits as somebody types them: whole credits, or nothing for no limit.</summary>
public sealed class LimitTexts
{
    /// <summary>What is wrong with a text that is no limit.</summary>
    public static string Fault => $"A limit is a whole number from 0 to {Display.Number(SpendLimitSettings.Highest)}, or empty.";

    public string? Day { get; set; }

    public string? Month { get; set; }

    public static LimitTexts Of(SpendLimits limits) => new() { Day = TextOf(limits.PerDay), Month = TextOf(limits.PerMonth) };

    /// <summary>The limits; null if one of the texts is none.</summary>
    public SpendLimits? Read() => TryRead(Day, out var day) && TryRead(Month, out var month) ? new SpendLimits(day, month) : null;

    private static bool TryRead(string? text, out Credits? limit)
    {
        limit = long.TryParse(text?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var whole) && whole <= SpendLimitSettings.Highest ? Credits.FromWhole(whole) : null;
        return limit is not null || string.IsNullOrWhiteSpace(text);
    }

    private static string? TextOf(Credits? limit) => limit is { } most ? (most.Micros / Credits.MicrosPerCredit).ToString(CultureInfo.InvariantCulture) : null;
}

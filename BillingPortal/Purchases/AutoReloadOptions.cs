using System.ComponentModel.DataAnnotations;

namespace BillingPortal.Purchases;

/// <summary>Configuration section <c>AutoReload</c>.</summary>
public sealed class AutoReloadOptions : IValidatableObject
{
    public const string Section = "AutoReload";

    public static readonly TimeSpan ShortestCooldown = TimeSpan.FromMinutes(10);

    /// <summary>Shortest time between two attempts; ten minutes to a day.</summary>
    public TimeSpan Cooldown { get; set; } = ShortestCooldown;

    /// <summary>Most charges of an organization in a UTC day.</summary>
    [Range(1, 100, ErrorMessage = "AutoReload:ChargesPerDay: from 1 to 100.")]
    public int ChargesPerDay { get; set; } = 5;

    public AutoReloadBounds Bounds => new(Cooldown, ChargesPerDay);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Cooldown < ShortestCooldown || Cooldown > TimeSpan.FromDays(1))
        {
            yield return new ValidationResult("AutoReload:Cooldown: from ten minutes to a day.");
        }
    }
}

using System.ComponentModel.DataAnnotations;
using BillingPortal.Ledger;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Metering;

/// <summary>Configuration section <c>BalanceAlerts</c>.</summary>
public sealed class BalanceAlertOptions
{
    public const string Section = "BalanceAlerts";

    /// <summary>Below so many available credits <c>credits.low_balance</c> is sent to organizations that chose no levels of their own; 0: never.</summary>
    [Range(0, 1_000_000_000, ErrorMessage = "BalanceAlerts:LowCredits: must be 0 to 1,000,000,000.")]
    public long LowCredits { get; set; } = 100;

    /// <summary>The same for API credits.</summary>
    [Range(0, 1_000_000_000, ErrorMessage = "BalanceAlerts:LowApiCredits: must be 0 to 1,000,000,000.")]
    public long LowApiCredits { get; set; } = 50_000;
}

/// <summary>The level that an organization was told of last.</summary>
internal sealed class BalanceLevelRow
{
    public required string OrganizationId { get; init; }

    public required string CreditType { get; init; }

    /// <summary>The lowest that the balance was found below; zero: nothing was left; null: none.</summary>
    public required Credits? BelowMicros { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<BalanceLevelRow>
    {
        public void Configure(EntityTypeBuilder<BalanceLevelRow> builder)
        {
            builder.ToTable("balance_levels");
            // Two instances that see the same crossing collide here, or on the level they expect: it is told once.
            builder.HasKey(row => new { row.OrganizationId, row.CreditType });
        }
    }
}

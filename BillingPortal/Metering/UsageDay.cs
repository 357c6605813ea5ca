using BillingPortal.Ledger;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Metering;

/// <summary>Sums of a day's usage, kept up in the commit of each event, so that no report ever scans items.</summary>
/// <remarks>
/// Two days make the key: the one it happened on, which reports show, and the one it was recorded on, which agrees with the ledger. They differ for late events only.
/// Rows of one credit type are written under the lock of that wallet, so writers never wait for each other here.
/// </remarks>
internal sealed class UsageDay
{
    public string OrganizationId { get; set; } = "";

    /// <summary>The UTC day on which it happened.</summary>
    public DateOnly Day { get; set; }

    /// <summary>The UTC day on which it was charged.</summary>
    public DateOnly RecordedOn { get; set; }

    public string Channel { get; set; } = "";

    public string Operation { get; set; } = "";

    /// <summary>The API key; empty if a person or the portal reported it.</summary>
    public string KeyId { get; set; } = "";

    public string CreditType { get; set; } = "";

    /// <summary>Units billed; what was free counts in <see cref="Items"/> only.</summary>
    public long QuantityMicros { get; set; }

    /// <summary>Of these, units served by included minutes.</summary>
    public Credits IncludedMicros { get; set; }

    public Credits CreditsMicros { get; set; }

    public long Items { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<UsageDay>
    {
        public void Configure(EntityTypeBuilder<UsageDay> builder)
        {
            builder.ToTable("usage_days");
            builder.HasKey(row => new { row.OrganizationId, row.Day, row.RecordedOn, row.Channel, row.Operation, row.KeyId, row.CreditType });
        }
    }
}

using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Demo;

/// <summary>How far the demo's time was moved; one row for all instances, kept over restarts.</summary>
internal sealed class ClockOffset
{
    /// <summary>The only id there is.</summary>
    public const string Only = "clock";

    public string Id { get; init; } = Only;

    public long OffsetMillis { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<ClockOffset>
    {
        public void Configure(EntityTypeBuilder<ClockOffset> builder)
        {
            builder.ToTable("demo_clock");
            builder.HasKey(row => row.Id);
        }
    }
}

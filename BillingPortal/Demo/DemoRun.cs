using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Demo;

/// <summary>Says that the demo year has been played to its end; there is at most one.</summary>
internal sealed class DemoRun
{
    /// <summary>The only id there is.</summary>
    public const string Year = "year";

    public string Id { get; set; } = Year;

    public DateTimeOffset StartedAt { get; set; }

    public DateTimeOffset? FinishedAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<DemoRun>
    {
        public void Configure(EntityTypeBuilder<DemoRun> builder)
        {
            builder.ToTable("demo_runs");
            builder.HasKey(row => row.Id);
        }
    }
}

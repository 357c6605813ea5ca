using System.Text.Json;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Metering;

/// <summary>How a hold was ended; one that is open past its expiry has expired.</summary>
public enum UsageHoldState
{
    Open,
    Captured,
    Released,
}

/// <summary>Usage that credit is set aside for. The credit itself lies in the ledger's holds; here stands what it is for.</summary>
internal sealed class UsageHold
{
    public string OrganizationId { get; set; } = "";

    /// <summary>hold_…</summary>
    public string Id { get; set; } = "";

    public string Operation { get; set; } = "";

    /// <summary>What is expected to be used, in millionths of a unit.</summary>
    public long QuantityMicros { get; set; }

    /// <summary>What bears on the price, as <see cref="Properties"/> reads it.</summary>
    public string PropertiesJson { get; set; } = "{}";

    public string CreditType { get; set; } = "";

    /// <summary>Set aside of <see cref="CreditType"/>.</summary>
    public Credits CreditsMicros { get; set; }

    /// <summary>Set aside of included minutes.</summary>
    public Credits IncludedMicros { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }

    public UsageHoldState State { get; set; }

    /// <summary>The recorded usage that captured it.</summary>
    public string? ItemId { get; set; }

    public UsageProperties Properties => Stored.Read(PropertiesJson);

    public static string JsonOf(UsageProperties properties) => Stored.Write(properties);

    /// <summary>Properties as they are kept: amounts in their smallest unit, exact.</summary>
    private sealed record Stored(
        string? Model, long? InputMicros, long? OutputMicros, bool TollFree, long CarrierMicros, string? AgentId, string? RepoId, string? UnitId,
        string? Host, string? NodeType, string? LlmType, string? LlmModel, string? Status)
    {
        public static string Write(UsageProperties from) => JsonSerializer.Serialize(new Stored(
            from.Model, from.InputTokens?.Micros, from.OutputTokens?.Micros, from.TollFree, from.CarrierCost.Micros, from.AgentId, from.RepoId, from.UnitId,
            from.Host, from.NodeType, from.LlmType, from.LlmModel, from.Status));

        public static UsageProperties Read(string json)
        {
            var from = JsonSerializer.Deserialize<Stored>(json)!;
            return new UsageProperties
            {
                Model = from.Model,
                InputTokens = from.InputMicros is { } input ? Quantity.FromMicros(input) : null,
                OutputTokens = from.OutputMicros is { } output ? Quantity.FromMicros(output) : null,
                TollFree = from.TollFree,
                CarrierCost = Credits.FromMicros(from.CarrierMicros),
                AgentId = from.AgentId,
                RepoId = from.RepoId,
                UnitId = from.UnitId,
                Host = from.Host,
                NodeType = from.NodeType,
                LlmType = from.LlmType,
                LlmModel = from.LlmModel,
                Status = from.Status,
            };
        }
    }

    internal sealed class Configuration : IEntityTypeConfiguration<UsageHold>
    {
        public void Configure(EntityTypeBuilder<UsageHold> builder)
        {
            builder.ToTable("usage_holds");
            builder.HasKey(row => new { row.OrganizationId, row.Id });
            builder.Ignore(row => row.Properties);
        }
    }
}

using System.Text.Json;
using System.Text.Json.Serialization;
using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Audit;

/// <summary>That somebody changed something. Triggers refuse to update or delete it.</summary>
internal sealed class AuditEntry
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower), new CreditsConverter(), new MoneyConverter() },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>aud_…; rises with time.</summary>
    public required string Id { get; init; }

    /// <summary>Whose things were changed.</summary>
    public required string OrganizationId { get; init; }

    /// <summary>One of <see cref="AuditActs"/>.</summary>
    public required string Act { get; init; }

    /// <summary>The id of what was changed.</summary>
    public required string Subject { get; init; }

    /// <summary>Who did it, as <see cref="Caller.Actor"/> has it.</summary>
    public required string Actor { get; init; }

    /// <summary>The network it was done from; null where the portal did it by itself.</summary>
    public string? Address { get; init; }

    /// <summary>How it was, as JSON; null if it was not there.</summary>
    public string? Before { get; init; }

    /// <summary>How it is now, as JSON; null if it is gone.</summary>
    public string? After { get; init; }

    public required DateTimeOffset At { get; init; }

    public static string? Write(object? state) => state is null ? null : JsonSerializer.Serialize(state, Json);

    internal sealed class Configuration : IEntityTypeConfiguration<AuditEntry>
    {
        public void Configure(EntityTypeBuilder<AuditEntry> builder)
        {
            builder.ToTable("audit_entries");
            builder.HasKey(row => row.Id);
            // Each is a way in which the log is searched, newest first.
            builder.HasIndex(row => new { row.OrganizationId, row.Id });
            builder.HasIndex(row => new { row.Act, row.Id });
            builder.HasIndex(row => new { row.Actor, row.Id });
            builder.HasIndex(row => new { row.Subject, row.Id });
            builder.HasIndex(row => new { row.Address, row.Id });
        }
    }

    private sealed class CreditsConverter : JsonConverter<Credits>
    {
        public override Credits Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException("The log is only written.");

        public override void Write(Utf8JsonWriter writer, Credits value, JsonSerializerOptions options) => writer.WriteNumberValue(value.ToDecimal());
    }

    private sealed class MoneyConverter : JsonConverter<Money>
    {
        public override Money Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException("The log is only written.");

        public override void Write(Utf8JsonWriter writer, Money value, JsonSerializerOptions options) => writer.WriteNumberValue(value.ToDecimal());
    }
}

/// <summary>Writes the log.</summary>
public static class AuditRecord
{
    /// <summary>Adds to what <paramref name="db"/> saves next that the caller changed something: both are stored or neither.</summary>
    /// <param name="db">The context, or a rider's, that saves the change itself.</param>
    /// <param name="caller">Who did it, and from where.</param>
    /// <param name="now">When.</param>
    /// <param name="act">One of <see cref="AuditActs"/>.</param>
    /// <param name="subject">The id of what was changed.</param>
    /// <param name="before">What of it was otherwise before; null: it was not there. Never a secret: owners read it.</param>
    /// <param name="after">What of it is new; null: it is gone.</param>
    /// <param name="organizationId">Whose it is; null: the caller's own organization's.</param>
    public static void Record(
        this BillingDbContext db, Caller caller, DateTimeOffset now, string act, string subject, object? before, object? after, string? organizationId = null) =>
        Record(db, organizationId ?? caller.OrganizationId, caller.Actor, caller.Address, now, act, subject, before, after);

    /// <summary>The same where what somebody agreed to is carried out later, and nobody is there any more.</summary>
    public static void Record(
        this BillingDbContext db, string organizationId, string actor, DateTimeOffset now, string act, string subject, object? before, object? after) =>
        Record(db, organizationId, actor, null, now, act, subject, before, after);

    private static void Record(
        BillingDbContext db, string organizationId, string actor, string? address, DateTimeOffset now, string act, string subject, object? before, object? after) =>
        db.Add(new AuditEntry
        {
            Id = Ids.New("aud", now),
            OrganizationId = organizationId,
            Act = act,
            Subject = subject,
            Actor = actor,
            Address = address,
            Before = AuditEntry.Write(before),
            After = AuditEntry.Write(after),
            At = now,
        });
}

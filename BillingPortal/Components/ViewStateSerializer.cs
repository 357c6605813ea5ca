using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using BillingPortal.Ledger;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components;

/// <summary>Carries what was read for the first rendering over to the live page, amounts included, which have no public way in but their factories.</summary>
internal sealed class ViewStateSerializer<T> : PersistentComponentStateSerializer<T>
{
    public override void Persist(T value, IBufferWriter<byte> writer)
    {
        using var json = new Utf8JsonWriter(writer);
        JsonSerializer.Serialize(json, value, ViewState.Options);
    }

    public override T Restore(ReadOnlySequence<byte> data)
    {
        var json = new Utf8JsonReader(data);
        return JsonSerializer.Deserialize<T>(ref json, ViewState.Options)!;
    }
}

file static class ViewState
{
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web) { Converters = { new CreditsConverter(), new MoneyConverter() } };

    private sealed class CreditsConverter : JsonConverter<Credits>
    {
        public override Credits Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Credits.FromMicros(reader.GetInt64());

        public override void Write(Utf8JsonWriter writer, Credits value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Micros);
    }

    private sealed class MoneyConverter : JsonConverter<Money>
    {
        public override Money Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Money.FromCents(reader.GetInt64());

        public override void Write(Utf8JsonWriter writer, Money value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Cents);
    }
}

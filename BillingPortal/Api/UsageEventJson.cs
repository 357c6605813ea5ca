using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;

namespace BillingPortal.Api;

/// <summary>Reads usage events from JSON by hand: exact numbers, and a fault that names its field and leaves the rest of a batch alone.</summary>
internal static class UsageEventJson
{
    /// <summary>An event; null, and why, if the element is none. Unknown fields are ignored; null is absent.</summary>
    public static UsageEvent? Read(JsonElement element, out UsageRejection? rejection) =>
        Read(element, out rejection, static element => new UsageEvent(
            Required(element, "id"), Required(element, "operation"), Amount(element, "", "quantity"), Instant(element, "occurredAt"), Properties(element, "properties.")));

    /// <summary>An event in the JSON form of CloudEvents 1.0: <c>type</c> ends with the operation, <c>data</c> holds quantity and properties, source and id de-duplicate together.</summary>
    public static UsageEvent? ReadCloudEvent(JsonElement element, out UsageRejection? rejection) => Read(element, out rejection, static element =>
    {
        if (Required(element, "specversion") != "1.0")
        {
            throw new FieldException("specversion", "must be 1.0");
        }

        var type = Required(element, "type");
        var data = TryGet(element, "data", out var given) ? given : EmptyData;
        if (data.ValueKind is not JsonValueKind.Object || TryGet(element, "data_base64", out _))
        {
            throw new FieldException("data", "must be a JSON object");
        }

        return new UsageEvent(
            Required(element, "id"), type[(type.LastIndexOf('.') + 1)..], Amount(data, "data.", "quantity"), Instant(element, "time"),
            Properties(data, "data.properties."), Required(element, "source"));
    });

    /// <summary>The field of a CloudEvent that became this field of an event.</summary>
    public static string? CloudEventField(string? field) => field switch
    {
        null => null,
        "id" or "source" or "type" or "time" or "specversion" or "data" => field,
        "operation" => "type",
        "origin" => "source",
        "occurredAt" => "time",
        _ => field.StartsWith("data.", StringComparison.Ordinal) ? field : $"data.{field}",
    };

    private static readonly JsonElement EmptyData = JsonElement.Parse("{}");

    private static UsageEvent? Read(JsonElement element, out UsageRejection? rejection, Func<JsonElement, UsageEvent> read)
    {
        rejection = null;
        if (element.ValueKind is not JsonValueKind.Object)
        {
            rejection = new(UsageRejection.Invalid, "An event must be a JSON object.", null);
            return null;
        }

        try
        {
            return read(element);
        }
        catch (FieldException fault)
        {
            rejection = new(UsageRejection.Invalid, $"{fault.Field} {fault.Message}.", fault.Field);
            return null;
        }
    }

    private static string Required(JsonElement element, string name) => Text(element, "", name) ?? throw new FieldException(name, "is missing");

    /// <summary>The quantity and the properties of a body that has them as an event does.</summary>
    /// <exception cref="ApiException">400 naming the field.</exception>
    public static (Quantity? Quantity, UsageProperties Properties) ReadUse(JsonElement body)
    {
        try
        {
            return (Amount(body, "", "quantity"), Properties(body, "properties."));
        }
        catch (FieldException fault)
        {
            throw ApiException.Invalid(fault.Field, $"{fault.Field} {fault.Message}.");
        }
    }

    /// <summary>The id of what may not be a whole event; empty if it has none that can be told.</summary>
    public static string IdOf(JsonElement element)
    {
        try
        {
            return element.ValueKind is JsonValueKind.Object && Text(element, "", "id") is { Length: <= UsageLimits.IdLength } id ? id : "";
        }
        catch (FieldException)
        {
            return "";
        }
    }

    private static UsageProperties Properties(JsonElement element, string path)
    {
        if (!TryGet(element, "properties", out var properties))
        {
            return UsageProperties.None;
        }

        return properties.ValueKind is not JsonValueKind.Object ? throw new FieldException(path.TrimEnd('.'), "must be an object") : new UsageProperties
        {
            Model = Text(properties, path, "model"),
            InputTokens = Amount(properties, path, "inputTokens"),
            OutputTokens = Amount(properties, path, "outputTokens"),
            TollFree = Flag(properties, path, "tollFree"),
            CarrierCost = Dollars(properties, path, "carrierCostUsd"),
            AgentId = Text(properties, path, "agentId"),
            RepoId = Text(properties, path, "repoId"),
            UnitId = Text(properties, path, "unitId"),
            Host = Text(properties, path, "host"),
            NodeType = Text(properties, path, "nodeType"),
            LlmType = Text(properties, path, "llmType"),
            LlmModel = Text(properties, path, "llmModel"),
            Status = Text(properties, path, "status"),
        };
    }

    private static string? Text(JsonElement element, string path, string name)
    {
        if (!TryGet(element, name, out var value))
        {
            return null;
        }

        if (value.ValueKind is not JsonValueKind.String)
        {
            throw new FieldException(path + name, "must be text");
        }

        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair: no text that could be stored.
            throw new FieldException(path + name, "must be well-formed text");
        }
    }

    private static Quantity? Amount(JsonElement element, string path, string name)
    {
        if (!TryGet(element, name, out var value))
        {
            return null;
        }

        return value.ValueKind is JsonValueKind.Number && Quantity.TryParse(value.GetRawText(), out var quantity)
            ? quantity
            : throw new FieldException(path + name, "must be a number of zero or more with at most six decimals");
    }

    private static Credits Dollars(JsonElement element, string path, string name)
    {
        if (!TryGet(element, name, out var value))
        {
            return Credits.Zero;
        }

        return value.ValueKind is JsonValueKind.Number && CreditValue.TryParseDollars(value.GetRawText(), out var credits)
            ? credits
            : throw new FieldException(path + name, "must be a number of dollars with at most eight decimals");
    }

    private static bool Flag(JsonElement element, string path, string name)
    {
        if (!TryGet(element, name, out var value))
        {
            return false;
        }

        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw new FieldException(path + name, "must be true or false"),
        };
    }

    private static DateTimeOffset? Instant(JsonElement element, string name) => Text(element, "", name) is not { } text
        ? null
        : RequestQuery.TryParseInstant(text, out var instant) ? instant : throw new FieldException(name, "must be a time in ISO 8601, such as 2026-04-10T09:30:00Z");

    private static bool TryGet(JsonElement element, string name, out JsonElement value) =>
        element.TryGetProperty(name, out value) && value.ValueKind is not JsonValueKind.Null;

    [SuppressMessage("Design", "CA1064:Exceptions should be public", Justification = "Caught in this file.")]
    private sealed class FieldException(string name, string message) : Exception(message)
    {
        public string Field => name;
    }
}

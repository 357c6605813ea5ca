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
    public static UsageEvent? Read(JsonElement element, out UsageRejection? rejection)
    {
        rejection = null;
        if (element.ValueKind is not JsonValueKind.Object)
        {
            rejection = new(UsageRejection.Invalid, "An event must be a JSON object.", null);
            return null;
        }

        try
        {
            return new UsageEvent(
                Text(element, "", "id") ?? throw new FieldException("id", "is missing"),
                Text(element, "", "operation") ?? throw new FieldException("operation", "is missing"),
                Amount(element, "", "quantity"),
                Instant(element, "occurredAt"),
                Properties(element));
        }
        catch (FieldException fault)
        {
            rejection = new(UsageRejection.Invalid, $"{fault.Field} {fault.Message}.", fault.Field);
            return null;
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

    private static UsageProperties Properties(JsonElement element)
    {
        if (!TryGet(element, "properties", out var properties))
        {
            return UsageProperties.None;
        }

        const string path = "properties.";
        return properties.ValueKind is not JsonValueKind.Object ? throw new FieldException("properties", "must be an object") : new UsageProperties
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

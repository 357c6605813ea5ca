using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Api.Description;

/// <summary>An operation of the description.</summary>
/// <param name="Method">GET, POST…</param>
/// <param name="Path">With its parameters in braces.</param>
/// <param name="Body">What the description says of it.</param>
internal sealed record DescribedOperation(string Method, string Path, JsonObject Body)
{
    public string Name => $"{Method} {Path}";

    public bool NeedsCaller => Body["security"] is JsonArray { Count: > 0 };

    public string? RequestExample => Body["requestBody"]?["content"]?.AsObject().First().Value?["example"]?.ToJsonString();

    public JsonObject Responses => Body["responses"]!.AsObject();

    public IEnumerable<JsonObject> Parameters(string place) =>
        (Body["parameters"]?.AsArray() ?? []).Select(parameter => parameter!.AsObject()).Where(parameter => (string?)parameter["in"] == place);

    public override string ToString() => Name;
}

/// <summary>The description a portal gives of itself, and whether an answer is as it says.</summary>
internal sealed partial class ApiDocument(JsonObject root)
{
    public string Text => root.ToJsonString();

    public IReadOnlyList<DescribedOperation> Operations { get; } =
    [
        .. root["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject()
            .Select(operation => new DescribedOperation(operation.Key.ToUpperInvariant(), path.Key, operation.Value!.AsObject()))),
    ];

    public static async Task<ApiDocument> ReadAsync(Site site)
    {
        using var client = site.NewClient();
        return new ApiDocument(JsonNode.Parse(await client.GetStringAsync("openapi/v1.json", TestContext.Current.CancellationToken))!.AsObject());
    }

    /// <summary>What is not as the description has it: an undescribed status, a missing or undescribed field, a wrong type. Errors may say more than they must.</summary>
    public async Task<IReadOnlyList<string>> FaultsAsync(DescribedOperation operation, HttpResponseMessage answer)
    {
        var status = ((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture);
        if (operation.Responses[status] is not JsonObject described)
        {
            return [$"{operation}: {status} is not described"];
        }

        if (described["content"]?.AsObject() is not { Count: > 0 } content)
        {
            return [];
        }

        var type = answer.Content.Headers.ContentType?.MediaType;
        if (type is null || content[type]?["schema"] is not { } schema)
        {
            return [$"{operation}: {status} with {type ?? "no body"} is not described"];
        }

        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return type is "application/json" ? [.. Faults(schema, JsonNode.Parse(text), $"{operation} {status}", isStrict: status[0] is '2')] : [];
    }

    /// <summary>Whether a value is of a schema; strict: with no field that the schema does not name.</summary>
    public IEnumerable<string> Faults(JsonNode schema, JsonNode? value, string at, bool isStrict)
    {
        if (schema["$ref"] is { } reference)
        {
            return Faults(Resolve((string)reference!), value, at, isStrict);
        }

        if ((schema["oneOf"] ?? schema["anyOf"]) is JsonArray choices)
        {
            var tried = choices.Select(choice => Faults(choice!, value, at, isStrict).ToList()).ToList();
            return tried.Any(faults => faults.Count == 0) ? [] : tried.MinBy(faults => faults.Count)!;
        }

        var types = schema["type"] switch
        {
            JsonArray several => several.Select(type => (string)type!).ToList(),
            JsonValue one => [(string)one!],
            _ => [],
        };
        var actual = TypeOf(value);
        if (types.Count > 0 && !types.Contains(actual) && !(actual is "integer" && types.Contains("number")))
        {
            return [$"{at} is {actual}, not {string.Join(" or ", types)}"];
        }

        if (types.Count == 0 && value is not null)
        {
            return [$"{at} has no described type"];
        }

        return value switch
        {
            JsonObject fields => FieldFaults(schema, fields, at, isStrict),
            JsonArray items => schema["items"] is { } each ? items.SelectMany((item, i) => Faults(each, item, $"{at}[{i}]", isStrict)) : [$"{at} says nothing of its items"],
            _ => schema["enum"] is JsonArray values && !values.Any(one => JsonNode.DeepEquals(one, value)) ? [$"{at} is {value?.ToJsonString()}, none of its choices"] : [],
        };
    }

    private IEnumerable<string> FieldFaults(JsonNode schema, JsonObject fields, string at, bool isStrict)
    {
        var described = schema["properties"]?.AsObject() ?? [];
        foreach (var missing in (schema["required"]?.AsArray() ?? []).Select(name => (string)name!).Where(name => !fields.ContainsKey(name)))
        {
            yield return $"{at}.{missing} is missing";
        }

        foreach (var (name, value) in fields)
        {
            var field = described[name] ?? (schema["additionalProperties"] is JsonObject others ? others : null);
            if (field is not null)
            {
                foreach (var fault in Faults(field, value, $"{at}.{name}", isStrict))
                {
                    yield return fault;
                }
            }
            else if (isStrict)
            {
                yield return $"{at}.{name} is not described";
            }
        }
    }

    private JsonNode Resolve(string reference) =>
        reference.Split('/').Skip(1).Aggregate((JsonNode)root, (node, part) => node[part] ?? throw new InvalidOperationException($"{reference} leads nowhere."));

    private static string TypeOf(JsonNode? value) => value?.GetValueKind() switch
    {
        null or System.Text.Json.JsonValueKind.Null => "null",
        System.Text.Json.JsonValueKind.Object => "object",
        System.Text.Json.JsonValueKind.Array => "array",
        System.Text.Json.JsonValueKind.String => "string",
        System.Text.Json.JsonValueKind.Number => WholeNumber.IsMatch(value.ToJsonString()) ? "integer" : "number",
        _ => "boolean",
    };

    [GeneratedRegex("^-?[0-9]+$")]
    private static partial Regex WholeNumber { get; }
}

using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace BillingPortal.Api;

/// <summary>Reads JSON bodies strictly: what is malformed, of the wrong type, missing or out of range is a 400 that names the field; unknown fields are ignored.</summary>
/// <remarks>A field is required if its constructor parameter has no default or its property is <c>required</c>; ranges are data annotations on properties.</remarks>
internal static partial class RequestBody
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        NumberHandling = JsonNumberHandling.Strict,
        PropertyNameCaseInsensitive = false,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        MaxDepth = 32,
        Converters = { new TextConverter() },
    };

    /// <exception cref="ApiException">400, 413 or 415.</exception>
    public static async Task<T> ReadBodyAsync<T>(this HttpContext http, CancellationToken cancellationToken)
        where T : class => As<T>(await http.ReadJsonAsync(cancellationToken));

    /// <summary>Reads a body whose shape is not known before it has been looked at.</summary>
    /// <exception cref="ApiException">400, 413 or 415.</exception>
    public static async Task<JsonElement> ReadJsonAsync(this HttpContext http, CancellationToken cancellationToken)
    {
        if (!http.Request.HasJsonContentType())
        {
            throw new ApiException(StatusCodes.Status415UnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "Send JSON, with the header Content-Type: application/json.");
        }

        try
        {
            return await JsonSerializer.DeserializeAsync<JsonElement>(http.Request.Body, Options, cancellationToken);
        }
        catch (JsonException exception)
        {
            throw ApiException.Invalid(null, $"The body is not well-formed JSON (line {exception.LineNumber + 1}).");
        }
    }

    /// <summary>An element as a type; <paramref name="path"/> is put before the names of its fields.</summary>
    /// <exception cref="ApiException">400 naming the field.</exception>
    public static T As<T>(JsonElement element, string path = "")
        where T : class
    {
        T? value;
        try
        {
            value = element.Deserialize<T>(Options);
        }
        catch (JsonException exception)
        {
            var field = FieldOf(exception, path);
            throw ApiException.Invalid(field, field is null ? "The body must be a JSON object." : $"{field} is missing or has the wrong type.");
        }

        if (value is null)
        {
            throw ApiException.Invalid(path.Length == 0 ? null : path, "The body must be a JSON object.");
        }

        List<ValidationResult> faults = [];
        if (!Validator.TryValidateObject(value, new ValidationContext(value), faults, validateAllProperties: true))
        {
            var member = faults[0].MemberNames.FirstOrDefault();
            throw ApiException.Invalid(member is null ? null : Join(path, JsonName(typeof(T), member)), faults[0].ErrorMessage ?? "Out of range.");
        }

        return value;
    }

    private static string? FieldOf(JsonException exception, string path)
    {
        var inside = exception.Path is null or "$" ? "" : exception.Path.TrimStart('$').TrimStart('.');
        var missing = MissingProperty.Match(exception.Message);
        var field = missing.Success ? Join(inside, missing.Groups["name"].Value) : inside;
        var whole = Join(path, field);
        return whole.Length == 0 ? null : whole;
    }

    private static string Join(string path, string field) =>
        path.Length == 0 || field.Length == 0 || field[0] == '[' ? path + field : $"{path}.{field}";

    private static string JsonName(Type type, string member) =>
        type.GetProperty(member)?.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? JsonNamingPolicy.CamelCase.ConvertName(member);

    // "… was missing required properties including: 'amount'." — the exception tells it in no other way.
    [GeneratedRegex("missing required properties including: '(?<name>[^']+)'", RegexOptions.ExplicitCapture)]
    private static partial Regex MissingProperty { get; }

    /// <summary>Text that either database can hold: no NUL, and no half of a surrogate pair, which the reader refuses by itself.</summary>
    private sealed class TextConverter : JsonConverter<string>
    {
        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType is not JsonTokenType.String)
            {
                throw new JsonException();
            }

            var text = reader.GetString()!;
            return text.Contains('\0', StringComparison.Ordinal) ? throw new JsonException() : text;
        }

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
    }
}

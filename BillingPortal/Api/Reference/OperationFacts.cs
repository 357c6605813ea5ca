using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace BillingPortal.Api.Reference;

/// <summary>A value that an endpoint reads from the query by itself, so that only this tells of it.</summary>
/// <param name="Name">As it stands in the address.</param>
/// <param name="Description">What it does, for integrators.</param>
/// <param name="Schema">What it may be.</param>
/// <param name="IsRequired">Whether it must be given.</param>
internal sealed record QueryFact(string Name, string Description, OpenApiSchema Schema, bool IsRequired = false)
{
    public static QueryFact Number(string name, string description, long least, long most, long? missing = null) => new(
        name, description, new() { Type = JsonSchemaType.Integer, Minimum = $"{least}", Maximum = $"{most}", Default = missing is { } value ? JsonValue.Create(value) : null });

    /// <summary>A number that may have a fraction.</summary>
    public static QueryFact Quantity(string name, string description) => new(name, description, new() { Type = JsonSchemaType.Number, Minimum = "0" });

    public static QueryFact Dollars(string name, string description, bool isRequired = false) =>
        new(name, description, new() { Type = JsonSchemaType.Number, Minimum = "0" }, isRequired);

    public static QueryFact Text(string name, string description, bool isRequired = false) =>
        new(name, description, new() { Type = JsonSchemaType.String, MaxLength = 200 }, isRequired);

    public static QueryFact Choice(string name, string description, params string[] choices) =>
        new(name, description, new() { Type = JsonSchemaType.String, Enum = [.. choices.Select(choice => JsonValue.Create(choice)!)] });

    /// <summary>A day, or an instant.</summary>
    public static QueryFact Moment(string name, string description) =>
        new(name, $"{description} ISO 8601: a day such as 2026-04-10, or a time such as 2026-04-10T09:30:00Z.", new() { Type = JsonSchemaType.String });
}

/// <summary>An error that an operation answers with, beyond those that all of its kind have.</summary>
internal sealed record ErrorFact(int Status, string Code, string Message);

/// <summary>What the description says of an operation beyond what its types tell.</summary>
internal sealed record OperationFacts
{
    /// <summary>What an integrator should know besides the summary; null: nothing more.</summary>
    public string? Description { get; init; }

    public IReadOnlyList<QueryFact> Query { get; init; } = [];

    /// <summary>A body that works; null: it takes none.</summary>
    public string? Request { get; init; }

    /// <summary>What some calls are answered with instead; null: all are answered alike.</summary>
    public Type? OtherAnswer { get; init; }

    /// <summary>What such a call is answered with.</summary>
    public required string Answer { get; init; }

    public IReadOnlyList<ErrorFact> Errors { get; init; } = [];
}

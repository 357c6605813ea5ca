using System.Text.Json;
using BillingPortal.Audit;

namespace BillingPortal.Components;

/// <summary>What an entry of the log says of one thing: how it was and how it is.</summary>
/// <param name="Name">Of the thing.</param>
/// <param name="Before">Empty if it was not there.</param>
/// <param name="After">Empty if it is gone.</param>
public sealed record AuditChange(string Name, string Before, string After);

/// <summary>The audit log in words.</summary>
public static class AuditText
{
    private const string SystemPrefix = "system:";

    /// <summary>"API key revoked".</summary>
    public static string NameOf(string act) => Words(act);

    /// <summary>What was changed, by name, in the order in which it was written.</summary>
    public static IReadOnlyList<AuditChange> ChangesOf(AuditView entry)
    {
        var (before, after) = (Read(entry.Before), Read(entry.After));
        return
        [
            .. before.Concat(after).Select(part => part.Key).Distinct()
                .Select(name => new AuditChange(Words(name), before.GetValueOrDefault(name, ""), after.GetValueOrDefault(name, ""))),
        ];
    }

    /// <summary>Who it was: a name that the viewer may know, the portal itself, or somebody else.</summary>
    public static string ActorOf(string actor, IReadOnlyDictionary<string, string> names) => names.TryGetValue(actor, out var name) ? name
        : actor.StartsWith(SystemPrefix, StringComparison.Ordinal) ? $"The portal ({actor[SystemPrefix.Length..].Replace('-', ' ')})"
        : "Somebody outside the organization";

    private static Dictionary<string, string> Read(string? json)
    {
        if (json is null)
        {
            return [];
        }

        using var document = JsonDocument.Parse(json);
        return document.RootElement.EnumerateObject().ToDictionary(part => part.Name, part => part.Value.ToString());
    }

    // "api_key.revoked" and "replacedBy" are both words run together.
    private static string Words(string name)
    {
        var words = string.Concat(name.Select(letter => letter is '.' or '_' ? " " : char.IsUpper(letter) ? $" {char.ToLowerInvariant(letter)}" : $"{letter}")).Trim();
        return words.StartsWith("api ", StringComparison.Ordinal) ? $"API {words[4..]}" : $"{char.ToUpperInvariant(words[0])}{words[1..]}";
    }
}

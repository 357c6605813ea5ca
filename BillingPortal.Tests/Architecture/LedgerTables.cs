using System.Text.RegularExpressions;

namespace BillingPortal.Tests.Architecture;

/// <summary>The rule that one namespace alone touches the rows of some tables, by their types or by SQL text.</summary>
/// <param name="owner">The namespace that may.</param>
/// <param name="tables">Their names in the database.</param>
/// <param name="rows">Full names of the types they are mapped to.</param>
internal sealed class LedgerTables(string owner, IReadOnlyCollection<string> tables, IReadOnlyCollection<string> rows)
{
    private readonly Regex writes = new(
        $@"\b(insert\s+(or\s+\w+\s+)?into|update(\s+or\s+\w+)?|delete\s+from|truncate(\s+table)?|merge\s+into|replace\s+into|copy)\s+(only\s+)?[""`\[]?({string.Join('|', tables)})\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    public IReadOnlyList<string> ViolationsIn(CompiledCode code) =>
    [
        .. code.Uses.Where(use => !IsOwner(use.From) && rows.Contains(use.To.ToString())).Select(use => $"{use.From} must not use {use.To}")
            .Concat(code.Texts.Where(text => !IsOwner(text.Holder) && writes.IsMatch(text.Text)).Select(text => $"{text.Holder} must not write: {text.Text}"))
            .Order(StringComparer.Ordinal),
    ];

    private bool IsOwner(CodeType type) => type.Namespace == owner || type.Namespace.StartsWith($"{owner}.", StringComparison.Ordinal);
}

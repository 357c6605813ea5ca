namespace BillingPortal.Tests.Architecture;

/// <summary>Which folders of a project may use which: a tier uses the tiers after it, never its own neighbours nor a tier before it.</summary>
/// <param name="root">The namespace whose next part is the folder. Types directly in it, or in none, compose the program and are free.</param>
/// <param name="tiers">From the top down, the folders of each.</param>
internal sealed class Layering(string root, params string[][] tiers)
{
    public IReadOnlyList<string> ViolationsIn(CompiledCode code) =>
    [
        .. code.Uses
            .Select(use => (use.From, use.To, Upper: FolderOf(use.From), Lower: FolderOf(use.To)))
            .Where(use => use.Upper is not null && use.Lower is not null && use.Upper != use.Lower && TierOf(use.Upper) >= TierOf(use.Lower))
            .Select(use => $"{use.From} must not use {use.To}")
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Folders that no tier names, and so no rule protects.</summary>
    public IReadOnlyList<string> UnplacedIn(CompiledCode code) =>
    [
        .. code.Uses.SelectMany(use => new[] { FolderOf(use.From), FolderOf(use.To) }).OfType<string>().Distinct()
            .Where(folder => TierOf(folder) < 0).Order(StringComparer.Ordinal),
    ];

    private string? FolderOf(CodeType type) =>
        type.Namespace.StartsWith($"{root}.", StringComparison.Ordinal) ? type.Namespace[(root.Length + 1)..].Split('.')[0] : null;

    private int TierOf(string folder) => Array.FindIndex(tiers, tier => tier.Contains(folder));
}

using System.Collections.Immutable;

namespace BillingPortal.Catalog;

/// <summary>One thing wrong with the configured catalog.</summary>
/// <param name="Path">Where, as configuration writes it: <c>Catalog:Packs:2:Price</c>.</param>
/// <param name="Problem">What is wrong, as the rest of a sentence that begins with the path.</param>
public sealed record CatalogFault(string Path, string Problem)
{
    public override string ToString() => $"{Path}: {Problem}";
}

/// <summary>The configured catalog cannot be used. The message lists every fault, for an operator to read; the start of the portal stops with it.</summary>
public sealed class CatalogException(ImmutableArray<CatalogFault> faults)
    : Exception($"The catalog in the configuration cannot be used:{string.Concat(faults.Select(fault => $"\n  {fault}"))}")
{
    public ImmutableArray<CatalogFault> Faults { get; } = faults;
}

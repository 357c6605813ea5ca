using BillingPortal.Catalog;
using Microsoft.Extensions.Configuration;

namespace BillingPortal.Tests.Support;

/// <summary>The catalog that the portal ships with, as it is or with some settings changed.</summary>
internal static class Catalogs
{
    public static PriceCatalog Shipped { get; } = With();

    /// <summary>Settings are named below the catalog's section: <c>Packs:2:Price</c>. Empty text takes one away.</summary>
    /// <exception cref="CatalogException">The changes break it.</exception>
    public static PriceCatalog With(params (string Setting, string Value)[] changes) => Read(Shipping().AddInMemoryCollection(Named(changes)));

    /// <summary>A catalog of these settings alone.</summary>
    /// <exception cref="CatalogException">They do not make a whole one.</exception>
    public static PriceCatalog Only(params (string Setting, string Value)[] settings) => Read(new ConfigurationBuilder().AddInMemoryCollection(Named(settings)));

    private static IConfigurationBuilder Shipping() => new ConfigurationBuilder().AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"));

    private static PriceCatalog Read(IConfigurationBuilder configuration) => CatalogReader.Read(configuration.Build());

    private static IEnumerable<KeyValuePair<string, string?>> Named(IEnumerable<(string Setting, string Value)> settings) =>
        settings.Select(pair => KeyValuePair.Create<string, string?>($"{CatalogServices.Section}:{pair.Setting}", pair.Value));
}

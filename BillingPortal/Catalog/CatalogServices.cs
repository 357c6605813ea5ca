namespace BillingPortal.Catalog;

/// <summary>Puts the catalog at the service of the other features.</summary>
public static class CatalogServices
{
    /// <summary>The section of the configuration that holds the catalog.</summary>
    public const string Section = "Catalog";

    /// <summary>Reads the catalog at once, so that a broken one stops the start, and registers it.</summary>
    /// <exception cref="CatalogException">The catalog is broken; the message lists every fault.</exception>
    public static IServiceCollection AddCatalog(this IServiceCollection services, IConfiguration configuration) =>
        services.AddSingleton(CatalogReader.Read(configuration));
}

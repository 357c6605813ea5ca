using System.Xml.Linq;
using BillingPortal.Store;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Accounts;

/// <summary>A key that protects cookies, tokens and forms; in the database, so that every instance and every restart knows it.</summary>
internal sealed class ProtectionKey
{
    public required string Id { get; init; }

    public required string Xml { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<ProtectionKey>
    {
        public void Configure(EntityTypeBuilder<ProtectionKey> builder)
        {
            builder.ToTable("protection_keys");
            builder.HasKey(row => row.Id);
        }
    }
}

/// <summary>Keeps the key ring in the database.</summary>
internal sealed class ProtectionKeys(IDbContextFactory<BillingDbContext> contexts) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var db = contexts.CreateDbContext();
        return [.. db.Set<ProtectionKey>().AsNoTracking().OrderBy(row => row.Id).Select(row => row.Xml).ToList().Select(XElement.Parse)];
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        using var db = contexts.CreateDbContext();
        db.Add(new ProtectionKey { Id = friendlyName, Xml = element.ToString(SaveOptions.DisableFormatting) });
        db.SaveChanges();
    }
}

using BillingPortal.Ledger;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace BillingPortal.Store;

/// <summary>The portal's tables. Features bring their entities by configurations beside them; Store knows none of them by name.</summary>
/// <remarks>One derived context per engine, so that both migration sets fit one project: docs/decisions/0006.</remarks>
public abstract class BillingDbContext(DbContextOptions options) : IdentityUserContext<User>(options)
{
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        base.ConfigureConventions(configurationBuilder);
        configurationBuilder.Properties<Credits>().HaveConversion<CreditsConverter>();
        configurationBuilder.Properties<Money>().HaveConversion<MoneyConverter>();
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<InstantConverter>();
        configurationBuilder.Properties<DateOnly>().HaveConversion<DayConverter>();
    }

    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);
        builder.ApplyConfigurationsFromAssembly(typeof(BillingDbContext).Assembly);
        foreach (var entity in builder.Model.GetEntityTypes().Where(entity => !entity.IsOwned()))
        {
            if (entity.GetTableName() is { } table)
            {
                entity.SetTableName(SnakeCase.Of(table.Replace("AspNet", "", StringComparison.Ordinal)));
            }

            foreach (var property in entity.GetProperties())
            {
                property.SetColumnName(SnakeCase.Of(property.Name));
                var type = Nullable.GetUnderlyingType(property.ClrType) ?? property.ClrType;
                if (type.IsEnum)
                {
                    property.SetValueConverter((ValueConverter)Activator.CreateInstance(typeof(EnumConverter<>).MakeGenericType(type))!);
                }

                if (property.ClrType == typeof(string))
                {
                    ConfigureText(property);
                }
            }
        }
    }

    /// <summary>Where an engine needs it, makes text compare by its bytes, as ids and references do.</summary>
    protected virtual void ConfigureText(Microsoft.EntityFrameworkCore.Metadata.IMutableProperty property)
    {
    }

    private sealed class CreditsConverter() : ValueConverter<Credits, long>(value => value.Micros, micros => Credits.FromMicros(micros));

    private sealed class MoneyConverter() : ValueConverter<Money, long>(value => value.Cents, cents => Money.FromCents(cents));

    // 64-bit milliseconds: SQLite can neither order nor index a DateTimeOffset.
    private sealed class InstantConverter() : ValueConverter<DateTimeOffset, long>(
        value => value.ToUnixTimeMilliseconds(), millis => DateTimeOffset.FromUnixTimeMilliseconds(millis));

    private sealed class DayConverter() : ValueConverter<DateOnly, long>(value => value.DayNumber, day => DateOnly.FromDayNumber((int)day));

    private sealed class EnumConverter<TEnum>() : ValueConverter<TEnum, string>(value => value.Text(), text => SnakeCase.Parse<TEnum>(text))
        where TEnum : struct, Enum;
}

/// <summary>The tables on SQLite.</summary>
public sealed class SqliteBillingDbContext(DbContextOptions<SqliteBillingDbContext> options) : BillingDbContext(options);

/// <summary>The tables on PostgreSQL.</summary>
public sealed class PostgresBillingDbContext(DbContextOptions<PostgresBillingDbContext> options) : BillingDbContext(options)
{
    protected override void ConfigureText(Microsoft.EntityFrameworkCore.Metadata.IMutableProperty property) => property.SetCollation("C");
}

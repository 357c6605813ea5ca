using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Wallets;

/// <summary>How much of a wallet the usage of one API key may take, and what it took. A row is made when limits are first set; until then nothing is counted for a key.</summary>
internal sealed class KeyLimitRow
{
    public string OrganizationId { get; set; } = "";

    public string CreditType { get; set; } = "";

    public string KeyId { get; set; } = "";

    /// <summary>For a UTC day; null: as much as there is.</summary>
    public Credits? DayLimitMicros { get; set; }

    /// <summary>The same for a calendar month.</summary>
    public Credits? MonthLimitMicros { get; set; }

    /// <summary>The UTC day of the last charge, to which the two sums belong.</summary>
    public DateOnly SpentOn { get; set; }

    public Credits SpentInDayMicros { get; set; }

    public Credits SpentInMonthMicros { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<KeyLimitRow>
    {
        public void Configure(EntityTypeBuilder<KeyLimitRow> builder)
        {
            builder.ToTable("key_limits");
            builder.HasKey(row => new { row.OrganizationId, row.CreditType, row.KeyId });
            builder.HasOne<WalletRow>().WithMany().HasForeignKey(row => new { row.OrganizationId, row.CreditType }).OnDelete(DeleteBehavior.Restrict);
        }
    }
}

/// <summary>Says how much usage one API key may take out of a wallet from now on. <see cref="KeyLimits.SaveAsync"/> rides with it.</summary>
public sealed record LimitKeySpending : WalletCommand
{
    public required string CreditType { get; init; }

    public required SpendLimits Limits { get; init; }

    public override IEnumerable<WalletKey> Wallets => [new(OrganizationId, CreditType)];

    // For the commands that follow in the same batch; what is stored is the rider's.
    internal override Refusal? Apply(WalletBook book) =>
        book.Change(new(OrganizationId, CreditType), wallet => new(wallet.WithKeyLimits(KeyId, Limits), null, null));
}

/// <summary>Stores and reads the limits of keys.</summary>
internal static class KeyLimits
{
    /// <summary>Stores a key's limits, under the lock of <see cref="LimitKeySpending"/>.</summary>
    /// <param name="db">The rider's.</param>
    /// <param name="wallet">Out of which it may take no more.</param>
    /// <param name="keyId">The key.</param>
    /// <param name="limits">None: its usage is counted on.</param>
    /// <param name="spent">Counts what it took before, this commit included; asked the first time only.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task SaveAsync(
        BillingDbContext db, WalletKey wallet, string keyId, SpendLimits limits, Func<Task<Spending>> spent, CancellationToken cancellationToken)
    {
        var (organizationId, creditType) = wallet;
        var set = await db.Set<KeyLimitRow>()
            .Where(row => row.OrganizationId == organizationId && row.CreditType == creditType && row.KeyId == keyId)
            .ExecuteUpdateAsync(row => row.SetProperty(to => to.DayLimitMicros, limits.PerDay).SetProperty(to => to.MonthLimitMicros, limits.PerMonth), cancellationToken);
        if (set > 0)
        {
            return;
        }

        db.Add(RowOf(wallet, keyId, limits, await spent()));
        await db.Set<WalletRow>().Where(row => row.OrganizationId == organizationId && row.CreditType == creditType)
            .ExecuteUpdateAsync(row => row.SetProperty(to => to.HasKeyLimits, true), cancellationToken);
    }

    /// <summary>Gives a key the limits of the one it replaces; it has taken nothing yet.</summary>
    public static async Task CopyAsync(BillingDbContext db, string organizationId, string fromKeyId, string toKeyId, CancellationToken cancellationToken)
    {
        foreach (var row in await db.Set<KeyLimitRow>().AsNoTracking().Where(row => row.OrganizationId == organizationId && row.KeyId == fromKeyId).ToListAsync(cancellationToken))
        {
            db.Add(RowOf(new(organizationId, row.CreditType), toKeyId, new(row.DayLimitMicros, row.MonthLimitMicros), default));
        }
    }

    /// <summary>The limits of those of the keys that have any.</summary>
    public static async Task<IReadOnlyDictionary<string, SpendLimits>> ReadAsync(
        BillingDbContext db, WalletKey wallet, IReadOnlyCollection<string> keyIds, CancellationToken cancellationToken)
    {
        var (organizationId, creditType) = wallet;
        return await db.Set<KeyLimitRow>().AsNoTracking()
            .Where(row => row.OrganizationId == organizationId && row.CreditType == creditType && keyIds.Contains(row.KeyId))
            .ToDictionaryAsync(row => row.KeyId, row => new SpendLimits(row.DayLimitMicros, row.MonthLimitMicros), cancellationToken);
    }

    private static KeyLimitRow RowOf(WalletKey wallet, string keyId, SpendLimits limits, Spending spent) => new()
    {
        OrganizationId = wallet.OrganizationId,
        CreditType = wallet.CreditType,
        KeyId = keyId,
        DayLimitMicros = limits.PerDay,
        MonthLimitMicros = limits.PerMonth,
        SpentOn = spent.Day,
        SpentInDayMicros = spent.InDay,
        SpentInMonthMicros = spent.InMonth,
    };
}

using System.Collections.Immutable;
using System.Globalization;
using BillingPortal.Access;
using BillingPortal.Audit;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.Extensions.Options;

namespace BillingPortal.Metering;

/// <summary>The levels that an organization chose for one kind of credit. Without a row the installation's own level counts.</summary>
internal sealed class BalanceAlertRow
{
    public required string OrganizationId { get; init; }

    public required string CreditType { get; init; }

    /// <summary>Whole credits, highest first, apart by spaces; empty: none but the empty wallet.</summary>
    public required string Levels { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<BalanceAlertRow>
    {
        public void Configure(EntityTypeBuilder<BalanceAlertRow> builder)
        {
            builder.ToTable("balance_alerts");
            builder.HasKey(row => new { row.OrganizationId, row.CreditType });
        }
    }
}

/// <summary>Below which balances an organization is told. That nothing is left is always told.</summary>
public sealed class BalanceAlerts(IDbContextFactory<BillingDbContext> contexts, IOptions<BalanceAlertOptions> options, TimeProvider clock)
{
    /// <summary>Most levels for one kind of credit.</summary>
    public const int MostLevels = 3;

    /// <summary>The highest level, in whole credits.</summary>
    public const long Highest = 1_000_000_000;

    /// <summary>The kinds of credit that are watched.</summary>
    public static ImmutableArray<string> CreditKinds { get; } = [CreditTypes.Credits, CreditTypes.ApiCredits];

    /// <summary>The levels of the caller's organization, highest first, by credit type.</summary>
    /// <exception cref="AccessDeniedException">The caller is a key.</exception>
    public async Task<IReadOnlyDictionary<string, IReadOnlyList<Credits>>> GetAsync(Caller caller, CancellationToken cancellationToken)
    {
        caller.DemandSession();
        var levels = await LevelsOfAsync([caller.OrganizationId], cancellationToken);
        return CreditKinds.ToDictionary(type => type, type => levels(new WalletKey(caller.OrganizationId, type)), StringComparer.Ordinal);
    }

    /// <summary>Replaces the levels of the caller's organization for one kind of credit.</summary>
    /// <param name="caller">Who may spend the organization's money.</param>
    /// <param name="creditType">Credits or API credits.</param>
    /// <param name="levels">In whole credits, 1 to <see cref="Highest"/>, at most <see cref="MostLevels"/>; the order and repetitions do not matter.</param>
    /// <param name="cancellationToken">Gives up; nothing was changed then.</param>
    /// <exception cref="AccessDeniedException">The caller may not spend the organization's money.</exception>
    public async Task SaveAsync(Caller caller, string creditType, IReadOnlyCollection<long> levels, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Billing);
        var wanted = levels.Distinct().OrderDescending().ToList();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(wanted.Count, MostLevels);
        ArgumentOutOfRangeException.ThrowIfNotEqual(CreditKinds.Contains(creditType), true);
        foreach (var level in wanted)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(level, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(level, Highest);
        }

        var text = string.Join(' ', wanted.Select(level => level.ToString(CultureInfo.InvariantCulture)));
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var row = await db.Set<BalanceAlertRow>().FindAsync([caller.OrganizationId, creditType], cancellationToken);
        db.Record(caller, clock.Now(), AuditActs.BalanceAlertsChanged, creditType, row is null ? null : new { row.Levels }, new { Levels = text });
        if (row is null)
        {
            db.Add(new BalanceAlertRow { OrganizationId = caller.OrganizationId, CreditType = creditType, Levels = text });
        }
        else
        {
            row.Levels = text;
        }

        await db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>The levels of many organizations' wallets, for the watch over them.</summary>
    internal async Task<Func<WalletKey, IReadOnlyList<Credits>>> LevelsOfAsync(IReadOnlyCollection<string> organizationIds, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var own = await db.Set<BalanceAlertRow>().AsNoTracking().Where(row => organizationIds.Contains(row.OrganizationId))
            .ToDictionaryAsync(row => new WalletKey(row.OrganizationId, row.CreditType), row => Read(row.Levels), cancellationToken);
        return key => own.TryGetValue(key, out var levels) ? levels : DefaultOf(key.CreditType);
    }

    private static IReadOnlyList<Credits> Read(string levels) =>
        [.. levels.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(level => Credits.FromWhole(long.Parse(level, CultureInfo.InvariantCulture)))];

    private IReadOnlyList<Credits> DefaultOf(string creditType) =>
        (creditType == CreditTypes.Credits ? options.Value.LowCredits : options.Value.LowApiCredits) is > 0 and var level ? [Credits.FromWhole(level)] : [];
}

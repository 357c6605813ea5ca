using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Wallets;

/// <summary>Sums of a wallet's day by type of transaction, kept up in the commit of each, so that no report ever scans transactions.</summary>
internal sealed class WalletDayRow
{
    public string OrganizationId { get; set; } = "";

    public string CreditType { get; set; } = "";

    /// <summary>The UTC day on which they were recorded.</summary>
    public DateOnly Day { get; set; }

    public TransactionType Type { get; set; }

    /// <summary>Whole credits and the micro-credits beyond them stand apart, because a day's sum may pass 64 bits long before any balance does.</summary>
    public long WholeCredits { get; set; }

    public long FractionMicros { get; set; }

    public long Transactions { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<WalletDayRow>
    {
        public void Configure(EntityTypeBuilder<WalletDayRow> builder)
        {
            builder.ToTable("wallet_days");
            builder.HasKey(row => new { row.OrganizationId, row.CreditType, row.Day, row.Type });
        }
    }
}

/// <summary>What transactions of one type did to a wallet in a day.</summary>
/// <param name="Day">The UTC day on which they were recorded.</param>
/// <param name="Type">Why the balance changed.</param>
/// <param name="Amount">In credits, exact; signed: what the wallet gained.</param>
/// <param name="Transactions">How many.</param>
public sealed record WalletMovement(DateOnly Day, TransactionType Type, decimal Amount, long Transactions);

/// <summary>A wallet over a span of days: opening + movements = closing, always.</summary>
/// <param name="Opening">Posted balance at the start of the first day, in credits.</param>
/// <param name="Movements">By day, then type; days without any are left out.</param>
public sealed record WalletStatement(decimal Opening, IReadOnlyList<WalletMovement> Movements)
{
    /// <summary>Posted balance at the end of the last day, in credits.</summary>
    public decimal Closing => Opening + Movements.Sum(movement => movement.Amount);
}

/// <summary>Reads the daily sums of wallets. Costs a few rows per day, whatever the number of transactions.</summary>
public sealed class WalletDays(IDbContextFactory<BillingDbContext> contexts)
{
    /// <summary>What the caller's wallet gained and lost from <paramref name="first"/> to <paramref name="last"/>, both included.</summary>
    /// <exception cref="AccessDeniedException">A key without the scope that reads this credit type.</exception>
    public async Task<WalletStatement> GetAsync(Caller caller, string creditType, DateOnly first, DateOnly last, CancellationToken cancellationToken)
    {
        WalletAccess.DemandRead(caller, creditType);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var days = db.Set<WalletDayRow>().AsNoTracking().Where(row => row.OrganizationId == caller.OrganizationId && row.CreditType == creditType);
        var before = await days.Where(row => row.Day < first)
            .GroupBy(_ => 1)
            .Select(all => new { Whole = all.Sum(row => row.WholeCredits), Fraction = all.Sum(row => row.FractionMicros) })
            .FirstOrDefaultAsync(cancellationToken);
        var rows = await days.Where(row => row.Day >= first && row.Day <= last).OrderBy(row => row.Day).ThenBy(row => row.Type).ToListAsync(cancellationToken);
        return new WalletStatement(
            before is null ? 0 : Sum(before.Whole, before.Fraction),
            [.. rows.Select(row => new WalletMovement(row.Day, row.Type, Sum(row.WholeCredits, row.FractionMicros), row.Transactions))]);
    }

    private static decimal Sum(long wholeCredits, long fractionMicros) => wholeCredits + ((decimal)fractionMicros / Credits.MicrosPerCredit);
}

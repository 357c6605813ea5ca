using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Wallets;

/// <summary>What all wallets of a credit type gained and lost in a month, in credits, exact.</summary>
/// <param name="Start">The first day of the month, UTC.</param>
/// <param name="Bought">What was paid for.</param>
/// <param name="Granted">What was given: allowances, promotions, grants.</param>
/// <param name="Used">What was charged for usage.</param>
/// <param name="Expired">What was forfeited.</param>
/// <param name="TakenBack">What refunds, disputes, voids and deductions took.</param>
/// <param name="Outstanding">What is owed to customers at its end, or now if it runs.</param>
public sealed record CreditMonth(DateOnly Start, decimal Bought, decimal Granted, decimal Used, decimal Expired, decimal TakenBack, decimal Outstanding)
{
    public decimal Issued => Bought + Granted;
}

/// <summary>What is owed to customers in unspent credit.</summary>
/// <param name="Months">The last months up to the one that runs, ascending, each there although nothing happened in it.</param>
/// <param name="ByKind">What is outstanding now, by kind; what customers owe is below zero.</param>
public sealed record CreditLiability(IReadOnlyList<CreditMonth> Months, IReadOnlyDictionary<BucketKind, decimal> ByKind)
{
    public decimal Outstanding => ByKind.Values.Sum();
}

/// <summary>Sums credit up over all customers, from the days of their wallets; never from transactions.</summary>
public sealed class CreditFlows(IDbContextFactory<BillingDbContext> contexts, TimeProvider clock)
{
    /// <summary>How many months are read.</summary>
    public const int Months = 12;

    /// <param name="caller">A platform administrator.</param>
    /// <param name="creditType">Which credit.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AccessDeniedException">The caller is no platform administrator.</exception>
    public async Task<CreditLiability> GetAsync(Caller caller, string creditType, CancellationToken cancellationToken)
    {
        caller.DemandSession();
        caller.DemandPlatformAdministrator();
        var today = DateOnly.FromDateTime(clock.Now().UtcDateTime);
        var first = new DateOnly(today.Year, today.Month, 1).AddMonths(1 - Months);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        // What is outstanding is counted back from now, so all of it must be of one instant.
        await using var snapshot = await db.BeginSnapshotAsync(cancellationToken);

        var byKind = await ByKindAsync(db, creditType, cancellationToken);
        var days = await db.Set<WalletDayRow>().AsNoTracking()
            .Where(row => row.CreditType == creditType && row.Day >= first)
            .GroupBy(row => new { row.Day, row.Type })
            .Select(rows => new { rows.Key.Day, rows.Key.Type, Whole = rows.Sum(row => row.WholeCredits), Fraction = rows.Sum(row => row.FractionMicros) })
            .ToListAsync(cancellationToken);
        var byMonth = days.ToLookup(day => new DateOnly(day.Day.Year, day.Day.Month, 1), day => (day.Type, Amount: Sum(day.Whole, day.Fraction)));

        var months = new CreditMonth[Months];
        var outstanding = byKind.Values.Sum();
        for (var i = Months - 1; i >= 0; i--)
        {
            var moved = byMonth[first.AddMonths(i)].ToList();
            decimal Of(params TransactionType[] types) => moved.Where(day => types.Contains(day.Type)).Sum(day => day.Amount);
            months[i] = new CreditMonth(
                first.AddMonths(i),
                Of(TransactionType.Purchase),
                Of(TransactionType.Grant),
                -Of(TransactionType.Charge),
                -Of(TransactionType.Expired),
                -Of(TransactionType.ClawedBack, TransactionType.Adjusted),
                outstanding);
            outstanding -= moved.Sum(day => day.Amount);
        }

        return new CreditLiability(months, byKind);
    }

    /// <summary>What is owed to customers now in unspent credit of a type; what they owe is taken off.</summary>
    /// <exception cref="AccessDeniedException">The caller is no platform administrator.</exception>
    public async Task<decimal> GetOutstandingAsync(Caller caller, string creditType, CancellationToken cancellationToken)
    {
        caller.DemandSession();
        caller.DemandPlatformAdministrator();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return (await ByKindAsync(db, creditType, cancellationToken)).Values.Sum();
    }

    // Whole credits and what is beyond them apart: the sum of all wallets may pass 64 bits of micro-credits.
    private static async Task<Dictionary<BucketKind, decimal>> ByKindAsync(BillingDbContext db, string creditType, CancellationToken cancellationToken)
    {
        var kinds = await db.Database.SqlQuery<KindSum>(
            $"""
            SELECT kind AS "Kind", CAST(SUM(remaining_micros / 1000000) AS BIGINT) AS "Whole", CAST(SUM(remaining_micros % 1000000) AS BIGINT) AS "Fraction"
            FROM buckets WHERE credit_type = {creditType} AND remaining_micros <> 0 GROUP BY kind
            """).ToListAsync(cancellationToken);
        return kinds.ToDictionary(kind => SnakeCase.Parse<BucketKind>(kind.Kind), kind => Sum(kind.Whole, kind.Fraction));
    }

    private static decimal Sum(long wholeCredits, long fractionMicros) => wholeCredits + ((decimal)fractionMicros / Credits.MicrosPerCredit);

    private sealed record KindSum(string Kind, long Whole, long Fraction);
}

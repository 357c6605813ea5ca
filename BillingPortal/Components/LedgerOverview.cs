using System.Globalization;
using BillingPortal.Access;
using BillingPortal.Components.Shared;
using BillingPortal.Wallets;

namespace BillingPortal.Components;

/// <summary>What the Ledger page shows.</summary>
/// <param name="Liability">What is owed in unspent credit, and how that came about.</param>
/// <param name="CreditType">Of which credit.</param>
/// <param name="Columns">The months.</param>
/// <param name="Outstanding">What was owed at the end of each.</param>
/// <param name="Issued">What came in each.</param>
/// <param name="Gone">What went in each.</param>
public sealed record LedgerOverview(
    CreditLiability Liability,
    string CreditType,
    IReadOnlyList<ChartColumn> Columns,
    IReadOnlyList<ChartSeries> Outstanding,
    IReadOnlyList<ChartSeries> Issued,
    IReadOnlyList<ChartSeries> Gone);

/// <summary>Puts the Ledger page's figures together.</summary>
public sealed class LedgerOverviews(CreditFlows flows)
{
    /// <exception cref="AccessDeniedException">The caller is no platform administrator.</exception>
    public async Task<LedgerOverview> ReadAsync(Caller caller, string creditType, CancellationToken cancellationToken)
    {
        var liability = await flows.GetAsync(caller, creditType, cancellationToken);
        var months = liability.Months;
        // A chart's columns stand on zero; what a month owes in the other direction stands in the table beside it.
        ChartSeries Series(string name, Func<CreditMonth, decimal> of) => new(name, [.. months.Select(month => Math.Max(0, of(month)))]);
        return new LedgerOverview(
            liability,
            creditType,
            [.. months.Select((month, index) => new ChartColumn(month.Start.ToString("MMM yy", CultureInfo.InvariantCulture), null, index == months.Count - 1))],
            [Series("Outstanding", month => month.Outstanding)],
            [Series("Bought", month => month.Bought), Series("Granted", month => month.Granted)],
            [Series("Used", month => month.Used), Series("Expired", month => month.Expired), Series("Taken back", month => month.TakenBack)]);
    }
}

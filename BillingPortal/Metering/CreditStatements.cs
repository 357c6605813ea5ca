using BillingPortal.Access;
using BillingPortal.Wallets;

namespace BillingPortal.Metering;

/// <summary>Which lines of a statement to read.</summary>
/// <param name="CreditType">Of the caller's wallet of this credit type.</param>
/// <param name="Direction">Only credit that came in, or that went out.</param>
/// <param name="From">Recorded at or after; null: from the first.</param>
/// <param name="To">Recorded before; null: to the last.</param>
/// <param name="RepoId">Only usage of this repository.</param>
/// <param name="Page">From 1; a page beyond the last is empty.</param>
/// <param name="Limit">1 to <see cref="TransactionPages.LargestPage"/>.</param>
public sealed record StatementQuery(
    string CreditType,
    TransactionDirection Direction = TransactionDirection.All,
    DateTimeOffset? From = null,
    DateTimeOffset? To = null,
    string? RepoId = null,
    int Page = 1,
    int Limit = 50);

/// <summary>A transaction, and the usage it paid for, if it paid for any.</summary>
public sealed record StatementLine(TransactionView Transaction, UsageItemView? Item);

/// <summary>A page of lines, newest first.</summary>
/// <param name="Lines">The page.</param>
/// <param name="Total">Lines on all pages together.</param>
/// <param name="IsTotalExact">False if there are more than <paramref name="Total"/>.</param>
public sealed record StatementPage(IReadOnlyList<StatementLine> Lines, long Total, bool IsTotalExact);

/// <summary>Reads a wallet's transactions together with the usage behind them.</summary>
public sealed class CreditStatements(TransactionPages pages, TransactionHistory history, WalletReader wallets, UsageItems items)
{
    /// <summary>Up to how many lines of one repository are counted; beyond, paging goes on without an exact total.</summary>
    public const int CountedPerRepo = 10_000;

    /// <exception cref="AccessDeniedException">A key without <see cref="Scopes.BillingRead"/>.</exception>
    public async Task<StatementPage> GetAsync(Caller caller, StatementQuery query, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        if (query.RepoId is not null)
        {
            return await OfRepoAsync(caller, query, cancellationToken);
        }

        var page = await pages.GetAsync(
            caller, new TransactionPageQuery(query.CreditType, query.Direction, query.From, query.To, query.Page, query.Limit), cancellationToken);
        var references = page.Transactions.Where(transaction => transaction.Type is Ledger.TransactionType.Charge).Select(transaction => transaction.Reference).ToList();
        var posted = await wallets.FindPostedAsync(caller.OrganizationId, references, cancellationToken);
        var used = await items.FindManyAsync(caller.OrganizationId, [.. posted.Values.OfType<string>()], cancellationToken);
        return new StatementPage(
            [
                .. page.Transactions.Select(transaction => new StatementLine(
                    transaction, posted.GetValueOrDefault(transaction.Reference) is { } itemId ? used.GetValueOrDefault(itemId) : null)),
            ],
            page.Total,
            IsTotalExact: true);
    }

    private async Task<StatementPage> OfRepoAsync(Caller caller, StatementQuery query, CancellationToken cancellationToken)
    {
        if (query.Direction is TransactionDirection.In)
        {
            // Only usage names a repository.
            return new StatementPage([], 0, IsTotalExact: true);
        }

        var paid = new PaidItemQuery(query.RepoId!, query.CreditType, query.From, query.To);
        var counted = await items.CountPaidAsync(caller.OrganizationId, paid, CountedPerRepo + 1, cancellationToken);
        var page = await items.ListPaidAsync(caller.OrganizationId, paid, (query.Page - 1L) * query.Limit, query.Limit, cancellationToken);
        var transactions = await history.FindManyAsync(caller.OrganizationId, [.. page.Select(item => item.TransactionId!)], cancellationToken);
        return new StatementPage(
            [.. page.Select(item => new StatementLine(transactions[item.TransactionId!], item))], Math.Min(counted, CountedPerRepo), counted <= CountedPerRepo);
    }
}

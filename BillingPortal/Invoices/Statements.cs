using System.Collections.Immutable;
using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Invoices;

/// <summary>What a wallet held at the start and the end of a month, and what happened in between, in credits, exact: opening + changes = closing.</summary>
public sealed record StatementWallet(string CreditType, decimal Opening, ImmutableSortedDictionary<TransactionType, decimal> Changes, decimal Closing);

/// <summary>A document of the month, as a statement lists it.</summary>
/// <param name="Number">Of the invoice or credit note.</param>
/// <param name="IssuedAt">Within the month.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Amount">Paid; negative where it was given back.</param>
public sealed record StatementDocument(string Number, DateTimeOffset IssuedAt, string Description, Money Amount);

/// <summary>What happened to an organization's credit and money in a calendar month, UTC.</summary>
/// <param name="Month">Its first day.</param>
/// <param name="BuyerName">The organization, as the billing details have it; empty if they say nothing.</param>
/// <param name="AsOf">When it was drawn up; a month that is not over yet may still change.</param>
/// <param name="IsOver">Whether nothing can be added to it any more.</param>
/// <param name="Wallets">Those that held or moved anything, as far as the caller may read them.</param>
/// <param name="Documents">Invoices and credit notes by time, at most <see cref="Statements.MostDocuments"/>.</param>
/// <param name="Total">What was paid in the month less what was given back, all documents included.</param>
public sealed record MonthlyStatement(
    DateOnly Month, string BuyerName, DateTimeOffset AsOf, bool IsOver, IReadOnlyList<StatementWallet> Wallets, IReadOnlyList<StatementDocument> Documents, Money Total);

/// <summary>What documents of a time come to.</summary>
/// <param name="Paid">The totals of the invoices issued.</param>
/// <param name="GivenBack">Those of the credit notes issued, whenever their invoices were.</param>
public sealed record InvoiceSums(Money Paid, Money GivenBack)
{
    public Money Net => Paid - GivenBack;

    internal static async Task<InvoiceSums> OfAsync(
        BillingDbContext db, string organizationId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        var (start, end) = (from.ToUnixTimeMilliseconds(), to.ToUnixTimeMilliseconds());
        var paid = await db.Database.SqlQuery<long>($"""
            SELECT CAST(COALESCE(SUM(total_cents), 0) AS bigint) AS "Value" FROM invoices
            WHERE organization_id = {organizationId} AND issued_at >= {start} AND issued_at < {end}
            """).SingleAsync(cancellationToken);
        var givenBack = await db.Database.SqlQuery<long>($"""
            SELECT CAST(COALESCE(SUM(amount_cents), 0) AS bigint) AS "Value" FROM credit_notes
            WHERE organization_id = {organizationId} AND issued_at >= {start} AND issued_at < {end}
            """).SingleAsync(cancellationToken);
        return new InvoiceSums(Money.FromCents(paid), Money.FromCents(givenBack));
    }
}

/// <summary>Draws up monthly statements from the ledger and the documents.</summary>
public sealed class Statements(IDbContextFactory<BillingDbContext> contexts, WalletDays days, TimeProvider clock)
{
    /// <summary>Most documents listed on one statement.</summary>
    public const int MostDocuments = 500;

    /// <summary>The statement of a month; null for one that has not begun, or lies before 2020.</summary>
    /// <param name="caller">For its organization.</param>
    /// <param name="month">Any day of the month.</param>
    /// <param name="cancellationToken">Gives up reading.</param>
    /// <exception cref="AccessDeniedException">The caller may not read invoices.</exception>
    public async Task<MonthlyStatement?> GetAsync(Caller caller, DateOnly month, CancellationToken cancellationToken)
    {
        InvoiceAccess.DemandRead(caller);
        var now = clock.Now();
        var first = new DateOnly(month.Year, month.Month, 1);
        var from = new DateTimeOffset(first, TimeOnly.MinValue, TimeSpan.Zero);
        if (from > now || first.Year < 2020)
        {
            return null;
        }

        var to = from.AddMonths(1);
        var wallets = new List<StatementWallet>();
        foreach (var creditType in CreditTypes.All.Where(type => type != CreditTypes.Flows || caller.MayRead(Scopes.FlowsRead)))
        {
            var wallet = await days.GetAsync(caller, creditType, first, first.AddMonths(1).AddDays(-1), cancellationToken);
            if (wallet.Movements.Count > 0 || wallet.Opening != 0)
            {
                var changes = wallet.Movements.GroupBy(movement => movement.Type).ToImmutableSortedDictionary(type => type.Key, type => type.Sum(movement => movement.Amount));
                wallets.Add(new StatementWallet(creditType, wallet.Opening, changes, wallet.Closing));
            }
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var organizationId = caller.OrganizationId;
        var invoices = await db.Set<Invoice>().AsNoTracking().Include(row => row.Lines)
            .Where(row => row.OrganizationId == organizationId && row.IssuedAt >= from && row.IssuedAt < to)
            .OrderBy(row => row.Id).Take(MostDocuments).ToListAsync(cancellationToken);
        var notes = await db.Set<CreditNote>().AsNoTracking().Include(row => row.Invoice)
            .Where(row => row.OrganizationId == organizationId && row.IssuedAt >= from && row.IssuedAt < to)
            .OrderBy(row => row.Id).Take(MostDocuments).ToListAsync(cancellationToken);
        var documents = invoices.Select(row => new StatementDocument(row.Number, row.IssuedAt, row.Description, row.TotalCents))
            .Concat(notes.Select(row => new StatementDocument(row.Number, row.IssuedAt, $"{(row.AmountCents > Money.Zero ? "Credit" : "Credit annulled")} for invoice {row.Invoice!.Number}", -row.AmountCents)))
            .OrderBy(document => document.IssuedAt).ThenBy(document => document.Number, StringComparer.Ordinal).Take(MostDocuments).ToList();
        var sums = await InvoiceSums.OfAsync(db, organizationId, from, to, cancellationToken);
        var buyer = await BillingDetailsBook.FindAsync(db, organizationId, cancellationToken) ?? BillingDetails.None;
        return new MonthlyStatement(first, buyer.Name, now, to <= now, wallets, documents, sums.Net);
    }
}

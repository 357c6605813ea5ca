using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Wallets;

/// <summary>Finds what the ledger has posted for something outside of it, such as a payment.</summary>
public sealed class LedgerReferences(IDbContextFactory<BillingDbContext> contexts)
{
    /// <summary>Whether a reference was posted, with credit or without.</summary>
    internal async Task<bool> IsPostedAsync(string organizationId, string reference, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<PostedReferenceRow>().AnyAsync(row => row.OrganizationId == organizationId && row.Reference == reference, cancellationToken);
    }

    /// <summary>The signed amounts of transactions, charges left out, whose reference contains a name or is one of others.</summary>
    internal async Task<IReadOnlyDictionary<string, Credits>> FindAsync(
        string organizationId, string creditType, string name, IReadOnlyCollection<string> others, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<TransactionRow>().AsNoTracking()
            .Where(row => row.OrganizationId == organizationId && row.CreditType == creditType && row.Type != TransactionType.Charge
                && (row.Reference.Contains(name) || others.Contains(row.Reference)))
            .ToDictionaryAsync(row => row.Reference, row => row.AmountMicros, cancellationToken);
    }
}

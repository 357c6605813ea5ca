using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Catalog;
using BillingPortal.Gifting;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Administration;

/// <summary>A customer in the list.</summary>
/// <param name="Id">org_…</param>
/// <param name="Name">Of the organization.</param>
/// <param name="Email">Of its first owner; null if it has none.</param>
/// <param name="IsPersonal">Whether it is one person's own.</param>
/// <param name="PlanName">What it is on.</param>
/// <param name="Available">Credits that can be spent now.</param>
/// <param name="CreatedAt">Since when it is there.</param>
public sealed record CustomerRow(string Id, string Name, string? Email, bool IsPersonal, string PlanName, Credits Available, DateTimeOffset CreatedAt);

/// <summary>A page of customers, newest first, and where the next one begins; null at the end.</summary>
public sealed record CustomerList(IReadOnlyList<CustomerRow> Customers, string? NextBefore);

/// <summary>Finds customers, for platform administrators.</summary>
public sealed class Customers(IDbContextFactory<BillingDbContext> contexts, PlanStandings standings, CurrentWallets wallets)
{
    /// <summary>How many are listed at once.</summary>
    public const int PageSize = 25;

    /// <summary>Longest search, in characters.</summary>
    public const int SearchLength = 254;

    /// <param name="caller">A platform administrator.</param>
    /// <param name="search">Part of a name, the beginning of a member's e-mail address, or an id; null: all.</param>
    /// <param name="before">The page after this customer; null: the newest.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AccessDeniedException">The caller is no platform administrator.</exception>
    public async Task<CustomerList> ListAsync(Caller caller, string? search, string? before, CancellationToken cancellationToken)
    {
        Demand(caller);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = db.Set<Organization>().AsNoTracking();
        if (search is not null)
        {
            var (name, email) = (search.ToLowerInvariant(), EmailKey.Of(search));
#pragma warning disable CA1304, CA1311, CA1862 // It becomes the database's own lower().
            rows = rows.Where(row => row.Id == search || row.Name.ToLower().Contains(name)
                || db.Set<Membership>().Any(member => member.OrganizationId == row.Id
                    && db.Users.Any(user => user.Id == member.UserId && user.NormalizedEmail!.StartsWith(email))));
#pragma warning restore CA1304, CA1311, CA1862
        }

        if (before is not null)
        {
            rows = rows.Where(row => row.Id.CompareTo(before) < 0);
        }

        var page = await View(db, rows.OrderByDescending(row => row.Id).Take(PageSize + 1)).ToListAsync(cancellationToken);
        var customers = new List<CustomerRow>(PageSize);
        foreach (var row in page.Take(PageSize))
        {
            customers.Add(await CompleteAsync(row, cancellationToken));
        }

        return new CustomerList(customers, page.Count > PageSize ? customers[^1].Id : null);
    }

    /// <summary>One customer; null if there is none of that id.</summary>
    /// <exception cref="AccessDeniedException">The caller is no platform administrator.</exception>
    public async Task<CustomerRow?> FindAsync(Caller caller, string organizationId, CancellationToken cancellationToken)
    {
        Demand(caller);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await View(db, db.Set<Organization>().AsNoTracking().Where(row => row.Id == organizationId)).SingleOrDefaultAsync(cancellationToken) is { } row
            ? await CompleteAsync(row, cancellationToken)
            : null;
    }

    private static void Demand(Caller caller)
    {
        caller.DemandSession();
        caller.DemandPlatformAdministrator();
    }

    private static IQueryable<CustomerRow> View(BillingDbContext db, IQueryable<Organization> rows) => rows.Select(row => new CustomerRow(
        row.Id,
        row.Name,
        (from member in db.Set<Membership>()
         join user in db.Users on member.UserId equals user.Id
         where member.OrganizationId == row.Id && member.Role == MemberRole.Owner
         orderby member.JoinedAt, member.UserId
         select user.Email).FirstOrDefault(),
        row.PersonalOf != null,
        "",
        Credits.Zero,
        row.CreatedAt));

    private async Task<CustomerRow> CompleteAsync(CustomerRow row, CancellationToken cancellationToken) => row with
    {
        PlanName = (await standings.GetAsync(row.Id, cancellationToken)).Plan.Name,
        Available = (await wallets.GetBalanceAsync(Caller.ForSystem("customers", row.Id), CreditTypes.Credits, cancellationToken)).Available,
    };
}

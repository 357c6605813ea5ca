using System.Net;
using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Audit;

/// <summary>An entry of the log as people read it.</summary>
/// <param name="Id">aud_…</param>
/// <param name="OrganizationId">Whose things were changed.</param>
/// <param name="Act">One of <see cref="AuditActs"/>.</param>
/// <param name="Subject">The id of what was changed.</param>
/// <param name="Actor">Who did it: "user:…", "key:…" or "system:…".</param>
/// <param name="Address">The network it was done from; null where the portal did it by itself.</param>
/// <param name="Before">How it was, as JSON; null if it was not there.</param>
/// <param name="After">How it is now, as JSON; null if it is gone.</param>
/// <param name="At">When.</param>
public sealed record AuditView(
    string Id, string OrganizationId, string Act, string Subject, string Actor, string? Address, string? Before, string? After, DateTimeOffset At);

/// <summary>Which entries to read.</summary>
/// <param name="Search">Only those of this subject, actor, e-mail address of a person, or network; null: all.</param>
/// <param name="Act">Only this act; null: all.</param>
/// <param name="From">At or after; null: from the first.</param>
/// <param name="To">Before; null: to the last.</param>
/// <param name="Before">The page after this entry; null: the newest.</param>
/// <param name="Limit">1 to <see cref="AuditLog.PageLimit"/>.</param>
public sealed record AuditQuery(
    string? Search = null, string? Act = null, DateTimeOffset? From = null, DateTimeOffset? To = null, string? Before = null, int Limit = 50);

/// <summary>Entries, newest first, and where the next page begins; null at the end.</summary>
public sealed record AuditPage(IReadOnlyList<AuditView> Entries, string? NextBefore);

/// <summary>Reads the log of who changed what, when, from where, and how it was before.</summary>
public sealed class AuditLog(IDbContextFactory<BillingDbContext> contexts)
{
    /// <summary>Most entries on one page.</summary>
    public const int PageLimit = 1000;

    /// <summary>Longest search, in characters.</summary>
    public const int SearchLength = 254;

    /// <summary>What was changed in the caller's own organization.</summary>
    /// <exception cref="AccessDeniedException">The caller is no owner.</exception>
    public Task<AuditPage> ListAsync(Caller caller, AuditQuery query, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Owner);
        return ReadAsync(caller.OrganizationId, query, cancellationToken);
    }

    /// <summary>What was changed in one organization or in all.</summary>
    /// <exception cref="AccessDeniedException">The caller is no platform administrator.</exception>
    public Task<AuditPage> ListAllAsync(Caller caller, string? organizationId, AuditQuery query, CancellationToken cancellationToken)
    {
        caller.DemandSession();
        caller.DemandPlatformAdministrator();
        return ReadAsync(organizationId, query, cancellationToken);
    }

    private async Task<AuditPage> ReadAsync(string? organizationId, AuditQuery query, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, PageLimit);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = db.Set<AuditEntry>().AsNoTracking();
        if (organizationId is not null)
        {
            rows = rows.Where(row => row.OrganizationId == organizationId);
        }

        if (query.Act is { } act)
        {
            rows = rows.Where(row => row.Act == act);
        }

        if (query.Search is { } search)
        {
            var names = await NamesOfAsync(db, search, cancellationToken);
            rows = IPAddress.TryParse(search, out _)
                ? rows.Where(row => row.Address == search)
                : rows.Where(row => names.Contains(row.Subject) || names.Contains(row.Actor));
        }

        // Ids rise with time, so that these bounds and the order are the index's own.
        if (query.From is { } from)
        {
            var first = Ids.First("aud", from);
            rows = rows.Where(row => row.Id.CompareTo(first) >= 0);
        }

        if (query.To is { } to)
        {
            var end = Ids.First("aud", to);
            rows = rows.Where(row => row.Id.CompareTo(end) < 0);
        }

        if (query.Before is { } before)
        {
            rows = rows.Where(row => row.Id.CompareTo(before) < 0);
        }

        var page = await rows.OrderByDescending(row => row.Id).Take(query.Limit + 1)
            .Select(row => new AuditView(row.Id, row.OrganizationId, row.Act, row.Subject, row.Actor, row.Address, row.Before, row.After, row.At))
            .ToListAsync(cancellationToken);
        return page.Count > query.Limit ? new AuditPage(page[..query.Limit], page[query.Limit - 1].Id) : new AuditPage(page, null);
    }

    /// <summary>As what the log may know what is searched for.</summary>
    private static async Task<IReadOnlyList<string>> NamesOfAsync(BillingDbContext db, string search, CancellationToken cancellationToken)
    {
        var normalized = search.ToUpperInvariant();
        var userId = await db.Users.Where(user => user.NormalizedEmail == normalized).Select(user => user.Id).FirstOrDefaultAsync(cancellationToken);
        return userId is null ? [search, $"user:{search}", $"key:{search}"] : [userId, $"user:{userId}"];
    }
}

using System.Runtime.CompilerServices;
using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Audit;

namespace BillingPortal.Components;

/// <summary>The audit log as a file: what the page's filter matches, page by page as it is read.</summary>
internal static class AuditExport
{
    /// <summary>Of one's own organization.</summary>
    public const string Path = "/audit.csv";

    /// <summary>Of all, for platform administrators.</summary>
    public const string AdminPath = "/admin/audit.csv";

    private static readonly string[] Header = ["time", "id", "organization", "act", "subject", "actor", "actor_name", "address", "before", "after"];

    public static void MapAuditExport(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, (HttpContext http, Callers callers, Viewer viewer, AuditLog log, ActorNames names, CancellationToken cancellationToken) =>
            ExportAsync(http, callers, viewer, log, names, everywhere: false, cancellationToken)).RequireAuthorization().ExcludeFromDescription();
        routes.MapGet(AdminPath, (HttpContext http, Callers callers, Viewer viewer, AuditLog log, ActorNames names, CancellationToken cancellationToken) =>
            ExportAsync(http, callers, viewer, log, names, everywhere: true, cancellationToken)).RequireAuthorization().ExcludeFromDescription();
    }

    private static async Task<IResult> ExportAsync(
        HttpContext http, Callers callers, Viewer viewer, AuditLog log, ActorNames names, bool everywhere, CancellationToken cancellationToken)
    {
        if (await callers.FromAsync(http.User, cancellationToken) is not { } caller)
        {
            return Results.Unauthorized();
        }

        if (everywhere ? !caller.IsPlatformAdministrator : caller.Role < MemberRole.Owner)
        {
            return Results.NotFound();
        }

        viewer.Read(http);
        var query = http.Request.Query;
        var filter = AuditFilter.Read(query["search"], query["act"], query["from"], query["to"], query["organization"]);
        return Csv.Download(
            "audit-log.csv", Header, ReadAsync(caller, filter, viewer, log, names, everywhere, cancellationToken),
            row => [row.Entry.At, row.Entry.Id, row.Entry.OrganizationId, row.Entry.Act, row.Entry.Subject, row.Entry.Actor, row.Actor, row.Entry.Address, row.Entry.Before, row.Entry.After],
            cancellationToken);
    }

    private static async IAsyncEnumerable<(AuditView Entry, string? Actor)> ReadAsync(
        Caller caller, AuditFilter filter, Viewer viewer, AuditLog log, ActorNames names, bool everywhere, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? before = null;
        do
        {
            var query = filter.ToQuery(viewer, before, AuditLog.PageLimit);
            var page = everywhere
                ? await log.ListAllAsync(caller, filter.Organization, query, cancellationToken)
                : await log.ListAsync(caller, query, cancellationToken);
            var known = await names.FindAsync(caller, page.Entries.Select(entry => entry.Actor), cancellationToken);
            foreach (var entry in page.Entries)
            {
                yield return (entry, known.GetValueOrDefault(entry.Actor));
            }

            before = page.NextBefore;
        }
        while (before is not null);
    }
}

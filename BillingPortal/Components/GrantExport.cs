using System.Runtime.CompilerServices;
using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Administration;

namespace BillingPortal.Components;

/// <summary>What became of each row of a file of grants, as a file.</summary>
internal static class GrantExport
{
    private static readonly string[] Header = ["line", "customer", "organization", "amount", "reason", "expires_at", "reference", "state", "message", "adjustment"];

    public static string PathOf(string batchId) => $"/admin/grants/{batchId}/result.csv";

    public static void MapGrantExport(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/admin/grants/{id}/result.csv", ExportAsync).RequireAuthorization().ExcludeFromDescription();

    private static async Task<IResult> ExportAsync(HttpContext http, string id, Callers callers, BulkGrants grants, CancellationToken cancellationToken)
    {
        if (await callers.FromAsync(http.User, cancellationToken) is not { } caller)
        {
            return Results.Unauthorized();
        }

        if (!caller.IsPlatformAdministrator || await grants.FindAsync(caller, id, cancellationToken) is null)
        {
            return Results.NotFound();
        }

        return Csv.Download(
            "grants-result.csv", Header, ReadAsync(caller, id, grants, cancellationToken),
            row => [row.Line, row.Customer, row.OrganizationId, row.AmountMicros.ToDecimal(), row.Reason, row.ExpiresAt, row.Reference, GrantText.NameOf(row.State), row.Message, row.AdjustmentId],
            cancellationToken);
    }

    private static async IAsyncEnumerable<GrantBatchRow> ReadAsync(
        Caller caller, string id, BulkGrants grants, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long? after = null;
        while (true)
        {
            var rows = await grants.ListRowsAsync(caller, id, onlyFaulty: false, after, BulkGrants.RowPageLimit, cancellationToken);
            foreach (var row in rows)
            {
                yield return row;
            }

            if (rows.Count < BulkGrants.RowPageLimit)
            {
                yield break;
            }

            after = rows[^1].Line;
        }
    }
}

using System.Globalization;
using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Wallets;
using CsvHelper;

namespace BillingPortal.Components;

/// <summary>Transactions as a file: what the page's filter matches, row by row as they are read, never all in memory.</summary>
internal static class TransactionExport
{
    public const string Path = "/transactions.csv";

    private const int PageSize = 1000;

    public static void MapTransactionExport(this IEndpointRouteBuilder routes) =>
        routes.MapGet(Path, ExportAsync).RequireAuthorization().ExcludeFromDescription();

    private static async Task<IResult> ExportAsync(
        HttpContext http, Callers callers, Viewer viewer, TransactionHistory history, ActorNames names, TransactionText text, CancellationToken cancellationToken)
    {
        if (await callers.FromAsync(http.User, cancellationToken) is not { } caller)
        {
            return Results.Unauthorized();
        }

        viewer.Read(http);
        var query = http.Request.Query;
        var filter = TransactionFilter.Read(query["credits"], query["kind"], query["from"], query["to"]);
        return Results.Stream(
            stream => WriteAsync(stream, caller, filter, viewer, history, names, text, cancellationToken),
            "text/csv; charset=utf-8",
            $"transactions-{filter.CreditType}.csv");
    }

    private static async Task WriteAsync(
        Stream stream, Caller caller, TransactionFilter filter, Viewer viewer, TransactionHistory history, ActorNames names, TransactionText text, CancellationToken cancellationToken)
    {
        // Names and notes come from outside: a spreadsheet must not take one for a formula. Amounts are numbers, and stay so.
        var options = new CsvWriterOptions { Injection = CsvInjection.Escape, WriteByteOrderMark = true };
        await using var csv = CsvWriter.Create(stream, options, leaveOpen: true);
        await csv.WriteRecordAsync(["time", "id", "kind", "for", "note", "reference", "actor", "by", "amount", "balance_after"], cancellationToken);
        long? before = null;
        do
        {
            var page = await history.ListAsync(caller, filter.ToQuery(viewer, before, PageSize), cancellationToken);
            var known = await names.FindAsync(caller, page.Transactions.Select(transaction => transaction.Actor), cancellationToken);
            foreach (var transaction in page.Transactions)
            {
                csv.WriteField(transaction.RecordedAt.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
                csv.WriteField(transaction.Id);
                csv.WriteField(TransactionText.TypeName(transaction.Type));
                csv.WriteField(text.TitleOf(transaction));
                csv.WriteField(transaction.Note);
                csv.WriteField(transaction.Reference);
                csv.WriteField(transaction.Actor);
                csv.WriteField(AuditText.ActorOf(transaction.Actor, known));
                csv.WriteField(transaction.Amount.ToDecimal(), default);
                csv.WriteField(transaction.BalanceAfter.ToDecimal(), default);
                await csv.EndRecordAsync(cancellationToken);
            }

            await csv.FlushAsync(cancellationToken);
            before = page.NextBeforeSequence;
        }
        while (before is not null);
    }
}

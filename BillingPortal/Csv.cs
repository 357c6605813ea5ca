using System.Globalization;
using CsvHelper;

namespace BillingPortal;

/// <summary>Writes CSV for spreadsheets: streamed, and with no text that a spreadsheet would take for a formula.</summary>
internal static class Csv
{
    private const int RecordsPerFlush = 500;

    /// <summary>A file with a header and a record for each item, sent while it is read.</summary>
    public static IResult Download<TItem>(
        string fileName, string[] header, IAsyncEnumerable<TItem> items, Func<TItem, object?[]> record, CancellationToken cancellationToken) => Results.Stream(
        async body =>
        {
            var options = new CsvWriterOptions { Injection = CsvInjection.Escape, WriteByteOrderMark = true };
            await using var csv = CsvWriter.Create(body, options, leaveOpen: true);
            await csv.WriteRecordAsync(header, cancellationToken);
            var records = 0;
            await foreach (var item in items.WithCancellation(cancellationToken))
            {
                foreach (var value in record(item))
                {
                    Write(csv, value);
                }

                await csv.EndRecordAsync(cancellationToken);
                if (++records % RecordsPerFlush == 0)
                {
                    await csv.FlushAsync(cancellationToken);
                }
            }

            await csv.FlushAsync(cancellationToken);
        },
        "text/csv; charset=utf-8",
        fileName);

    private static void Write(CsvWriter csv, object? value)
    {
        switch (value)
        {
            case decimal number:
                csv.WriteField(number, default);
                break;
            case DateTimeOffset instant:
                csv.WriteField(instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
                break;
            default:
                csv.WriteField(value?.ToString());
                break;
        }
    }
}

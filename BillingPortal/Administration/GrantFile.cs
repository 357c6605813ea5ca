using System.Globalization;
using System.Text;
using BillingPortal.Ledger;
using CsvHelper;

namespace BillingPortal.Administration;

/// <summary>A row as the file has it.</summary>
/// <param name="Line">In the file, counted from 1.</param>
/// <param name="Customer">An e-mail address or an organization's id.</param>
/// <param name="Amount">Zero if it cannot be read.</param>
/// <param name="Reason">Why; the file's, else what was given for all.</param>
/// <param name="ExpiresAt">The end of the last day it can be used, UTC; null: never.</param>
/// <param name="Reference">The file's, else the line.</param>
/// <param name="Fault">What is wrong with it; null if nothing is.</param>
internal sealed record GrantLine(long Line, string Customer, Credits Amount, string Reason, DateTimeOffset? ExpiresAt, string Reference, string? Fault);

/// <summary>Reads files of grants: CSV with a header of <c>customer</c> and <c>amount</c>, and if wanted <c>reason</c>, <c>last_day</c> and <c>reference</c>.</summary>
internal static class GrantFile
{
    /// <summary>Largest file, in bytes.</summary>
    public const int LargestFile = 1024 * 1024;

    /// <summary>Most rows of one.</summary>
    public const int MostRows = 10_000;

    private const int LongestRecord = 4096;
    private const int LongestCell = 254;
    private const string DayFormat = "yyyy-MM-dd";

    private static readonly CsvReaderOptions Options = new() { MaxRecordSize = LongestRecord, TrimWhitespace = true, TrackLineNumbers = true };

    /// <summary>The lines of a file; or what is wrong with it as a whole.</summary>
    public static (IReadOnlyList<GrantLine> Lines, string? Fault) Read(string text, string reason)
    {
        try
        {
            using var csv = CsvReader.Create(Encoding.UTF8.GetBytes(text), Options);
            csv.ReadHeader();
            if (!csv.TryGetFieldIndex("customer", out var customer) || !csv.TryGetFieldIndex("amount", out var amount))
            {
                return ([], "The first line names the columns; customer and amount must be among them.");
            }

            var (why, day, reference) = (IndexOf(csv, "reason"), IndexOf(csv, "last_day"), IndexOf(csv, "reference"));
            var lines = new List<GrantLine>();
            var references = new HashSet<string>(StringComparer.Ordinal);
            while (csv.Read())
            {
                if (lines.Count == MostRows)
                {
                    return ([], $"A file has at most {MostRows.ToString("N0", CultureInfo.InvariantCulture)} rows. Split it, and give each part a name of its own.");
                }

                var line = LineOf(
                    csv.LineNumber, Cell(csv, customer), Cell(csv, amount), Cell(csv, why) is { Length: > 0 } given ? given : reason, Cell(csv, day), Cell(csv, reference));
                lines.Add(line.Fault is null && !references.Add(line.Reference) ? line with { Fault = $"The reference {line.Reference} stands in this file twice." } : line);
            }

            return lines.Count == 0 ? ([], "There is no row below the first line.") : (lines, null);
        }
        catch (CsvFormatException malformed)
        {
            return ([], $"This is no CSV that can be read: {malformed.Message}");
        }
    }

    private static GrantLine LineOf(long number, string customer, string amount, string reason, string lastDay, string reference)
    {
        var line = new GrantLine(number, customer, Credits.Zero, reason, null, reference.Length > 0 ? reference : number.ToString(CultureInfo.InvariantCulture), null);
        if (customer.Length is 0 or > LongestCell || customer.Any(char.IsControl))
        {
            return line with { Customer = "", Fault = "The customer is missing, or is neither an e-mail address nor an id." };
        }

        if (!decimal.TryParse(amount, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var exact) || !Credits.TryFromDecimal(exact, out var credits))
        {
            return line with { Fault = "The amount is no plain number such as 50 or 12.5." };
        }

        if (lastDay.Length == 0)
        {
            return line with { Amount = credits };
        }

        return DateOnly.TryParseExact(lastDay, DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day < DateOnly.MaxValue
            ? line with { Amount = credits, ExpiresAt = new DateTimeOffset(day.AddDays(1).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero) }
            : line with { Amount = credits, Fault = "The last day is no date such as 2026-12-31." };
    }

    private static int? IndexOf(CsvReader csv, string column) => csv.TryGetFieldIndex(column, out var index) ? index : null;

    private static string Cell(CsvReader csv, int? index) => index is { } column && column < csv.FieldCount ? csv.GetString(column) : "";
}

namespace BillingPortal.Benchmarks;

/// <summary>How long and how large the measurements are.</summary>
/// <param name="WarmUp">Before callers are counted.</param>
/// <param name="Duration">While they are.</param>
/// <param name="History">Transactions in the longest history that is read.</param>
/// <param name="Rounds">How often each page is loaded.</param>
internal sealed record Settings(TimeSpan WarmUp, TimeSpan Duration, int History, int Rounds);

/// <summary>Collects tables and prints them as Markdown.</summary>
internal sealed class Report
{
    private readonly List<Table> tables = [];
    private Table? facts;

    public void Section(string title, string[] columns) => tables.Add(new Table(title, columns, [], []));

    /// <summary>Starts a second table that fills while the last section does.</summary>
    public void Facts(string title, string[] columns) => tables.Insert(tables.Count - 1, facts = new Table(title, columns, [], []));

    public void Row(string what, int callers, Rate rate, double timesSingle, double timesBatch) => Line(
        what, $"{callers}", $"{rate.PerSecond:N0}", $"{rate.P50:N2}", $"{rate.P99:N2}", $"{rate.CpuMicros:N0}", $"{timesSingle:N2}", $"{timesBatch:P0}");

    public void Line(params string[] cells)
    {
        tables[^1].Rows.Add(cells);
        Console.Error.WriteLine($"{tables[^1].Title}: {string.Join(" | ", cells)}");
    }

    public void Fact(params string[] cells) => facts!.Rows.Add(cells);

    public void Note(string text) => tables[^1].Notes.Add(text);

    public void Print()
    {
        foreach (var table in tables)
        {
            Console.WriteLine($"\n### {table.Title}\n");
            Console.WriteLine($"| {string.Join(" | ", table.Columns)} |");
            Console.WriteLine($"| {string.Join(" | ", table.Columns.Select((_, i) => i == 0 ? "---" : "---:"))} |");
            foreach (var row in table.Rows)
            {
                Console.WriteLine($"| {string.Join(" | ", row)} |");
            }

            foreach (var note in table.Notes)
            {
                Console.WriteLine($"\n{note}");
            }
        }
    }

    private sealed record Table(string Title, string[] Columns, List<string[]> Rows, List<string> Notes);
}

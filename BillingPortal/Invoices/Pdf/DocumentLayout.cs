namespace BillingPortal.Invoices.Pdf;

/// <summary>A column of a table.</summary>
/// <param name="Title">Its head.</param>
/// <param name="Width">In points; text of a column that stands left is wrapped to it.</param>
/// <param name="Align">Numbers stand right.</param>
internal readonly record struct Column(string Title, double Width, Align Align = Align.Left);

/// <summary>The look that invoices, credit notes and statements share, filled from top to bottom and over as many pages as it takes.</summary>
internal sealed class DocumentLayout(DocumentFonts fonts)
{
    private const double Left = 56;
    private const double Right = PdfDocument.Width - Left;
    private const double Top = 72;
    private const double Bottom = 762;
    private const double FooterTop = 788;
    private const double Body = 9.5;
    private const double Small = 8;
    private const double Leading = 14;
    private const double Gap = 12;
    private const double Muted = 0.38;

    private readonly PdfDocument pdf = new(fonts);
    private double y;

    /// <summary>The kind of document, large, and opposite it who issues it.</summary>
    public void Head(string title, string issuer)
    {
        pdf.AddPage();
        y = Top;
        pdf.Text(pdf.Bold, 24, Left, y, title);
        var taken = pdf.Bold.WidthOf(title, 24) + Gap;
        foreach (var line in pdf.Bold.Wrap(issuer, 12, Right - Left - taken))
        {
            pdf.Text(pdf.Bold, 12, Right, y, line, Align.Right);
            y += 15;
        }

        y += 18;
    }

    /// <summary>Names with their values, one below the other.</summary>
    public void Facts(IEnumerable<(string Name, string Value)> facts)
    {
        const double values = Left + 110;
        foreach (var (name, value) in facts.Where(fact => fact.Value.Length > 0))
        {
            pdf.Text(pdf.Regular, Body, Left, y, name, gray: Muted);
            foreach (var line in pdf.Regular.Wrap(value, Body, Right - values))
            {
                pdf.Text(pdf.Regular, Body, values, y, line);
                y += Leading;
            }
        }

        y += Gap;
    }

    /// <summary>Two blocks side by side, each with a head and lines of which the first stands out.</summary>
    public void Parties((string Head, IEnumerable<string> Lines) left, (string Head, IEnumerable<string> Lines) right)
    {
        const double middle = PdfDocument.Width / 2;
        var ends = new[] { Block(left, Left), Block(right, middle) };
        y = ends.Max() + Gap;

        double Block((string Head, IEnumerable<string> Lines) party, double x)
        {
            var at = y;
            pdf.Text(pdf.Regular, Small, x, at, party.Head.ToUpperInvariant(), gray: Muted);
            at += Leading;
            foreach (var (index, text) in party.Lines.Where(line => line.Length > 0).Index())
            {
                var typeface = index == 0 ? pdf.Bold : pdf.Regular;
                foreach (var line in typeface.Wrap(text, Body, middle - Left - Gap))
                {
                    pdf.Text(typeface, Body, x, at, line);
                    at += Leading;
                }
            }

            return at;
        }
    }

    /// <summary>What one looks for first.</summary>
    public void Headline(string text)
    {
        y += 8;
        foreach (var line in pdf.Bold.Wrap(text, 15, Right - Left))
        {
            pdf.Text(pdf.Bold, 15, Left, y, line);
            y += 20;
        }

        y += 4;
    }

    public void Section(string text)
    {
        Need(5 * Leading);
        y += Gap;
        pdf.Text(pdf.Bold, 11, Left, y, text);
        y += Leading;
    }

    /// <summary>Rows under heads; the heads stand again on every page.</summary>
    public void Table(IReadOnlyList<Column> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        Heads(columns);
        foreach (var row in rows)
        {
            var cells = columns.Select((column, index) => column.Align is Align.Left ? pdf.Regular.Wrap(row[index], Body, column.Width - 8) : [row[index]]).ToList();
            if (Need((cells.Max(cell => cell.Count) * Leading) + 6))
            {
                Heads(columns);
            }

            var at = Left;
            foreach (var (column, cell) in columns.Zip(cells))
            {
                foreach (var (index, line) in cell.Index())
                {
                    pdf.Text(pdf.Regular, Body, column.Align is Align.Left ? at : at + column.Width, y + (index * Leading), line, column.Align);
                }

                at += column.Width;
            }

            y += (cells.Max(cell => cell.Count) * Leading) + 2;
            pdf.Line(Left, Right, y - 8, gray: 0.88);
            y += 6;
        }
    }

    /// <summary>Sums under a table, at the right; the ones that stand out have a line above them.</summary>
    public void Sums(IEnumerable<(string Name, string Value, bool StandsOut)> sums)
    {
        const double names = Right - 210;
        y += 4;
        foreach (var (name, value, standsOut) in sums)
        {
            Need(Leading + 8);
            var typeface = standsOut ? pdf.Bold : pdf.Regular;
            if (standsOut)
            {
                pdf.Line(names, Right, y - 10, gray: 0.6);
                y += 3;
            }

            pdf.Text(typeface, Body, names, y, name);
            pdf.Text(typeface, Body, Right, y, value, Align.Right);
            y += Leading + (standsOut ? 3 : 1);
        }

        y += Gap;
    }

    public void Note(string text)
    {
        foreach (var line in pdf.Regular.Wrap(text, Small, Right - Left))
        {
            Need(Leading);
            pdf.Text(pdf.Regular, Small, Left, y, line, gray: Muted);
            y += 11;
        }

        y += 5;
    }

    /// <summary>Ends every page with the same line and its number, and gives the file.</summary>
    public byte[] Save(string title, string issuer, string foot, DateTimeOffset issuedAt)
    {
        var total = pdf.Pages;
        var line = pdf.Regular.Wrap(foot, Small, Right - Left - 80)[0];
        pdf.OnEachPage(page =>
        {
            pdf.Line(Left, Right, FooterTop - 12);
            pdf.Text(pdf.Regular, Small, Left, FooterTop, line, gray: Muted);
            pdf.Text(pdf.Regular, Small, Right, FooterTop, $"Page {page} of {total}", Align.Right, Muted);
        });
        return pdf.Save(title, issuer, issuedAt);
    }

    private void Heads(IReadOnlyList<Column> columns)
    {
        Need(3 * Leading);
        y += 6;
        var at = Left;
        foreach (var column in columns)
        {
            pdf.Text(pdf.Regular, Small, column.Align is Align.Left ? at : at + column.Width, y, column.Title, column.Align, Muted);
            at += column.Width;
        }

        pdf.Line(Left, Right, y + 6, thickness: 0.8, gray: 0.4);
        y += 6 + Leading + 2;
    }

    /// <summary>Starts another page if there is less room than this; tells whether it did.</summary>
    private bool Need(double height)
    {
        if (y + height <= Bottom)
        {
            return false;
        }

        pdf.AddPage();
        y = Top;
        return true;
    }
}

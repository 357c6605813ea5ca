using System.Globalization;
using System.Text;

namespace BillingPortal.Invoices.Pdf;

/// <summary>Where a text stands from its point.</summary>
internal enum Align
{
    Left,
    Right,
}

/// <summary>An A4 document that is drawn page by page. Measures are points from the upper left corner.</summary>
internal sealed class PdfDocument
{
    public const double Width = 595;
    public const double Height = 842;

    private readonly List<StringBuilder> pages = [];
    private readonly IReadOnlyList<PdfFont> fonts;

    public PdfDocument(DocumentFonts source)
    {
        (var regular, var bold) = source.Open();
        fonts = [.. regular, .. bold];
        (Regular, Bold) = (new PdfTypeface(regular), new PdfTypeface(bold));
    }

    public PdfTypeface Regular { get; }

    public PdfTypeface Bold { get; }

    public int Pages => pages.Count;

    private StringBuilder Page => pages[^1];

    public void AddPage() => pages.Add(new StringBuilder());

    /// <summary>Goes back to a page to draw on it what was not known before, such as how many there are.</summary>
    public void OnEachPage(Action<int> draw)
    {
        var all = pages.ToArray();
        pages.Clear();
        foreach (var (index, page) in all.Index())
        {
            pages.Add(page);
            draw(index + 1);
        }
    }

    /// <param name="typeface">One of this document's.</param>
    /// <param name="size">In points.</param>
    /// <param name="x">The left end, or with <see cref="Align.Right"/> the right end.</param>
    /// <param name="y">The line the letters stand on.</param>
    /// <param name="text">One line.</param>
    /// <param name="align">Which end <paramref name="x"/> is.</param>
    /// <param name="gray">0 is black, 1 white.</param>
    public void Text(PdfTypeface typeface, double size, double x, double y, string text, Align align = Align.Left, double gray = 0)
    {
        var at = align is Align.Right ? x - typeface.WidthOf(text, size) : x;
        foreach (var (font, characters, width) in typeface.Runs(text, size))
        {
            Page.Append(CultureInfo.InvariantCulture, $"BT {PdfFile.Number(gray)} g /{NameOf(font)} {PdfFile.Number(size)} Tf ")
                .Append(CultureInfo.InvariantCulture, $"{PdfFile.Number(at)} {PdfFile.Number(Height - y)} Td {font.Write(characters)} Tj ET\n");
            at += width;
        }
    }

    public void Line(double x1, double x2, double y, double thickness = 0.5, double gray = 0.75) => Page.Append(
        CultureInfo.InvariantCulture,
        $"{PdfFile.Number(gray)} G {PdfFile.Number(thickness)} w {PdfFile.Number(x1)} {PdfFile.Number(Height - y)} m {PdfFile.Number(x2)} {PdfFile.Number(Height - y)} l S\n");

    /// <summary>The file.</summary>
    /// <param name="title">What readers show as its name.</param>
    /// <param name="author">Who issued it.</param>
    /// <param name="createdAt">When the document was issued, not when this file was made: the same document is the same bytes.</param>
    public byte[] Save(string title, string author, DateTimeOffset createdAt)
    {
        var file = new PdfFile();
        var tree = file.Reserve();
        var contents = pages.Select(page => file.AddStream("", Encoding.ASCII.GetBytes(page.ToString()))).ToList();
        var resources = string.Join(' ', fonts.Where(font => pages.Any(page => page.ToString().Contains($"/{NameOf(font)} ", StringComparison.Ordinal)))
            .Select(font => $"/{NameOf(font)} {font.AddTo(file)} 0 R"));
        var kids = contents.Select(content => file.Add(
            $"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 {Width} {Height}] /Resources << /Font << {resources} >> >> /Contents {content} 0 R >>")).ToList();
        file.Set(tree, $"<< /Type /Pages /Kids [{string.Join(' ', kids.Select(kid => $"{kid} 0 R"))}] /Count {kids.Count} >>");
        var catalog = file.Add($"<< /Type /Catalog /Pages {tree} 0 R /Lang (en-US) /ViewerPreferences << /DisplayDocTitle true >> >>");
        var created = createdAt.UtcDateTime.ToString("'D:'yyyyMMddHHmmss'Z'", CultureInfo.InvariantCulture);
        var information = file.Add($"<< /Title {PdfFile.Text(title)} /Author {PdfFile.Text(author)} /CreationDate ({created}) >>");
        return file.Write(catalog, information);
    }

    private string NameOf(PdfFont font) => $"F{Enumerable.Range(0, fonts.Count).First(index => ReferenceEquals(fonts[index], font)) + 1}";
}

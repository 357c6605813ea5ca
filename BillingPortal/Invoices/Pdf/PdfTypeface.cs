using System.Globalization;
using System.Text;

namespace BillingPortal.Invoices.Pdf;

/// <summary>Fonts in the order in which they are asked for a character, and text as it is laid out with them.</summary>
/// <remarks>Text runs from left to right: scripts that run the other way, or join their letters, keep their characters but not their looks.</remarks>
internal sealed class PdfTypeface(IReadOnlyList<PdfFont> fonts)
{
    private static readonly Rune Missing = new('?');

    /// <summary>What can be drawn of a text: no control or format characters, which could turn or hide what follows; a question mark for what no font has.</summary>
    public IEnumerable<Rune> Drawable(string text)
    {
        foreach (var character in text.EnumerateRunes())
        {
            switch (Rune.GetUnicodeCategory(character))
            {
                case UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator:
                    break;
                case UnicodeCategory.SpaceSeparator:
                    yield return new Rune(' ');
                    break;
                default:
                    yield return fonts.Any(font => font.Has(character)) ? character : Missing;
                    break;
            }
        }
    }

    /// <summary>In points.</summary>
    public double WidthOf(string text, double size) => Drawable(text).Sum(character => FontOf(character).WidthOf(character)) * size / 1000;

    /// <summary>The text in runs of one font each, with the width of each run in points.</summary>
    public IEnumerable<(PdfFont Font, IReadOnlyList<Rune> Characters, double Width)> Runs(string text, double size)
    {
        var run = new List<Rune>();
        PdfFont? current = null;
        foreach (var character in Drawable(text))
        {
            var font = FontOf(character);
            if (font != current && current is not null)
            {
                yield return (current, run, WidthOfRun(current, run, size));
                run = [];
            }

            current = font;
            run.Add(character);
        }

        if (current is not null)
        {
            yield return (current, run, WidthOfRun(current, run, size));
        }
    }

    /// <summary>Breaks a text into lines that fit a width in points: at spaces, or within a word that fits no line.</summary>
    public IReadOnlyList<string> Wrap(string text, double size, double width)
    {
        var lines = new List<string>();
        foreach (var paragraph in text.Split('\n'))
        {
            var line = new StringBuilder();
            foreach (var word in paragraph.Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(word => Fit(word, size, width)))
            {
                if (line.Length > 0 && WidthOf($"{line} {word}", size) > width)
                {
                    lines.Add(line.ToString());
                    line.Clear();
                }

                line.Append(line.Length > 0 ? " " : "").Append(word);
            }

            lines.Add(line.ToString());
        }

        return lines;
    }

    private IEnumerable<string> Fit(string word, double size, double width)
    {
        var part = new StringBuilder();
        foreach (var character in word.EnumerateRunes())
        {
            if (part.Length > 0 && WidthOf($"{part}{character}", size) > width)
            {
                yield return part.ToString();
                part.Clear();
            }

            part.Append(character);
        }

        if (part.Length > 0)
        {
            yield return part.ToString();
        }
    }

    private static double WidthOfRun(PdfFont font, List<Rune> run, double size) => run.Sum(font.WidthOf) * size / 1000;

    private PdfFont FontOf(Rune character) => fonts.FirstOrDefault(font => font.Has(character)) ?? fonts[0];
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace BillingPortal.Invoices.Pdf;

/// <summary>A font within one document. Remembers what was written with it, so that only that is embedded.</summary>
internal abstract class PdfFont
{
    /// <summary>Whether it can draw a character.</summary>
    public abstract bool Has(Rune character);

    /// <summary>In thousandths of the size.</summary>
    public abstract int WidthOf(Rune character);

    /// <summary>The string operand that draws these characters, all of which it must have.</summary>
    public abstract string Write(IEnumerable<Rune> characters);

    /// <summary>Adds its objects to the file and gives the number of the font's own.</summary>
    public abstract int AddTo(PdfFile file);
}

/// <summary>A TrueType font, embedded with the glyphs that were used and the way back to characters, so that text can be searched and copied.</summary>
/// <remarks>Source: ISO 32000-1, 9.7 "Composite fonts" and 9.10 "Extraction of text content".</remarks>
internal sealed class EmbeddedFont(TrueTypeFont font) : PdfFont
{
    private const int MappingsPerBlock = 100;
    private const int SymbolicFlag = 4;

    private readonly SortedDictionary<ushort, Rune> used = [];

    public override bool Has(Rune character) => font.GlyphOf(character) is not null;

    public override int WidthOf(Rune character) => font.WidthOf(font.GlyphOf(character) ?? 0);

    public override string Write(IEnumerable<Rune> characters)
    {
        var text = new StringBuilder("<");
        foreach (var character in characters)
        {
            var glyph = font.GlyphOf(character) ?? 0;
            used.TryAdd(glyph, character);
            text.Append(CultureInfo.InvariantCulture, $"{glyph:X4}");
        }

        return text.Append('>').ToString();
    }

    public override int AddTo(PdfFile file)
    {
        var outlines = font.Subset(used.Keys);
        var name = $"{TagOf(outlines)}+{font.Name}";
        var data = file.AddStream($"/Length1 {outlines.Length}", outlines);
        var box = string.Join(' ', font.Box);
        var descriptor = file.Add(
            $"<< /Type /FontDescriptor /FontName /{name} /Flags {SymbolicFlag} /FontBBox [{box}] /ItalicAngle 0 " +
            $"/Ascent {font.Ascent} /Descent {font.Descent} /CapHeight {font.Ascent} /StemV 80 /FontFile2 {data} 0 R >>");
        var widths = string.Join(' ', used.Keys.Select(glyph => $"{glyph} [{font.WidthOf(glyph)}]"));
        var descendant = file.Add(
            $"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{name} /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> " +
            $"/FontDescriptor {descriptor} 0 R /CIDToGIDMap /Identity /W [{widths}] >>");
        var characters = file.AddStream("", Encoding.ASCII.GetBytes(CharacterMap()));
        return file.Add(
            $"<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H /DescendantFonts [{descendant} 0 R] /ToUnicode {characters} 0 R >>");
    }

    private string CharacterMap()
    {
        var map = new StringBuilder(
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n" +
            "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n");
        foreach (var block in used.Chunk(MappingsPerBlock))
        {
            map.Append(CultureInfo.InvariantCulture, $"{block.Length} beginbfchar\n");
            foreach (var (glyph, character) in block)
            {
                map.Append(CultureInfo.InvariantCulture, $"<{glyph:X4}> <{Convert.ToHexString(Encoding.BigEndianUnicode.GetBytes(character.ToString()))}>\n");
            }

            map.Append("endbfchar\n");
        }

        return map.Append("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n").ToString();
    }

    // Six letters that tell subsets of one font apart; the same subset has the same.
    private static string TagOf(byte[] outlines) => string.Concat(SHA256.HashData(outlines).Take(6).Select(part => (char)('A' + (part % 26))));
}

/// <summary>A font that every reader has, for machines without one that could be embedded: typewriter letters of Western Europe.</summary>
internal sealed class CourierFont(bool isBold) : PdfFont
{
    private const int Width = 600;
    private const char Euro = '€';

    // The place of the euro in WinAnsiEncoding.
    private const int EuroCode = 0x80;

    public override bool Has(Rune character) => character.Value is (>= 0x20 and < 0x7F) or (>= 0xA0 and <= 0xFF) or Euro;

    public override int WidthOf(Rune character) => Width;

    public override string Write(IEnumerable<Rune> characters) => new StringBuilder("<")
        .AppendJoin("", characters.Select(character => (character.Value == Euro ? EuroCode : character.Value).ToString("X2", CultureInfo.InvariantCulture)))
        .Append('>').ToString();

    public override int AddTo(PdfFile file) =>
        file.Add($"<< /Type /Font /Subtype /Type1 /BaseFont /{(isBold ? "Courier-Bold" : "Courier")} /Encoding /WinAnsiEncoding >>");
}

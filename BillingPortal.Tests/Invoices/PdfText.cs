using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;

namespace BillingPortal.Tests.Invoices;

/// <summary>Reads the text of a PDF the way a reader does that copies it: by the place table, the streams, and each font's way back to characters.</summary>
internal static partial class PdfText
{
    /// <summary>Every run of text, in the order it is drawn, one per line; fails if the file's structure is broken.</summary>
    public static string Of(byte[] file)
    {
        // Latin-1 keeps one character for each byte.
        var text = Encoding.Latin1.GetString(file);
        Assert.StartsWith("%PDF-1.7\n", text, StringComparison.Ordinal);
        Assert.EndsWith("%%EOF\n", text, StringComparison.Ordinal);
        var objects = Objects(text);
        var fonts = FontUses().Matches(string.Concat(objects.Values.Select(body => body.Split("stream\n")[0])))
            .Select(use => (Name: use.Groups[1].Value, Number: int.Parse(use.Groups[2].Value, CultureInfo.InvariantCulture)))
            .Distinct().ToDictionary(use => use.Name, use => MapOf(objects, use.Number));
        var read = new StringBuilder();
        foreach (var content in ContentUses().Matches(text).Select(use => Stream(objects[int.Parse(use.Groups[1].Value, CultureInfo.InvariantCulture)])))
        {
            foreach (var run in TextRuns().Matches(content).Cast<Match>())
            {
                var map = fonts[run.Groups[1].Value];
                read.AppendJoin("", run.Groups[2].Value.Chunk(4).Select(code => map[new string(code)])).Append('\n');
            }
        }

        return read.ToString();
    }

    private static Dictionary<int, string> Objects(string text)
    {
        var start = int.Parse(StartOfTable().Match(text).Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.Equal("xref\n", text.Substring(start, 5));
        var places = Places().Matches(text[start..]).Select(place => int.Parse(place.Groups[1].Value, CultureInfo.InvariantCulture)).ToList();
        return places.Index().ToDictionary(item => item.Index + 1, item =>
        {
            var head = $"{item.Index + 1} 0 obj\n";
            Assert.Equal(head, text.Substring(item.Item, head.Length));
            return text[(item.Item + head.Length)..text.IndexOf("\nendobj\n", item.Item, StringComparison.Ordinal)];
        });
    }

    private static string Stream(string body)
    {
        var length = int.Parse(Lengths().Match(body).Groups[1].Value, CultureInfo.InvariantCulture);
        var data = body.Substring(body.IndexOf("stream\n", StringComparison.Ordinal) + "stream\n".Length, length);
        using var unpack = new ZLibStream(new MemoryStream(Encoding.Latin1.GetBytes(data)), CompressionMode.Decompress);
        using var reader = new StreamReader(unpack, Encoding.Latin1);
        return reader.ReadToEnd();
    }

    private static Dictionary<string, string> MapOf(Dictionary<int, string> objects, int font)
    {
        var map = Stream(objects[int.Parse(MapUses().Match(objects[font]).Groups[1].Value, CultureInfo.InvariantCulture)]);
        return Mappings().Matches(map).ToDictionary(
            mapping => mapping.Groups[1].Value, mapping => Encoding.BigEndianUnicode.GetString(Convert.FromHexString(mapping.Groups[2].Value)));
    }

    [GeneratedRegex(@"startxref\n(\d+)\n%%EOF\n$")]
    private static partial Regex StartOfTable();

    [GeneratedRegex(@"(\d{10}) 00000 n \n")]
    private static partial Regex Places();

    [GeneratedRegex(@"/(F\d+) (\d+) 0 R")]
    private static partial Regex FontUses();

    [GeneratedRegex(@"/Contents (\d+) 0 R")]
    private static partial Regex ContentUses();

    [GeneratedRegex(@"/ToUnicode (\d+) 0 R")]
    private static partial Regex MapUses();

    [GeneratedRegex(@"/Length (\d+) >>\nstream\n")]
    private static partial Regex Lengths();

    [GeneratedRegex(@"<([0-9A-F]{4})> <([0-9A-F]+)>\n")]
    private static partial Regex Mappings();

    [GeneratedRegex(@"/(F\d+) \S+ Tf \S+ \S+ Td <([0-9A-F]*)> Tj")]
    private static partial Regex TextRuns();
}

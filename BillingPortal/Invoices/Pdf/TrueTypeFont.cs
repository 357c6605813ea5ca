using System.Buffers.Binary;
using System.Text;

namespace BillingPortal.Invoices.Pdf;

/// <summary>A TrueType font as far as documents need it: which glyph draws a character, how wide it is, and the font with all other glyphs left out.</summary>
/// <remarks>Source: the OpenType specification, "The OpenType font file" and the chapters of the tables named here. OpenType with CFF outlines is not read.</remarks>
internal sealed class TrueTypeFont
{
    private const uint TrueTypeOutlines = 0x00010000;
    private const int TableRecordSize = 16;

    // Programs that place outlines on the grid travel along; everything about characters and layout stays behind.
    private static readonly string[] Kept = ["cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "prep"];

    private readonly Dictionary<string, ReadOnlyMemory<byte>> tables = [];
    private readonly Dictionary<int, ushort> glyphs = [];
    private readonly ushort[] advances;
    private readonly int[] offsets;

    /// <exception cref="InvalidDataException">It is not a TrueType font, or a broken one.</exception>
    public TrueTypeFont(string name, byte[] file)
    {
        Name = name;
        try
        {
            if (BinaryPrimitives.ReadUInt32BigEndian(file) != TrueTypeOutlines)
            {
                throw new InvalidDataException($"{name} has no TrueType outlines.");
            }

            for (var i = 0; i < Word(file, 4); i++)
            {
                var record = file.AsSpan(12 + (i * TableRecordSize), TableRecordSize);
                tables[Encoding.ASCII.GetString(record[..4])] = file.AsMemory((int)DoubleWord(record, 8), (int)DoubleWord(record, 12));
            }

            var head = Table("head");
            UnitsPerEm = Word(head, 18);
            Box = [Scale(Signed(head, 36)), Scale(Signed(head, 38)), Scale(Signed(head, 40)), Scale(Signed(head, 42))];
            Ascent = Scale(Signed(Table("hhea"), 4));
            Descent = Scale(Signed(Table("hhea"), 6));
            var count = Word(Table("maxp"), 4);
            advances = ReadAdvances(count);
            offsets = ReadOffsets(count, isLong: Word(head, 50) == 1);
            ReadCharacters();
        }
        catch (Exception exception) when (exception is ArgumentException or IndexOutOfRangeException or KeyNotFoundException)
        {
            throw new InvalidDataException($"{name} cannot be read as a TrueType font.", exception);
        }
    }

    /// <summary>Such as Lato-Bold; letters, digits and hyphens.</summary>
    public string Name { get; }

    public int UnitsPerEm { get; }

    /// <summary>Left, bottom, right, top of all glyphs, in thousandths of the size, as all measures here are.</summary>
    public int[] Box { get; }

    public int Ascent { get; }

    public int Descent { get; }

    /// <summary>The glyph of a character; null if the font has none.</summary>
    public ushort? GlyphOf(Rune character) => glyphs.TryGetValue(character.Value, out var glyph) ? glyph : null;

    public int WidthOf(ushort glyph) => Scale(advances[Math.Min(glyph, advances.Length - 1)]);

    /// <summary>The font with the outlines of these glyphs only; their numbers stay the same.</summary>
    public byte[] Subset(IEnumerable<ushort> used)
    {
        var kept = Closure(used);
        var outlines = new MemoryStream();
        var newOffsets = new byte[offsets.Length * 4];
        var source = Table("glyf");
        for (var glyph = 0; glyph < offsets.Length; glyph++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(newOffsets.AsSpan(glyph * 4), (uint)outlines.Length);
            if (glyph < offsets.Length - 1 && kept.Contains((ushort)glyph))
            {
                outlines.Write(source[offsets[glyph]..offsets[glyph + 1]]);
                outlines.Write(new byte[Padding((int)outlines.Length)]);
            }
        }

        var head = Table("head").ToArray();
        head.AsSpan(8, 4).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(50), 1);
        return Assemble(
        [
            .. Kept.Where(tables.ContainsKey).Select(tag => (tag, tag switch
            {
                "glyf" => outlines.ToArray(),
                "loca" => newOffsets,
                "head" => head,
                _ => tables[tag].ToArray(),
            })),
        ]);
    }

    /// <summary>Adds the parts of composed glyphs, and the one that stands for every missing character.</summary>
    private HashSet<ushort> Closure(IEnumerable<ushort> used)
    {
        const int WordArguments = 0x1, HasScale = 0x8, MoreParts = 0x20, HasTwoScales = 0x40, HasMatrix = 0x80;
        var closed = new HashSet<ushort>();
        var open = new Stack<ushort>([0, .. used]);
        while (open.TryPop(out var glyph))
        {
            if (!closed.Add(glyph) || offsets[glyph + 1] == offsets[glyph])
            {
                continue;
            }

            var outline = Table("glyf")[offsets[glyph]..offsets[glyph + 1]];
            if (Signed(outline, 0) >= 0)
            {
                continue;
            }

            for (int at = 10, flags = MoreParts; (flags & MoreParts) != 0;)
            {
                flags = Word(outline, at);
                open.Push((ushort)Word(outline, at + 2));
                at += 4 + ((flags & WordArguments) != 0 ? 4 : 2)
                    + ((flags & HasScale) != 0 ? 2 : (flags & HasTwoScales) != 0 ? 4 : (flags & HasMatrix) != 0 ? 8 : 0);
            }
        }

        return closed;
    }

    private static byte[] Assemble(IReadOnlyList<(string Tag, byte[] Data)> parts)
    {
        var selector = (int)Math.Log2(parts.Count);
        var range = TableRecordSize << selector;
        var file = new MemoryStream();
        var directory = new byte[12 + (parts.Count * TableRecordSize)];
        BinaryPrimitives.WriteUInt32BigEndian(directory, TrueTypeOutlines);
        BinaryPrimitives.WriteUInt16BigEndian(directory.AsSpan(4), (ushort)parts.Count);
        BinaryPrimitives.WriteUInt16BigEndian(directory.AsSpan(6), (ushort)range);
        BinaryPrimitives.WriteUInt16BigEndian(directory.AsSpan(8), (ushort)selector);
        BinaryPrimitives.WriteUInt16BigEndian(directory.AsSpan(10), (ushort)((parts.Count * TableRecordSize) - range));
        file.Write(directory);
        foreach (var (index, (tag, data)) in parts.Index())
        {
            var record = directory.AsSpan(12 + (index * TableRecordSize), TableRecordSize);
            Encoding.ASCII.GetBytes(tag, record);
            BinaryPrimitives.WriteUInt32BigEndian(record[4..], Checksum(data));
            BinaryPrimitives.WriteUInt32BigEndian(record[8..], (uint)file.Length);
            BinaryPrimitives.WriteUInt32BigEndian(record[12..], (uint)data.Length);
            file.Write(data);
            file.Write(new byte[Padding((int)file.Length)]);
        }

        file.Position = 0;
        file.Write(directory);
        return file.ToArray();
    }

    private static uint Checksum(byte[] data)
    {
        var sum = 0u;
        for (var i = 0; i < data.Length; i++)
        {
            sum = unchecked(sum + ((uint)data[i] << (24 - (i % 4 * 8))));
        }

        return sum;
    }

    private static int Padding(int length) => -length & 3;

    private ushort[] ReadAdvances(int count)
    {
        var metrics = Table("hmtx");
        var full = Math.Min(count, Word(Table("hhea"), 34));
        var read = new ushort[full];
        for (var i = 0; i < full; i++)
        {
            read[i] = (ushort)Word(metrics, i * 4);
        }

        return read;
    }

    private int[] ReadOffsets(int count, bool isLong)
    {
        var places = Table("loca");
        var read = new int[count + 1];
        for (var i = 0; i <= count; i++)
        {
            read[i] = isLong ? (int)DoubleWord(places, i * 4) : Word(places, i * 2) * 2;
        }

        return read;
    }

    /// <summary>Reads the map of the whole of Unicode if there is one, else that of its first plane.</summary>
    private void ReadCharacters()
    {
        const int FirstPlane = 4, AllPlanes = 12;
        var map = Table("cmap");
        foreach (var wanted in (int[])[AllPlanes, FirstPlane])
        {
            for (var i = 0; i < Word(map, 2); i++)
            {
                var table = map[(int)DoubleWord(map, 8 + (i * 8))..];
                if (Word(map, 4 + (i * 8)) is not (0 or 3) || Word(table, 0) != wanted)
                {
                    continue;
                }

                if (wanted == AllPlanes)
                {
                    ReadGroups(table);
                }
                else
                {
                    ReadSegments(table);
                }

                return;
            }
        }

        throw new InvalidDataException($"{Name} maps no Unicode characters.");
    }

    private void ReadGroups(ReadOnlySpan<byte> table)
    {
        for (var i = 0; i < (int)DoubleWord(table, 12); i++)
        {
            var group = table[(16 + (i * 12))..];
            var (first, last, glyph) = (DoubleWord(group, 0), DoubleWord(group, 4), DoubleWord(group, 8));
            for (var character = first; character <= last; character++)
            {
                glyphs[(int)character] = (ushort)(glyph + character - first);
            }
        }
    }

    private void ReadSegments(ReadOnlySpan<byte> table)
    {
        var count = Word(table, 6) / 2;
        for (var i = 0; i < count; i++)
        {
            var last = Word(table, 14 + (i * 2));
            var first = Word(table, 16 + (count * 2) + (i * 2));
            var delta = Word(table, 16 + (count * 4) + (i * 2));
            var at = 16 + (count * 6) + (i * 2);
            var range = Word(table, at);
            for (var character = first; character <= last && character != 0xFFFF; character++)
            {
                var glyph = range == 0 ? character : Word(table, at + range + ((character - first) * 2));
                if (range == 0 || glyph != 0)
                {
                    glyphs[character] = unchecked((ushort)(glyph + delta));
                }
            }
        }
    }

    private ReadOnlySpan<byte> Table(string tag) => tables[tag].Span;

    private int Scale(int units) => (int)Math.Round(units * 1000m / UnitsPerEm, MidpointRounding.AwayFromZero);

    private static int Word(ReadOnlySpan<byte> data, int at) => BinaryPrimitives.ReadUInt16BigEndian(data[at..]);

    private static int Signed(ReadOnlySpan<byte> data, int at) => BinaryPrimitives.ReadInt16BigEndian(data[at..]);

    private static uint DoubleWord(ReadOnlySpan<byte> data, int at) => BinaryPrimitives.ReadUInt32BigEndian(data[at..]);
}

using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace BillingPortal.Invoices.Pdf;

/// <summary>The objects of a PDF file and how they are written down. The same objects give the same bytes.</summary>
/// <remarks>Source: ISO 32000-1, 7.5 "File structure".</remarks>
internal sealed class PdfFile
{
    private readonly List<byte[]> objects = [];

    /// <summary>A number for an object that is given later.</summary>
    public int Reserve()
    {
        objects.Add([]);
        return objects.Count;
    }

    public void Set(int number, string body) => objects[number - 1] = Encoding.ASCII.GetBytes(body);

    public int Add(string body)
    {
        var number = Reserve();
        Set(number, body);
        return number;
    }

    /// <summary>Adds data, compressed.</summary>
    /// <param name="entries">What its dictionary says beside length and filter.</param>
    /// <param name="data">Uncompressed.</param>
    public int AddStream(string entries, byte[] data)
    {
        var packed = new MemoryStream();
        using (var pack = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            pack.Write(data);
        }

        var number = Reserve();
        objects[number - 1] =
        [
            .. Encoding.ASCII.GetBytes($"<< {entries} /Filter /FlateDecode /Length {packed.Length} >>\nstream\n"), .. packed.ToArray(), .. "\nendstream"u8,
        ];
        return number;
    }

    public byte[] Write(int catalog, int information)
    {
        var file = new MemoryStream();
        file.Write("%PDF-1.7\n%\u00E2\u00E3\u00CF\u00D3\n"u8);
        var places = new List<long>();
        foreach (var (index, body) in objects.Index())
        {
            places.Add(file.Length);
            file.Write(Encoding.ASCII.GetBytes($"{index + 1} 0 obj\n"));
            file.Write(body);
            file.Write("\nendobj\n"u8);
        }

        var id = Convert.ToHexString(SHA256.HashData(file.ToArray()).AsSpan(0, 16));
        var start = file.Length;
        var end = new StringBuilder().Append(CultureInfo.InvariantCulture, $"xref\n0 {places.Count + 1}\n0000000000 65535 f \n");
        foreach (var place in places)
        {
            end.Append(CultureInfo.InvariantCulture, $"{place:D10} 00000 n \n");
        }

        end.Append(CultureInfo.InvariantCulture, $"trailer\n<< /Size {places.Count + 1} /Root {catalog} 0 R /Info {information} 0 R /ID [<{id}> <{id}>] >>\nstartxref\n{start}\n%%EOF\n");
        file.Write(Encoding.ASCII.GetBytes(end.ToString()));
        return file.ToArray();
    }

    /// <summary>A text string operand that holds any character.</summary>
    public static string Text(string text) => $"<FEFF{Convert.ToHexString(Encoding.BigEndianUnicode.GetBytes(text))}>";

    /// <summary>A number as PDF writes it, exact to the thousandth of a point.</summary>
    public static string Number(double number) => number.ToString("0.###", CultureInfo.InvariantCulture);
}

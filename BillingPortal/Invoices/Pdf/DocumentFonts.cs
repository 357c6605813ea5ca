using Microsoft.Extensions.Options;

namespace BillingPortal.Invoices.Pdf;

/// <summary>The fonts of documents, read once from where the machine or the configuration has them.</summary>
internal sealed class DocumentFonts(IOptions<InvoiceOptions> options, ILogger<DocumentFonts> logger)
{
    // Debian's fonts-lato and fonts-dejavu-core; the second has letters that the first lacks.
    private static readonly string[] Folders = ["/usr/share/fonts/truetype/lato", "/usr/share/fonts/truetype/dejavu"];
    private static readonly string[] RegularFiles = ["Lato-Regular.ttf", "DejaVuSans.ttf"];
    private static readonly string[] BoldFiles = ["Lato-Bold.ttf", "DejaVuSans-Bold.ttf"];

    private readonly Lock gate = new();
    private (IReadOnlyList<TrueTypeFont> Regular, IReadOnlyList<TrueTypeFont> Bold)? loaded;

    /// <summary>Fonts for one document, each weight in the order in which they are asked for a character.</summary>
    public (IReadOnlyList<PdfFont> Regular, IReadOnlyList<PdfFont> Bold) Open()
    {
        (IReadOnlyList<TrueTypeFont> Regular, IReadOnlyList<TrueTypeFont> Bold) found;
        lock (gate)
        {
            found = loaded ??= (Load(RegularFiles), Load(BoldFiles));
        }

        return (Fonts(found.Regular, isBold: false), Fonts(found.Bold, isBold: true));
    }

    private static IReadOnlyList<PdfFont> Fonts(IReadOnlyList<TrueTypeFont> found, bool isBold) =>
        found.Count == 0 ? [new CourierFont(isBold)] : [.. found.Select(font => new EmbeddedFont(font))];

    private List<TrueTypeFont> Load(string[] names)
    {
        var fonts = new List<TrueTypeFont>();
        var folders = options.Value.FontFolder is { Length: > 0 } configured ? [configured] : Folders;
        foreach (var path in names.SelectMany(name => folders.Select(folder => Path.Combine(folder, name))).Where(File.Exists))
        {
            try
            {
                fonts.Add(new TrueTypeFont(Path.GetFileNameWithoutExtension(path), File.ReadAllBytes(path)));
            }
            catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
            {
                logger.LogWarning(exception, "The font {Path} cannot be used.", path);
            }
        }

        if (fonts.Count == 0)
        {
            logger.LogWarning("None of {Names} was found in {Folders}: documents are set in Courier, Western European letters only. Install fonts-lato.", names, folders);
        }

        return fonts;
    }
}

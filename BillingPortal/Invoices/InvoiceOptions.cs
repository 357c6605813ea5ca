using System.ComponentModel.DataAnnotations;

namespace BillingPortal.Invoices;

/// <summary>Configuration section <c>Invoices</c>: who sells, and what tax the prices include.</summary>
public sealed class InvoiceOptions : IValidatableObject
{
    public const string Section = "Invoices";

    private const decimal HighestRate = 50;

    /// <summary>What stands at the top of every document.</summary>
    public string SellerName { get; set; } = "BillingPortal";

    /// <summary>Lines of the seller's address, separated by line breaks.</summary>
    public string SellerAddress { get; set; } = "";

    public string SellerTaxId { get; set; } = "";

    /// <summary>Where buyers can ask; an e-mail address or anything else that fits a line.</summary>
    public string SellerContact { get; set; } = "";

    /// <summary>What people call the tax.</summary>
    public string TaxName { get; set; } = "VAT";

    /// <summary>The tax that every price includes, in percent with at most two decimals; 0: none.</summary>
    public decimal TaxRatePercent { get; set; }

    /// <summary>Hundredths of a percent.</summary>
    public long TaxBasisPoints => (long)(TaxRatePercent * 100);

    /// <summary>Where the fonts of documents are looked for, folder and file names; unset: Lato and DejaVu where Debian puts them.</summary>
    public string? FontFolder { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrWhiteSpace(SellerName))
        {
            yield return new ValidationResult("Invoices:SellerName: a name.");
        }

        if (TaxRatePercent is < 0 or > HighestRate || TaxRatePercent * 100 % 1 != 0)
        {
            yield return new ValidationResult($"Invoices:TaxRatePercent: from 0 to {HighestRate} with at most two decimals.");
        }
    }
}

using BillingPortal.Access;
using BillingPortal.Components.Shared;
using BillingPortal.Invoices;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Pages;

public sealed partial class InvoicesPage
{
    private const int SearchLength = 40;

    private (string? Search, string? Before)? shown;

    [Inject]
    private InvoiceOverviews Overviews { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "search")]
    private string? Search { get; set; }

    [SupplyParameterFromQuery(Name = "before")]
    private string? Before { get; set; }

    [SupplyParameterFromQuery(Name = "saved")]
    private string? SavedFlag { get; set; }

    /// <summary>Which field of the billing details could not be saved.</summary>
    [SupplyParameterFromQuery(Name = "problem")]
    private string? Problem { get; set; }

    // What an invoice says does not change under the reader, and a form is being filled in beside it.
    protected override bool IsLive => false;

    private bool Saved => SavedFlag is "1";

    private string? Sought => Search?.Trim() is { Length: > 0 and <= SearchLength } sought && !sought.Any(char.IsControl) ? sought : null;

    private string ProblemText => Problem switch
    {
        "name" => $"The name has at most {BillingDetails.NameLength} characters, all of them printable.",
        "address" => $"The address has at most {BillingDetails.AddressLines} lines and {BillingDetails.AddressLength} characters, all of them printable.",
        "taxId" => $"The tax id has at most {BillingDetails.TaxIdLength} characters, all of them printable.",
        "reference" => $"The reference has at most {BillingDetails.ReferenceLength} characters, all of them printable.",
        _ => "The billing details could not be saved.",
    };

    protected override async Task OnParametersSetAsync()
    {
        var asked = (Sought, Before);
        var moved = shown is not null && shown != asked;
        shown = asked;
        if (moved)
        {
            await ReloadAsync();
        }
    }

    protected override Task<InvoiceOverview> ReadAsync(Caller caller, CancellationToken cancellationToken) =>
        Overviews.ReadAsync(caller, Sought, Before is { Length: <= SearchLength } before && !before.Any(char.IsControl) ? before : null, cancellationToken);

    private string Address(string? before) => "/invoices" + QueryString.Create(
        new Dictionary<string, string?> { ["search"] = Sought, ["before"] = before }.Where(part => part.Value is not null));

    private static (Tone Tone, string Text) StandingOf(InvoiceRow invoice) => invoice.Status switch
    {
        InvoiceStatus.Paid => (Tone.Good, "Paid"),
        InvoiceStatus.PartlyRefunded => (Tone.Info, $"{Display.Price(invoice.GivenBack)} refunded"),
        _ => (Tone.Info, "Refunded"),
    };
}

using System.Text;
using BillingPortal.Access;
using BillingPortal.Administration;
using BillingPortal.Catalog;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;

namespace BillingPortal.Components.Pages.Admin;

/// <summary>Files of grants, newest first, and where the next page begins; null at the end.</summary>
public sealed record GrantFiles(IReadOnlyList<GrantBatch> Batches, string? NextBefore);

public sealed partial class GrantsPage
{
    private string name = "";
    private string text = "";
    private string creditType = CreditTypes.Credits;
    private string source = "promo";
    private string reason = "";
    private string? problem;
    private bool busy;
    private string? shown;

    [Inject]
    private BulkGrants Grants { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "before")]
    private string? Before { get; set; }

    // A form is being filled in above it.
    protected override bool IsLive => false;

    protected override async Task OnParametersSetAsync()
    {
        if (View is not null && shown != Before)
        {
            await ReloadAsync();
        }

        shown = Before;
    }

    protected override async Task<GrantFiles> ReadAsync(Caller caller, CancellationToken cancellationToken)
    {
        var batches = await Grants.ListAsync(caller, Before, cancellationToken);
        return batches.Count > BulkGrants.PageSize
            ? new GrantFiles([.. batches.Take(BulkGrants.PageSize)], batches[BulkGrants.PageSize - 1].Id)
            : new GrantFiles(batches, null);
    }

    private async Task TakeAsync(InputFileChangeEventArgs change)
    {
        if (change.File.Size > BulkGrants.LargestFile)
        {
            problem = $"A file has at most {BulkGrants.LargestFile / 1024} KB. Nothing was read.";
            return;
        }

        await using var stream = change.File.OpenReadStream(BulkGrants.LargestFile, Gone);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        (text, problem) = (await reader.ReadToEndAsync(Gone), null);
        if (name.Length == 0)
        {
            name = change.File.Name.Length > BulkGrants.NameLength ? change.File.Name[..BulkGrants.NameLength] : change.File.Name;
        }
    }

    private async Task ReadFileAsync()
    {
        if (busy || await FindCallerAsync() is not { } caller)
        {
            return;
        }

        busy = true;
        try
        {
            switch (await Grants.ReadAsync(caller, new GrantUpload(name, text, creditType, source, reason), Gone))
            {
                case BulkResult.Accepted accepted:
                    NavigationManager.NavigateTo($"/admin/grants/{accepted.BatchId}");
                    break;
                case BulkResult.Invalid invalid:
                    problem = $"{invalid.Message} Nothing was granted.";
                    break;
            }
        }
        finally
        {
            busy = false;
        }
    }
}

using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Audit;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Shared;

/// <summary>An entry in the list, and who made it as far as the viewer may know.</summary>
public sealed record AuditRow(AuditView Entry, string Actor);

/// <summary>One page of the log.</summary>
/// <param name="MayRead">Whether the viewer's role may see any of it; if not, the rest is empty.</param>
/// <param name="Rows">Newest first.</param>
/// <param name="NextBefore">Where the next page begins; null at the end.</param>
public sealed record AuditList(bool MayRead, IReadOnlyList<AuditRow> Rows, string? NextBefore);

public sealed partial class AuditSearch
{
    private const int PageSize = 50;

    private AuditFilter wanted = AuditFilter.Read(null, null, null, null, null);
    private (AuditFilter Filter, string? Before)? shown;

    /// <summary>The page it stands on.</summary>
    [Parameter, EditorRequired]
    public string Path { get; set; } = "";

    /// <summary>Where the same is a file.</summary>
    [Parameter, EditorRequired]
    public string FilePath { get; set; } = "";

    /// <summary>Whether all organizations are looked at; for platform administrators alone.</summary>
    [Parameter]
    public bool Everywhere { get; set; }

    [Inject]
    private AuditLog Log { get; set; } = null!;

    [Inject]
    private ActorNames Names { get; set; } = null!;

    [Inject]
    private Viewer Viewer { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "search")]
    private string? Search { get; set; }

    [SupplyParameterFromQuery(Name = "act")]
    private string? Act { get; set; }

    [SupplyParameterFromQuery(Name = "from")]
    private string? From { get; set; }

    [SupplyParameterFromQuery(Name = "to")]
    private string? To { get; set; }

    [SupplyParameterFromQuery(Name = "organization")]
    private string? Organization { get; set; }

    [SupplyParameterFromQuery(Name = "before")]
    private string? Before { get; set; }

    // An older page does not change any more.
    protected override bool IsLive => Before is null;

    private AuditFilter Filter => AuditFilter.Read(Search, Act, From, To, Everywhere ? Organization : null);

    protected override async Task OnInitializedAsync()
    {
        if (Everywhere && await FindCallerAsync() is { IsPlatformAdministrator: false })
        {
            NavigationManager.NotFound();
            return;
        }

        await base.OnInitializedAsync();
    }

    protected override async Task OnParametersSetAsync()
    {
        var asked = (Filter, Before);
        wanted = Filter;
        var moved = shown is not null && shown != asked;
        shown = asked;
        if (moved)
        {
            await ReloadAsync();
        }
    }

    protected override async Task<AuditList> ReadAsync(Caller caller, CancellationToken cancellationToken)
    {
        if (!Everywhere && caller.Role < MemberRole.Owner)
        {
            return new AuditList(false, [], null);
        }

        var query = Filter.ToQuery(Viewer, Before, PageSize);
        var page = Everywhere
            ? await Log.ListAllAsync(caller, Filter.Organization, query, cancellationToken)
            : await Log.ListAsync(caller, query, cancellationToken);
        var names = await Names.FindAsync(caller, page.Entries.Select(entry => entry.Actor), cancellationToken);
        return new AuditList(true, [.. page.Entries.Select(entry => new AuditRow(entry, AuditText.ActorOf(entry.Actor, names)))], page.NextBefore);
    }

    private void Apply() => NavigationManager.NavigateTo(
        AuditFilter.Read(wanted.Search, wanted.Act, TransactionFilter.Write(wanted.From), TransactionFilter.Write(wanted.To), wanted.Organization).Address(Path));
}

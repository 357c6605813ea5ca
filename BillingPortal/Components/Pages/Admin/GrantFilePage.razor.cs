using System.Globalization;
using BillingPortal.Access;
using BillingPortal.Administration;
using BillingPortal.Components.Shared;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Pages.Admin;

/// <summary>A file with one page of its rows; nothing if there is no such file.</summary>
public sealed record GrantFileView(GrantBatchView? File, bool MayUndo, IReadOnlyList<GrantBatchRow> Rows, long? NextAfter);

public sealed partial class GrantFilePage
{
    private const int PageSize = 50;

    private ConfirmPassword gate = null!;
    private string total = "";
    private string? problem;
    private bool busy;
    private (string Id, bool OnlyFaulty, long? After)? shown;

    [Parameter]
    public string Id { get; set; } = "";

    [SupplyParameterFromQuery(Name = "show")]
    private string? Show { get; set; }

    [SupplyParameterFromQuery(Name = "after")]
    private long? After { get; set; }

    [Inject]
    private BulkGrants Grants { get; set; } = null!;

    protected override bool IsLive => View?.File?.IsMoving == true;

    // The job changes balances of others, so the page looks by itself.
    protected override TimeSpan Patience => TimeSpan.FromSeconds(1);

    private bool OnlyFaulty => Show is "faulty";

    private GrantRowState From => View?.File?.Batch.State is GrantBatchState.Undoing ? GrantRowState.Granted : GrantRowState.Ready;

    private long Ahead => View!.File!.CountOf(From);

    private long Over => From is GrantRowState.Ready
        ? View!.File!.CountOf(GrantRowState.Granted, GrantRowState.Refused)
        : View!.File!.CountOf(GrantRowState.Undone, GrantRowState.UsedUp);

    protected override async Task OnParametersSetAsync()
    {
        var asked = (Id, OnlyFaulty, After);
        var moved = shown is not null && shown != asked;
        shown = asked;
        if (moved)
        {
            await ReloadAsync();
        }
    }

    protected override async Task<GrantFileView> ReadAsync(Caller caller, CancellationToken cancellationToken)
    {
        if (await Grants.FindAsync(caller, Id, cancellationToken) is not { } file)
        {
            NavigationManager.NotFound();
            return new GrantFileView(null, false, [], null);
        }

        var rows = await Grants.ListRowsAsync(caller, Id, OnlyFaulty, After, PageSize + 1, cancellationToken);
        return new GrantFileView(
            file,
            file.Batch is { State: GrantBatchState.Done, StartedAt: { } started } && started + CreditAdjustments.UndoWithin > Clock.GetUtcNow()
                && file.CountOf(GrantRowState.Granted) > 0,
            [.. rows.Take(PageSize)],
            rows.Count > PageSize ? rows[PageSize - 1].Line : null);
    }

    private Task StartAsync() => ActAsync(caller => Grants.StartAsync(caller, Id, total, Gone));

    private Task UndoAsync() => ActAsync(caller => Grants.UndoAsync(caller, Id, Gone));

    private async Task ActAsync(Func<Caller, Task<BulkResult>> act)
    {
        if (busy || await FindCallerAsync() is not { } caller || !gate.Lets(caller))
        {
            return;
        }

        busy = true;
        try
        {
            problem = await act(caller) is BulkResult.Invalid invalid ? $"{invalid.Message} Nothing was changed." : null;
            await ReloadAsync();
        }
        finally
        {
            busy = false;
        }
    }

    private string Address(long? after) => $"/admin/grants/{Id}" + QueryString.Create(new Dictionary<string, string?>
    {
        ["show"] = OnlyFaulty ? "faulty" : null,
        ["after"] = after?.ToString(CultureInfo.InvariantCulture),
    }.Where(part => part.Value is not null));
}

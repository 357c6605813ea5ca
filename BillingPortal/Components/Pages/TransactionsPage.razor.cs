using BillingPortal.Access;
using BillingPortal.Wallets;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Pages;

/// <summary>One page of transactions.</summary>
/// <param name="Transactions">Newest first.</param>
/// <param name="NextBefore">Where the next page begins; null at the end.</param>
public sealed record TransactionList(IReadOnlyList<TransactionView> Transactions, long? NextBefore);

public sealed partial class TransactionsPage
{
    private const int PageSize = 50;

    private TransactionFilter wanted = TransactionFilter.Read(null, null, null, null);
    private (TransactionFilter Filter, long? Before)? shown;

    [Inject]
    private TransactionHistory History { get; set; } = null!;

    [Inject]
    private Viewer Viewer { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "credits")]
    private string? CreditType { get; set; }

    [SupplyParameterFromQuery(Name = "kind")]
    private string? Kind { get; set; }

    [SupplyParameterFromQuery(Name = "from")]
    private string? From { get; set; }

    [SupplyParameterFromQuery(Name = "to")]
    private string? To { get; set; }

    [SupplyParameterFromQuery(Name = "before")]
    private long? Before { get; set; }

    [SupplyParameterFromQuery(Name = "open")]
    private string? Open { get; set; }

    // An older page does not change any more.
    protected override bool IsLive => Before is null;

    private TransactionFilter Filter => TransactionFilter.Read(CreditType, Kind, From, To);

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

    protected override async Task<TransactionList> ReadAsync(Caller caller, CancellationToken cancellationToken)
    {
        var page = await History.ListAsync(caller, Filter.ToQuery(Viewer, Before, PageSize), cancellationToken);
        return new TransactionList(page.Transactions, page.NextBeforeSequence);
    }

    private void ChooseKind(ChangeEventArgs change) => Show(wanted with { Type = TransactionFilter.Read(null, change.Value as string, null, null).Type });

    private void ChooseFrom(ChangeEventArgs change) => Show(wanted with { From = TransactionFilter.ReadDay(change.Value as string) });

    private void ChooseTo(ChangeEventArgs change) => Show(wanted with { To = TransactionFilter.ReadDay(change.Value as string) });

    private void Apply() => Show(wanted);

    private void Show(TransactionFilter filter)
    {
        wanted = filter;
        NavigationManager.NavigateTo(filter.Address("/transactions"));
    }
}

using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Catalog;
using BillingPortal.Subscriptions;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Pages;

/// <summary>A page of an organization's keys, and what the viewer may do with them.</summary>
public sealed record KeyList(
    IReadOnlyList<ApiKeyView> Keys, IReadOnlyDictionary<string, KeySpendView> Spends, string? NextAfter, string PlanName, bool HasApi, PlanNeeded? NextPlan, bool MayManage);

public sealed partial class KeysPage
{
    private const int PageSize = 50;

    private bool creating;
    private ApiKeyView? revoking;
    private ApiKeyView? rotating;
    private ApiKeyView? limiting;
    private ApiKeyView? pausing;
    private string? shownAfter;

    [Inject]
    private ApiKeys Keys { get; set; } = null!;

    [Inject]
    private KeySpendLimits Limits { get; set; } = null!;

    [Inject]
    private PlanStandings Standings { get; set; } = null!;

    [Inject]
    private PriceCatalog Catalog { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "after")]
    private string? After { get; set; }

    // Keys do not change with the balance.
    protected override bool IsLive => false;

    protected override async Task OnParametersSetAsync()
    {
        if (shownAfter != After)
        {
            shownAfter = After;
            await ReloadAsync();
        }
    }

    protected override async Task<KeyList> ReadAsync(Caller caller, CancellationToken cancellationToken)
    {
        shownAfter = After;
        var page = await Keys.ListAsync(caller, After, PageSize, cancellationToken);
        var plan = (await Standings.GetAsync(caller.OrganizationId, cancellationToken)).Plan;
        var next = Catalog.Plans.FirstOrDefault(candidate => candidate.ApiAccess);
        return new KeyList(
            page.Keys, await Limits.GetAsync(caller, [.. page.Keys.Select(key => key.Id)], cancellationToken), page.NextAfter, plan.Name, plan.ApiAccess, next is null ? null : new PlanNeeded(next.Name, next.MonthlyPrice), caller.Role >= MemberRole.Owner);
    }

    private void OpenForm() => creating = true;

    private async Task CloseFormAsync()
    {
        creating = false;
        rotating = null;
        limiting = null;
        await ReloadAsync();
    }

    private async Task RevokeAsync()
    {
        if (revoking is { } key && await FindCallerAsync() is { } caller)
        {
            await Keys.RevokeAsync(caller, key.Id, null, Gone);
            revoking = null;
            await ReloadAsync();
        }
    }

    private async Task PauseAsync()
    {
        if (pausing is { } key && await FindCallerAsync() is { } caller)
        {
            await Keys.PauseAsync(caller, key.Id, Gone);
            pausing = null;
            await ReloadAsync();
        }
    }

    private async Task ResumeAsync(ApiKeyView key)
    {
        if (await FindCallerAsync() is { } caller)
        {
            await Keys.ResumeAsync(caller, key.Id, Gone);
            await ReloadAsync();
        }
    }
}

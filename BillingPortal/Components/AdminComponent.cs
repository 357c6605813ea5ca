namespace BillingPortal.Components;

/// <summary>A page of the administration. Whoever does not administer the platform is told what a stranger is told: that there is no such page.</summary>
public abstract class AdminComponent<TView> : OrganizationComponent<TView>
    where TView : class
{
    protected override async Task OnInitializedAsync()
    {
        if (await FindCallerAsync() is { IsPlatformAdministrator: true })
        {
            await base.OnInitializedAsync();
        }
        else if (!Gone.IsCancellationRequested)
        {
            NavigationManager.NotFound();
        }
    }
}

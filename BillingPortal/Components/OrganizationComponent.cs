using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Wallets;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components;

/// <summary>A part of a page that shows something of the caller's organization. It is read before the page is sent, kept when the page comes alive, and read again when a balance changes.</summary>
/// <remarks>Who is calling is asked anew for every reading, so that someone who has left the organization sees nothing more.</remarks>
public abstract class OrganizationComponent<TView> : ComponentBase, IDisposable
    where TView : class
{
    /// <summary>At most four readings a second, however fast usage arrives.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource gone = new();
    private IDisposable? subscription;
    private Refresher? refresher;

    // Read once: a page that is gone may still be reading, and its source is disposed by then.
    protected OrganizationComponent() => Gone = gone.Token;

    /// <summary>What is shown; null until it was read.</summary>
    [PersistentState]
    public TView? View { get; set; }

    [Inject]
    protected CurrentCaller CurrentCaller { get; set; } = null!;

    [Inject]
    protected NavigationManager NavigationManager { get; set; } = null!;

    [Inject]
    protected TimeProvider Clock { get; set; } = null!;

    [Inject]
    private BalanceFeed Feed { get; set; } = null!;

    [Inject]
    private IHostApplicationLifetime Lifetime { get; set; } = null!;

    /// <summary>Cancelled when nobody looks any more.</summary>
    protected CancellationToken Gone { get; }

    /// <summary>Whether it follows the balance now.</summary>
    protected virtual bool IsLive => true;

    /// <summary>The longest time between two readings: what expires says nothing when it does.</summary>
    protected virtual TimeSpan Patience => TimeSpan.FromSeconds(30);

    /// <summary>The organization whose balance it follows.</summary>
    protected virtual string Followed(Caller caller) => caller.OrganizationId;

    /// <summary>Calls <paramref name="onChange"/> whenever what is shown may have changed: with that balance, unless said otherwise.</summary>
    protected virtual IDisposable Follow(Caller caller, Action onChange) => Feed.Subscribe(Followed(caller), onChange);

    protected abstract Task<TView> ReadAsync(Caller caller, CancellationToken cancellationToken);

    protected override async Task OnInitializedAsync()
    {
        if (await FindCallerAsync() is not { } caller || Gone.IsCancellationRequested)
        {
            return;
        }

        var kept = View is not null;
        if (RendererInfo.IsInteractive)
        {
            refresher = new Refresher(Clock, Pace, Patience);
            subscription = Follow(caller, refresher.Signal);
        }

        if (!kept)
        {
            View = await ReadAsync(caller, Gone);
        }

        if (refresher is not null)
        {
            if (kept)
            {
                // The balance may have changed between the page that was sent and now.
                refresher.Signal();
            }

            _ = FollowAsync(refresher);
        }
    }

    /// <summary>Reads again now, after something the viewer did.</summary>
    protected async Task ReloadAsync()
    {
        if (await FindCallerAsync() is { } caller)
        {
            View = await ReadAsync(caller, Gone);
        }
    }

    /// <summary>Who is looking; null, and on the way to the sign-in page, if nobody may any more.</summary>
    protected async Task<Caller?> FindCallerAsync()
    {
        var caller = await CurrentCaller.GetAsync();
        if (caller is null)
        {
            var here = NavigationManager.ToBaseRelativePath(NavigationManager.Uri);
            NavigationManager.NavigateTo($"/Account/Login?returnUrl={Uri.EscapeDataString($"/{here}")}", forceLoad: true);
        }

        return caller;
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            subscription?.Dispose();
            gone.Cancel();
            gone.Dispose();
        }
    }

    private async Task FollowAsync(Refresher source)
    {
        // A page that lost its browser is kept for some minutes; when the portal stops, there is nobody left to read from.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Gone, Lifetime.ApplicationStopping);
        try
        {
            await source.RunAsync(_ => InvokeAsync(RefreshAsync), end.Token);
        }
        catch (Exception) when (end.IsCancellationRequested)
        {
            // The page is gone, or the portal.
        }
        catch (Exception exception)
        {
            await DispatchExceptionAsync(exception);
        }
    }

    private async Task RefreshAsync()
    {
        if (IsLive)
        {
            await ReloadAsync();
            StateHasChanged();
        }
    }
}

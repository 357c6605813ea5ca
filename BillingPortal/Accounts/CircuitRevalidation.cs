using BillingPortal.Store;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;

namespace BillingPortal.Accounts;

/// <summary>Signs a live page out within half a minute of its person being disabled, demoted out of the organization, or given a new password.</summary>
/// <remarks>Only a clear no signs anybody out: what a page shows or does is asked of the database anew each time, whatever this says.</remarks>
internal sealed class CircuitRevalidation(ILoggerFactory loggers, Callers callers, IStoreSessions sessions, IHostApplicationLifetime lifetime)
    : RevalidatingServerAuthenticationStateProvider(loggers)
{
    protected override TimeSpan RevalidationInterval => TimeSpan.FromSeconds(30);

    /// <summary>Whether the person of a page may go on.</summary>
    internal async Task<bool> MayStayAsync(AuthenticationState state, CancellationToken cancellationToken)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // A page that lost its browser is kept for some minutes, longer than what it would be asked of.
            return true;
        }

        try
        {
            return await callers.FromAsync(state.User, cancellationToken) is not null;
        }
        catch (Exception exception) when (sessions.IsTransient(exception) || cancellationToken.IsCancellationRequested || lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return true;
        }
    }

    protected override Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken) =>
        MayStayAsync(authenticationState, cancellationToken);
}

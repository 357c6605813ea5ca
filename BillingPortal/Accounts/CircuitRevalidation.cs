using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;

namespace BillingPortal.Accounts;

/// <summary>Signs a live page out within half a minute of its person being disabled, demoted out of the organization, or given a new password.</summary>
internal sealed class CircuitRevalidation(ILoggerFactory loggers, Callers callers) : RevalidatingServerAuthenticationStateProvider(loggers)
{
    protected override TimeSpan RevalidationInterval => TimeSpan.FromSeconds(30);

    protected override async Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken) =>
        await callers.FromAsync(authenticationState.User, cancellationToken) is not null;
}

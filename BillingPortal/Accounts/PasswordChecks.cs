using BillingPortal.Access;
using BillingPortal.Store;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace BillingPortal.Accounts;

/// <summary>What became of giving the password again.</summary>
public enum PasswordCheck
{
    Right,

    /// <summary>Wrong, or the account rests after five wrong ones; nothing tells these apart.</summary>
    Wrong,

    /// <summary>Too many failures from this network; nothing was checked.</summary>
    Throttled,
}

/// <summary>Asks for the password of somebody who is signed in already. Wrong ones count as at a sign-in.</summary>
public sealed class PasswordChecks(IServiceScopeFactory scopes, IRateCounters counters, IOptions<RateLimitOptions> limits)
{
    public async Task<PasswordCheck> CheckAsync(Caller caller, string password, CancellationToken cancellationToken)
    {
        caller.DemandSession();
        var counter = $"sign-in:{caller.Address}";
        var limit = RateLimit.PerMinute(limits.Value.SignInFailuresPerMinute);
        if (await counters.PeekAsync(counter, limit, cancellationToken) is { Allowed: false })
        {
            return PasswordCheck.Throttled;
        }

        if (await IsRightAsync(caller.UserId!, password))
        {
            return PasswordCheck.Right;
        }

        await counters.TakeAsync(counter, limit, cancellationToken);
        return PasswordCheck.Wrong;
    }

    private async Task<bool> IsRightAsync(string userId, string password)
    {
        // A scope of its own: that of a live page would remember an old password.
        await using var scope = scopes.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<User>>();
        if (password.Length > Registration.PasswordLength || await users.FindByIdAsync(userId) is not { } user || await users.IsLockedOutAsync(user))
        {
            return false;
        }

        if (await users.CheckPasswordAsync(user, password))
        {
            await users.ResetAccessFailedCountAsync(user);
            return true;
        }

        await users.AccessFailedAsync(user);
        return false;
    }
}

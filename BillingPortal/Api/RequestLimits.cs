using System.Globalization;
using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Store;
using Microsoft.Extensions.Options;

namespace BillingPortal.Api;

/// <summary>Lets each key, each person, and each address without credentials make so many requests a minute, and tells them how many are left.</summary>
/// <remarks>A key counts only once it has proved to be one, so that nobody can use up another's minute with a guess.</remarks>
internal sealed class RequestLimits(IRateCounters counters, IOptions<RateLimitOptions> options, TimeProvider clock)
{
    /// <exception cref="ApiException">429: this minute is used up.</exception>
    public async Task CountAsync(HttpContext http)
    {
        var perMinute = options.Value.PerMinute;
        if (perMinute == 0)
        {
            return;
        }

        var caller = await http.GetCallerAsync(http.RequestAborted);
        var standing = await counters.TakeAsync(CounterOf(caller, http), RateLimit.PerMinute(perMinute), http.RequestAborted);

        // At the last moment, because an error clears what an endpoint had begun to write.
        http.Response.OnStarting(() =>
        {
            var headers = http.Response.Headers;
            headers["X-RateLimit-Limit"] = perMinute.ToString(CultureInfo.InvariantCulture);
            headers["X-RateLimit-Remaining"] = standing.Remaining.ToString(CultureInfo.InvariantCulture);
            headers["X-RateLimit-Reset"] = ((standing.ResetsAt.ToUnixTimeMilliseconds() + 999) / 1000).ToString(CultureInfo.InvariantCulture);
            return Task.CompletedTask;
        });
        if (!standing.Allowed)
        {
            throw ApiException.TooMany($"You have exceeded the rate limit of {perMinute} requests per minute.", standing.NextAt - clock.GetUtcNow());
        }
    }

    private static string CounterOf(Caller? caller, HttpContext http) => caller switch
    {
        { Kind: CallerKind.ApiKey } => $"key:{caller.KeyId}",
        { } => $"user:{caller.UserId}",
        null => $"address:{ClientAddress.Of(http)}",
    };
}

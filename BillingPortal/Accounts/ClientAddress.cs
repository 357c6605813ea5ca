using System.Net;
using System.Net.Sockets;
using System.Security.Claims;

namespace BillingPortal.Accounts;

/// <summary>Where clients are: by this one without credentials is counted, and of others the audit log says so.</summary>
public static class ClientAddress
{
    private const string ClaimType = "address";

    /// <summary>Notes on whoever is signed in where the request comes from: a page that is alive sees no request any more.</summary>
    /// <remarks>On a copy, so that it is not kept in the session's cookie.</remarks>
    public static IApplicationBuilder UseClientAddresses(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        if (http.User.Identity is { IsAuthenticated: true })
        {
            http.User = new ClaimsPrincipal([.. http.User.Identities, new ClaimsIdentity([new Claim(ClaimType, Of(http))])]);
        }

        return next(http);
    });

    /// <summary>What was noted; null if nothing was.</summary>
    public static string? Of(ClaimsPrincipal principal) => principal.FindFirstValue(ClaimType);

    /// <summary>The address of the connection; of IPv6 its first 64 bits, which is what one household or host is given.</summary>
    public static string Of(HttpContext http)
    {
        var address = http.Connection.RemoteIpAddress ?? IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        return address.AddressFamily is AddressFamily.InterNetworkV6 && !IPAddress.IsLoopback(address)
            ? new IPAddress([.. address.GetAddressBytes().AsSpan(0, 8), .. new byte[8]]).ToString()
            : address.ToString();
    }
}

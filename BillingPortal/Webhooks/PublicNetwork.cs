using System.Collections.Immutable;
using System.Net;

namespace BillingPortal.Webhooks;

/// <summary>Tells addresses of the public internet from all others: private, loopback, link-local, shared, documentation, multicast and metadata addresses.</summary>
/// <remarks>Source: IANA special-purpose address registries for IPv4 and IPv6. What is not known to be public counts as private.</remarks>
public static class PublicNetwork
{
    private static readonly ImmutableArray<IPNetwork> NotPublicV4 =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        }.Select(IPNetwork.Parse),
    ];

    private static readonly IPNetwork GlobalV6 = IPNetwork.Parse("2000::/3");

    // Within the global range, but tunnels into IPv4 (Teredo, 6to4), documentation, or for no routing.
    private static readonly ImmutableArray<IPNetwork> NotPublicV6 =
        [.. new[] { "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20" }.Select(IPNetwork.Parse)];

    /// <summary>Whether an address belongs to the public internet.</summary>
    public static bool Contains(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        return address.AddressFamily is System.Net.Sockets.AddressFamily.InterNetwork
            ? !NotPublicV4.Any(network => network.Contains(address))
            : GlobalV6.Contains(address) && !NotPublicV6.Any(network => network.Contains(address));
    }
}

using System.Net;
using System.Net.Sockets;

namespace BillingPortal.Accounts;

/// <summary>By what a client without credentials is counted.</summary>
public static class ClientAddress
{
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

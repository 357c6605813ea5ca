using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace BillingPortal.Webhooks;

/// <summary>Finds the addresses of a host name.</summary>
public delegate Task<IPAddress[]> HostResolver(string host, CancellationToken cancellationToken);

/// <summary>Decides where webhooks may go. Asked when an endpoint is saved, for a clear answer, and when a connection is made, where nobody can change the name in between.</summary>
public sealed class WebhookAddresses(HostResolver resolve, IOptions<WebhookOptions> options)
{
    private const int FirstUnprivilegedPort = 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly string[] LocalSuffixes = [".localhost", ".local", ".localdomain", ".internal", ".intranet", ".lan", ".home", ".corp", ".home.arpa"];

    /// <summary>Why an address cannot be an endpoint's; null if it can.</summary>
    /// <remarks>A name that does not resolve now is let through: it may tomorrow, and every connection is checked.</remarks>
    public async Task<string?> FaultOfAsync(string url, CancellationToken cancellationToken)
    {
        var allowsPrivate = options.Value.AllowPrivateNetworks;
        if (url.Length > WebhookEndpoint.UrlLength || !Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Host.Length == 0)
        {
            return $"The address must be an absolute web address of at most {WebhookEndpoint.UrlLength} characters.";
        }

        if (uri.Scheme != Uri.UriSchemeHttps && !(allowsPrivate && uri.Scheme == Uri.UriSchemeHttp))
        {
            return "The address must begin with https://.";
        }

        if (uri.UserInfo.Length > 0 || uri.Fragment.Length > 0)
        {
            return "The address must have neither a user name nor a fragment.";
        }

        if (allowsPrivate)
        {
            return null;
        }

        if (!uri.IsDefaultPort && uri.Port < FirstUnprivilegedPort)
        {
            return "The port must be 443, or 1024 and above.";
        }

        return await IsPrivateAsync(uri, cancellationToken) ? "The address must be on the public internet." : null;
    }

    /// <summary>Connects to a host, if all its addresses may be connected to: those, and no others looked up later.</summary>
    /// <exception cref="WebhookAddressException">The host is not on the public internet.</exception>
    /// <exception cref="SocketException">It does not resolve, or nobody listens there.</exception>
    public async ValueTask<Stream> ConnectAsync(DnsEndPoint target, CancellationToken cancellationToken)
    {
        var addresses = IPAddress.TryParse(target.Host, out var literal) ? [literal] : await resolve(target.Host, cancellationToken);
        if (!options.Value.AllowPrivateNetworks && !addresses.All(PublicNetwork.Contains))
        {
            throw new WebhookAddressException($"{target.Host} is not on the public internet.");
        }

        if (addresses.Length == 0)
        {
            throw new SocketException((int)SocketError.HostNotFound);
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, target.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<bool> IsPrivateAsync(Uri uri, CancellationToken cancellationToken)
    {
        string host;
        try
        {
            host = uri.IdnHost.TrimEnd('.');
        }
        catch (UriFormatException)
        {
            return true;
        }

        // Numbers in every notation that a resolver might take for an address: 2130706433, 0x7f.1, 017700000001.
        if (IPAddress.TryParse(host, out var literal))
        {
            return !PublicNetwork.Contains(literal);
        }

        if (!host.Contains('.', StringComparison.Ordinal) || LocalSuffixes.Any(suffix => host.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)))
        {
            return true;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            return !(await resolve(host, patience.Token)).All(PublicNetwork.Contains);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }
}

/// <summary>A connection was refused because of where it would have gone.</summary>
public sealed class WebhookAddressException(string message) : Exception(message);

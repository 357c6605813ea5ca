using System.Net;
using Microsoft.AspNetCore.HttpOverrides;
using IPNetwork = System.Net.IPNetwork;

namespace BillingPortal.Api.Operations;

/// <summary>Believes forwarded addresses of the proxies named in <c>Portal:TrustedProxies</c> (addresses or networks such as 10.0.0.0/8), and of nobody else.</summary>
internal static class TrustedProxies
{
    public static IApplicationBuilder UseTrustedProxies(this IApplicationBuilder app)
    {
        var named = app.ApplicationServices.GetRequiredService<IConfiguration>().GetSection("Portal:TrustedProxies").Get<string[]>() ?? [];
        if (named.Length == 0)
        {
            return app;
        }

        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var proxy in named)
        {
            options.KnownIPNetworks.Add(IPNetwork.TryParse(proxy, out var network) ? network
                : IPAddress.TryParse(proxy, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
                : throw new InvalidOperationException($"Portal:TrustedProxies: \"{proxy}\" is neither an address nor a network."));
        }

        return app.UseForwardedHeaders(options);
    }
}

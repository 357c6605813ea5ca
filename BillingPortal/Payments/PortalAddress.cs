using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace BillingPortal.Payments;

/// <summary>Configuration section <c>Portal</c>, as far as addresses go.</summary>
public sealed class PortalOptions : IValidatableObject
{
    public const string Section = "Portal";

    /// <summary>Where browsers reach the portal; unset: the address it is bound to.</summary>
    public string? PublicUrl { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (PublicUrl is { Length: > 0 } url && !PortalAddress.IsWebAddress(url))
        {
            yield return new ValidationResult("Portal:PublicUrl: an absolute http or https address.");
        }
    }
}

/// <summary>The portal's own addresses. From configuration or the socket, never from a request, whose Host header anyone can write.</summary>
public sealed class PortalAddress(IOptions<PortalOptions> options, IServer server)
{
    /// <summary>Where browsers reach the portal; ends with a slash.</summary>
    public Uri Public => options.Value.PublicUrl is { Length: > 0 } url ? new Uri($"{url.TrimEnd('/')}/") : Bound;

    /// <summary>Where this process listens, reachable from this machine; ends with a slash.</summary>
    /// <exception cref="InvalidOperationException">The server has not started.</exception>
    public Uri Bound
    {
        get
        {
            var addresses = server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
            var address = addresses.Order(StringComparer.Ordinal).FirstOrDefault()
                ?? throw new InvalidOperationException("The server is not bound to an address yet.");
            var parsed = BindingAddress.Parse(address);
            var host = parsed.Host is "+" or "*" or "[::]" or "0.0.0.0" or "127.0.0.1" or "[::1]" ? "localhost" : parsed.Host;
            return new UriBuilder(parsed.Scheme, host, parsed.Port, "/").Uri;
        }
    }

    /// <summary>The absolute address of a path of the portal.</summary>
    /// <param name="path">Begins with a slash; query included.</param>
    public string Absolute(string path) => new Uri(Public, path.TrimStart('/')).ToString();

    /// <summary>Whether a text is an absolute http or https address.</summary>
    public static bool IsWebAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps);
}

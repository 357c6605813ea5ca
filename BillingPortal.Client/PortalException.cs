using System.Net;
using System.Text.Json;

namespace BillingPortal.Client;

/// <summary>An answer of the portal other than success.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="code">Stable and machine-readable, such as <c>PACK_LIMIT_REACHED</c>; empty if the answer had none.</param>
/// <param name="message">A sentence for people.</param>
/// <param name="body">The whole body; undefined if it was no JSON.</param>
public sealed class PortalException(HttpStatusCode status, string code, string message, JsonElement body) : Exception(message)
{
    public HttpStatusCode Status => status;

    public string Code => code;

    public JsonElement Body => body;

    /// <summary>Whether a higher plan would help.</summary>
    public bool Upgrade => body.ValueKind is JsonValueKind.Object && body.TryGetProperty("upgrade", out var upgrade) && upgrade.ValueKind is JsonValueKind.True;
}

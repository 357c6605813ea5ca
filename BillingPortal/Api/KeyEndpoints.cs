using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using System.Text.Json.Serialization;
using BillingPortal.Accounts;

namespace BillingPortal.Api;

/// <summary>API keys: <c>/v1/keys</c>, for signed-in users alone. Source: contract, "004 · API credits".</summary>
internal static class KeyEndpoints
{
    public static IEndpointRouteBuilder MapKeys(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/keys").WithTags("API keys").RequireCaller();
        group.MapPost("/generate", GenerateAsync).WithSummary("Makes a key and shows it this once").Accepts<GenerateRequest>("application/json").Produces<GeneratedKey>();
        group.MapGet("", ListAsync).WithSummary("Lists the organization's keys, newest first").Produces<KeyList>();
        group.MapPost("/revoke", RevokeAsync).WithSummary("Revokes a key, from the next request on").Accepts<RevokeRequest>("application/json").Produces<RevokedKey>();
        return routes;
    }

    private static async Task<IResult> GenerateAsync(HttpContext http, ApiKeys keys, CancellationToken cancellationToken)
    {
        var request = await http.ReadBodyAsync<GenerateRequest>(cancellationToken);
        var wish = new NewApiKey(request.Name, request.Scopes, request.ExpiresInDays);
        var receipt = http.Receipt<ApiKeyCreation.Created>(GeneratedKey.Of);
        http.Response.Headers.CacheControl = "no-store";
        return await keys.CreateAsync(http.Caller(), wish, receipt, cancellationToken) switch
        {
            ApiKeyCreation.Created made => receipt.Answer(made),
            ApiKeyCreation.Invalid invalid => throw ApiException.Invalid(invalid.Field, invalid.Message),
            ApiKeyCreation.TooMany many => throw new ApiException(
                StatusCodes.Status409Conflict, "KEY_LIMIT_REACHED", $"An organization has at most {many.Limit} active keys. Revoke one first."),
            _ => throw new UnreachableException(),
        };
    }

    private static async Task<KeyList> ListAsync(HttpContext http, ApiKeys keys, CancellationToken cancellationToken)
    {
        var page = await keys.ListAsync(http.Caller(), http.QueryText("after"), http.QueryInt("limit", ApiKeys.PageLimit, 1, ApiKeys.PageLimit), cancellationToken);
        return new KeyList([.. page.Keys.Select(key => new ListedKey(
            key.Id, key.Prefix, key.Name, key.Scopes, key.IsActive, key.CreatedAt, key.ExpiresAt, key.LastUsedAt, key.RevokedAt))], page.NextAfter);
    }

    private static async Task<IResult> RevokeAsync(HttpContext http, ApiKeys keys, CancellationToken cancellationToken)
    {
        var request = await http.ReadBodyAsync<RevokeRequest>(cancellationToken);
        var receipt = http.Receipt<ApiKeyView>(_ => new RevokedKey(Revoked: true));
        return await keys.RevokeAsync(http.Caller(), request.KeyId, receipt, cancellationToken) is { } revoked
            ? receipt.Answer(revoked)
            : throw ApiException.NotFound("There is no such key.");
    }

    internal sealed record GenerateRequest(
        string? Name = null,
        [property: JsonPropertyName("expires_in_days")] int? ExpiresInDays = null,
        string[]? Scopes = null);

    internal sealed record GeneratedKey(
        string Id,
        [property: JsonPropertyName("api_key")] string ApiKey,
        [property: JsonPropertyName("key_prefix")] string KeyPrefix,
        string Name,
        IReadOnlyList<string> Scopes,
        [property: JsonPropertyName("is_active")] bool IsActive,
        [property: JsonPropertyName("created_at")] DateTimeOffset CreatedAt,
        [property: JsonPropertyName("expires_at")] DateTimeOffset? ExpiresAt,
        string Warning)
    {
        public static GeneratedKey Of(ApiKeyCreation.Created made) => new(
            made.Key.Id, made.Secret, made.Key.Prefix, made.Key.Name, made.Key.Scopes, IsActive: true, made.Key.CreatedAt, made.Key.ExpiresAt,
            "Store this key now. Only its hash is kept, and it cannot be shown again.");
    }

    internal sealed record ListedKey(
        string Id,
        [property: JsonPropertyName("key_prefix")] string KeyPrefix,
        string Name,
        IReadOnlyList<string> Scopes,
        [property: JsonPropertyName("is_active")] bool IsActive,
        [property: JsonPropertyName("created_at")] DateTimeOffset CreatedAt,
        [property: JsonPropertyName("expires_at")] DateTimeOffset? ExpiresAt,
        [property: JsonPropertyName("last_used_at")] DateTimeOffset? LastUsedAt,
        [property: JsonPropertyName("revoked_at")] DateTimeOffset? RevokedAt);

    internal sealed record KeyList(IReadOnlyList<ListedKey> Data, [property: JsonPropertyName("next_after")] string? NextAfter);

    internal sealed record RevokeRequest([property: JsonPropertyName("key_id"), StringLength(100)] string KeyId);

    internal sealed record RevokedKey(bool Revoked);
}

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
        group.MapPost("/rotate", RotateAsync).WithSummary("Replaces a key; the old one works until the grace ends").Accepts<RotateRequest>("application/json").Produces<RotatedKey>();
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
            ApiKeyCreation.TooMany many => throw TooMany(many.Limit),
            _ => throw new UnreachableException(),
        };
    }

    private static async Task<IResult> RotateAsync(HttpContext http, ApiKeys keys, CancellationToken cancellationToken)
    {
        var request = await http.ReadBodyAsync<RotateRequest>(cancellationToken);
        var receipt = http.Receipt<ApiKeyRotation.Rotated>(RotatedKey.Of);
        http.Response.Headers.CacheControl = "no-store";
        return await keys.RotateAsync(http.Caller(), request.KeyId, TimeSpan.FromSeconds(request.GraceSeconds), receipt, cancellationToken) switch
        {
            ApiKeyRotation.Rotated rotated => receipt.Answer(rotated),
            ApiKeyRotation.NoSuchKey => throw ApiException.NotFound("There is no such key."),
            ApiKeyRotation.Ended => throw new ApiException(StatusCodes.Status409Conflict, "KEY_NOT_ACTIVE", "This key is revoked or has expired. Make a new one instead."),
            ApiKeyRotation.Replaced replaced => throw new ApiException(
                StatusCodes.Status409Conflict, "KEY_ALREADY_REPLACED", $"This key was replaced by {replaced.By.Id}. Rotate that one.",
                extra: new Dictionary<string, object?> { ["replaced_by"] = replaced.By.Id }),
            ApiKeyRotation.TooMany many => throw TooMany(many.Limit),
            _ => throw new UnreachableException(),
        };
    }

    private static ApiException TooMany(int limit) => new(
        StatusCodes.Status409Conflict, "KEY_LIMIT_REACHED", $"An organization has at most {limit} active keys. Revoke one first.");

    private static async Task<KeyList> ListAsync(HttpContext http, ApiKeys keys, CancellationToken cancellationToken)
    {
        var page = await keys.ListAsync(http.Caller(), http.QueryText("after"), http.QueryInt("limit", ApiKeys.PageLimit, 1, ApiKeys.PageLimit), cancellationToken);
        return new KeyList([.. page.Keys.Select(key => new ListedKey(
            key.Id, key.Prefix, key.Name, key.Scopes, key.IsActive && key.PausedAt is null, key.CreatedAt, key.ExpiresAt, key.LastUsedAt, key.RevokedAt,
            key.Replaces?.Id, key.ReplacedBy?.Id))], page.NextAfter);
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
        public const string ShownOnce = "Store this key now. Only its hash is kept, and it cannot be shown again.";

        public static GeneratedKey Of(ApiKeyCreation.Created made) => new(
            made.Key.Id, made.Secret, made.Key.Prefix, made.Key.Name, made.Key.Scopes, IsActive: true, made.Key.CreatedAt, made.Key.ExpiresAt, ShownOnce);
    }

    internal sealed record RotateRequest(
        [property: JsonPropertyName("key_id"), StringLength(100)] string KeyId,
        [property: JsonPropertyName("grace_seconds"), Range(0, 604_800, ErrorMessage = "The old key works for 0 to 604,800 more seconds, which is 7 days.")] int GraceSeconds = 86_400);

    internal sealed record RotatedKey(
        string Id,
        [property: JsonPropertyName("api_key")] string ApiKey,
        [property: JsonPropertyName("key_prefix")] string KeyPrefix,
        string Name,
        IReadOnlyList<string> Scopes,
        [property: JsonPropertyName("is_active")] bool IsActive,
        [property: JsonPropertyName("created_at")] DateTimeOffset CreatedAt,
        [property: JsonPropertyName("expires_at")] DateTimeOffset? ExpiresAt,
        string Warning,
        string Replaces,
        [property: JsonPropertyName("old_key_expires_at")] DateTimeOffset? OldKeyExpiresAt)
    {
        public static RotatedKey Of(ApiKeyRotation.Rotated rotated)
        {
            var (made, key) = (rotated.New, rotated.New.Key);
            return new RotatedKey(
                key.Id, made.Secret, key.Prefix, key.Name, key.Scopes, IsActive: true, key.CreatedAt, key.ExpiresAt, GeneratedKey.ShownOnce,
                rotated.Old.Id, rotated.Old.ExpiresAt);
        }
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
        [property: JsonPropertyName("revoked_at")] DateTimeOffset? RevokedAt,
        string? Replaces,
        [property: JsonPropertyName("replaced_by")] string? ReplacedBy);

    internal sealed record KeyList(IReadOnlyList<ListedKey> Data, [property: JsonPropertyName("next_after")] string? NextAfter);

    internal sealed record RevokeRequest([property: JsonPropertyName("key_id"), StringLength(100)] string KeyId);

    internal sealed record RevokedKey(bool Revoked);
}

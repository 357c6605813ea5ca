namespace BillingPortal.Accounts;

/// <summary>What a new key shall be.</summary>
/// <param name="Name">How people tell it apart; null: "API key".</param>
/// <param name="Scopes">What it may do; null: everything but minting credit.</param>
/// <param name="ExpiresInDays">Days until it is refused, 1 to <see cref="ApiKeys.MaxExpiryDays"/>; null: never.</param>
public sealed record NewApiKey(string? Name = null, IReadOnlyList<string>? Scopes = null, int? ExpiresInDays = null);

/// <summary>A key as its organization sees it. It is active until it is revoked or expires, even while it is paused.</summary>
public sealed record ApiKeyView(
    string Id,
    string Name,
    string Prefix,
    IReadOnlyList<string> Scopes,
    string CreatedBy,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? RevokedAt,
    DateTimeOffset? LastUsedAt,
    bool IsActive,
    KeyLink? Replaces,
    KeyLink? ReplacedBy)
{
    /// <summary>Since when it is refused until somebody resumes it; null: it is not.</summary>
    public DateTimeOffset? PausedAt { get; init; }
}

/// <summary>Another key of the same organization.</summary>
/// <param name="Id">key_…</param>
/// <param name="Prefix">As people see it.</param>
public sealed record KeyLink(string Id, string Prefix);

/// <summary>A page of keys, newest first, and the id after which the next one begins; null at the end.</summary>
public sealed record ApiKeyPage(IReadOnlyList<ApiKeyView> Keys, string? NextAfter);

/// <summary>What became of the wish for a key.</summary>
public abstract record ApiKeyCreation
{
    private ApiKeyCreation()
    {
    }

    /// <summary>Made; <paramref name="Secret"/> is the whole key and is known to nobody after this.</summary>
    public sealed record Created(ApiKeyView Key, string Secret) : ApiKeyCreation
    {
        // Never shown by accident, as a record's members are.
        public override string ToString() => Key.Id;
    }

    /// <summary>The named part of the wish cannot be.</summary>
    public sealed record Invalid(string Field, string Message) : ApiKeyCreation;

    /// <summary>The organization has as many active keys as it may.</summary>
    public sealed record TooMany(int Limit) : ApiKeyCreation;
}

/// <summary>What became of the wish to replace a key.</summary>
public abstract record ApiKeyRotation
{
    private ApiKeyRotation()
    {
    }

    /// <summary>Replaced by a key of the same name, rights and length of life.</summary>
    /// <param name="New">Its secret is known to nobody after this.</param>
    /// <param name="Old">Works until its <see cref="ApiKeyView.ExpiresAt"/>.</param>
    public sealed record Rotated(ApiKeyCreation.Created New, ApiKeyView Old) : ApiKeyRotation;

    /// <summary>The organization has none of that id.</summary>
    public sealed record NoSuchKey : ApiKeyRotation;

    /// <summary>It is revoked or has expired: there is nothing to replace.</summary>
    public sealed record Ended : ApiKeyRotation;

    /// <summary>It was replaced before.</summary>
    public sealed record Replaced(KeyLink By) : ApiKeyRotation;

    /// <summary>Too many replaced keys still work.</summary>
    public sealed record TooMany(int Limit) : ApiKeyRotation;
}

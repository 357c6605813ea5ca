using System.Collections.Immutable;
using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BillingPortal.Accounts;

/// <summary>What a new key shall be.</summary>
/// <param name="Name">How people tell it apart; null: "API key".</param>
/// <param name="Scopes">What it may do; null: everything but minting credit.</param>
/// <param name="ExpiresInDays">Days until it is refused, 1 to <see cref="ApiKeys.MaxExpiryDays"/>; null: never.</param>
public sealed record NewApiKey(string? Name = null, IReadOnlyList<string>? Scopes = null, int? ExpiresInDays = null);

/// <summary>A key as its organization sees it.</summary>
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
    bool IsActive);

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

/// <summary>API keys: made by owners, shown once, stored as a hash, refused from the request after they are revoked.</summary>
public sealed class ApiKeys(
    IDbContextFactory<BillingDbContext> contexts, KeyUsage usage, IOptions<ApiKeyOptions> options, TimeProvider clock)
{
    /// <summary>Longest life of a key that expires, in days.</summary>
    public const int MaxExpiryDays = 3650;

    /// <summary>Most keys on one page.</summary>
    public const int PageLimit = 100;

    private const string DefaultName = "API key";

    private static readonly ImmutableArray<string> DefaultScopes = [.. Scopes.All.Remove(Scopes.BillingWrite)];

    // What a key that nobody has is compared with, so that it takes as long to refuse as one that somebody has.
    private static readonly string Nobody = new('0', 64);

    /// <param name="caller">An owner.</param>
    /// <param name="wish">What it shall be.</param>
    /// <param name="receipt">Stores the answer of a request with the key; null where nobody asks twice.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AccessDeniedException">The caller is not an owner; or wants to mint credit and is no platform administrator.</exception>
    public async Task<ApiKeyCreation> CreateAsync(
        Caller caller, NewApiKey wish, Receipt<ApiKeyCreation.Created>? receipt, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Owner);
        var name = string.IsNullOrWhiteSpace(wish.Name) ? DefaultName : wish.Name.Trim();
        if (name.Length > ApiKey.NameLength)
        {
            return new ApiKeyCreation.Invalid("name", $"A name has at most {ApiKey.NameLength} characters.");
        }

        var scopes = wish.Scopes ?? DefaultScopes;
        if (scopes.Count == 0 || scopes.Any(scope => !Scopes.All.Contains(scope)))
        {
            return new ApiKeyCreation.Invalid("scopes", $"Scopes are one or more of {string.Join(", ", Scopes.All)}.");
        }

        if (wish.ExpiresInDays is < 1 or > MaxExpiryDays)
        {
            return new ApiKeyCreation.Invalid("expires_in_days", $"A key expires in 1 to {MaxExpiryDays} days, or never.");
        }

        if (scopes.Contains(Scopes.BillingWrite))
        {
            caller.DemandPlatformAdministrator();
        }

        var now = clock.Now();
        var text = ApiKeyText.New(options.Value.Prefix, options.Value.Environment!.Value.Text());
        var key = new ApiKey
        {
            Id = Ids.New("key", now),
            OrganizationId = caller.OrganizationId,
            Name = name,
            Lookup = text.Lookup,
            Prefix = text.Prefix,
            Hash = text.Hash,
            ScopeList = string.Join(' ', Scopes.All.Where(scopes.Contains)),
            CreatedBy = caller.UserId!,
            CreatedAt = now,
            ExpiresAt = wish.ExpiresInDays is { } days ? now.AddDays(days) : null,
        };
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var unit = await db.Database.BeginTransactionAsync(cancellationToken);

        // Two keys made at once wait for each other on the organization's row, so that the count holds.
        await db.Set<Organization>().Where(row => row.Id == caller.OrganizationId)
            .ExecuteUpdateAsync(update => update.SetProperty(row => row.Name, row => row.Name), cancellationToken);
        var active = await db.Set<ApiKey>().CountAsync(
            row => row.OrganizationId == caller.OrganizationId && row.RevokedAt == null && (row.ExpiresAt == null || row.ExpiresAt > now), cancellationToken);
        if (active >= options.Value.MaxPerOrganization)
        {
            return new ApiKeyCreation.TooMany(options.Value.MaxPerOrganization);
        }

        var created = new ApiKeyCreation.Created(View(key, now), text.Text);
        db.Add(key);
        receipt?.AddTo(db, created);
        await db.SaveChangesAsync(cancellationToken);
        await unit.CommitAsync(cancellationToken);
        return created;
    }

    /// <summary>The organization's keys, newest first, revoked and expired ones included.</summary>
    /// <param name="caller">Any signed-in member.</param>
    /// <param name="after">The page after this key; null: the newest.</param>
    /// <param name="limit">1 to <see cref="PageLimit"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ApiKeyPage> ListAsync(Caller caller, string? after, int limit, CancellationToken cancellationToken)
    {
        caller.DemandSession();
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, PageLimit);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = db.Set<ApiKey>().AsNoTracking().Where(row => row.OrganizationId == caller.OrganizationId);
        if (after is not null)
        {
            rows = rows.Where(row => row.Id.CompareTo(after) < 0);
        }

        var page = await rows.OrderByDescending(row => row.Id).Take(limit + 1).ToListAsync(cancellationToken);
        var now = clock.Now();
        var views = page.Take(limit).Select(row => View(row, now)).ToList();
        return new ApiKeyPage(views, page.Count > limit ? views[^1].Id : null);
    }

    /// <summary>A key of the caller's organization; null if it has none of that id.</summary>
    public async Task<ApiKeyView?> FindAsync(Caller caller, string keyId, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var key = await db.Set<ApiKey>().AsNoTracking()
            .SingleOrDefaultAsync(row => row.Id == keyId && row.OrganizationId == caller.OrganizationId, cancellationToken);
        return key is null ? null : View(key, clock.Now());
    }

    /// <summary>Ends a key's life, from the next request on, on every instance. Again: no change.</summary>
    /// <returns>The key as it is now; null if the organization has none of that id.</returns>
    /// <exception cref="AccessDeniedException">The caller is not an owner.</exception>
    public async Task<ApiKeyView?> RevokeAsync(Caller caller, string keyId, Receipt<ApiKeyView>? receipt, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Owner);
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.Set<ApiKey>().SingleOrDefaultAsync(row => row.Id == keyId && row.OrganizationId == caller.OrganizationId, cancellationToken) is not { } key)
        {
            return null;
        }

        key.RevokedAt ??= now;
        var revoked = View(key, now);
        receipt?.AddTo(db, revoked);
        await db.SaveChangesAsync(cancellationToken);
        return revoked;
    }

    /// <summary>Whether a text has the shape of a key, known or not.</summary>
    public static bool IsKey(string text) => ApiKeyText.Parse(text) is not null;

    /// <summary>The caller that a presented key stands for; null if it is unknown, wrong, revoked or expired, without saying which.</summary>
    /// <remarks>Reads its row on every request: a copy kept here could outlive a revocation made by another instance.</remarks>
    public async Task<Caller?> AuthenticateAsync(string presented, CancellationToken cancellationToken)
    {
        if (ApiKeyText.Parse(presented) is not { } text)
        {
            return null;
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var found = await (
            from row in db.Set<ApiKey>().AsNoTracking()
            join maker in db.Users on row.CreatedBy equals maker.Id
            where row.Lookup == text.Lookup
            select new { Key = row, MakerMayMint = maker.IsPlatformAdministrator && maker.DisabledAt == null }).SingleOrDefaultAsync(cancellationToken);
        if (!text.HasHash(found?.Key.Hash ?? Nobody) || found is null || !found.Key.IsActive(clock.Now()))
        {
            return null;
        }

        usage.Note(found.Key.Id);

        // The right to mint credit is the maker's, and ends with it.
        var scopes = found.Key.Scopes.Where(scope => scope != Scopes.BillingWrite || found.MakerMayMint).ToList();
        return Caller.ForKey(found.Key.Id, found.Key.OrganizationId, scopes, mintsCredit: scopes.Contains(Scopes.BillingWrite));
    }

    private static ApiKeyView View(ApiKey key, DateTimeOffset now) => new(
        key.Id, key.Name, key.Prefix, key.Scopes, key.CreatedBy, key.CreatedAt, key.ExpiresAt, key.RevokedAt, key.LastUsedAt, key.IsActive(now));
}

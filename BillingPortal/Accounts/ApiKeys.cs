using System.Collections.Immutable;
using BillingPortal.Access;
using BillingPortal.Audit;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BillingPortal.Accounts;

/// <summary>API keys: made by owners, shown once, stored as a hash, refused from the request after they are revoked.</summary>
public sealed class ApiKeys(
    IDbContextFactory<BillingDbContext> contexts, KeyUsage usage, IOptions<ApiKeyOptions> options, TimeProvider clock)
{
    /// <summary>Longest life of a key that expires, in days.</summary>
    public const int MaxExpiryDays = 3650;

    /// <summary>Longest time for which a replaced key goes on working.</summary>
    public static readonly TimeSpan MaxGrace = TimeSpan.FromDays(7);

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

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var unit = await db.Database.BeginTransactionAsync(cancellationToken);
        var now = clock.Now();
        if (await LockAndCountAsync(db, caller.OrganizationId, now, cancellationToken) >= options.Value.MaxPerOrganization)
        {
            return new ApiKeyCreation.TooMany(options.Value.MaxPerOrganization);
        }

        var scopeList = string.Join(' ', Scopes.All.Where(scopes.Contains));
        var created = Add(db, caller, name, scopeList, wish.ExpiresInDays is { } days ? TimeSpan.FromDays(days) : null, null, now);
        db.Record(caller, now, AuditActs.KeyCreated, created.Key.Id, null, new { name, Scopes = scopeList, created.Key.Prefix, created.Key.ExpiresAt });
        receipt?.AddTo(db, created);
        await db.SaveChangesAsync(cancellationToken);
        await unit.CommitAsync(cancellationToken);
        return created;
    }

    /// <summary>Makes a key in another's place, with its name, scopes, limits and length of life; the other goes on working for a while, so that nothing that uses it has to stop.</summary>
    /// <param name="caller">An owner.</param>
    /// <param name="keyId">An active key.</param>
    /// <param name="grace">How long it goes on, zero to <see cref="MaxGrace"/>, and not beyond its own end.</param>
    /// <param name="receipt">Stores the answer of a request with the keys; null where nobody asks twice.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AccessDeniedException">The caller is not an owner; or the key mints credit and the caller is no platform administrator.</exception>
    public async Task<ApiKeyRotation> RotateAsync(
        Caller caller, string keyId, TimeSpan grace, Receipt<ApiKeyRotation.Rotated>? receipt, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Owner);
        ArgumentOutOfRangeException.ThrowIfLessThan(grace, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(grace, MaxGrace);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var unit = await db.Database.BeginTransactionAsync(cancellationToken);
        var now = clock.Now();
        var active = await LockAndCountAsync(db, caller.OrganizationId, now, cancellationToken);
        var old = await db.Set<ApiKey>().SingleOrDefaultAsync(row => row.Id == keyId && row.OrganizationId == caller.OrganizationId, cancellationToken);
        if (old is null)
        {
            return new ApiKeyRotation.NoSuchKey();
        }

        if (await db.Set<ApiKey>().AsNoTracking().SingleOrDefaultAsync(row => row.ReplacesId == old.Id, cancellationToken) is { } successor)
        {
            return new ApiKeyRotation.Replaced(Link(successor));
        }

        if (!old.IsActive(now))
        {
            return new ApiKeyRotation.Ended();
        }

        // Somebody with as many keys as there may be can still replace each of them.
        if (active >= options.Value.MaxPerOrganization * 2)
        {
            return new ApiKeyRotation.TooMany(options.Value.MaxPerOrganization * 2);
        }

        if (old.Scopes.Contains(Scopes.BillingWrite))
        {
            caller.DemandPlatformAdministrator();
        }

        var made = Add(db, caller, old.Name, old.ScopeList, old.ExpiresAt - old.CreatedAt, old, now);
        old.ExpiresAt = old.ExpiresAt is { } end && end < now + grace ? end : now + grace;
        await KeyLimits.CopyAsync(db, caller.OrganizationId, old.Id, made.Key.Id, cancellationToken);
        db.Record(caller, now, AuditActs.KeyRotated, old.Id, null, new { ReplacedBy = made.Key.Id, old.ExpiresAt });
        var rotated = new ApiKeyRotation.Rotated(made, View(old, now) with { ReplacedBy = new KeyLink(made.Key.Id, made.Key.Prefix) });
        receipt?.AddTo(db, rotated);
        await db.SaveChangesAsync(cancellationToken);
        await unit.CommitAsync(cancellationToken);
        return rotated;
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
        var views = await ViewAsync(db, [.. page.Take(limit)], cancellationToken);
        return new ApiKeyPage(views, page.Count > limit ? views[^1].Id : null);
    }

    /// <summary>A key of the caller's organization; null if it has none of that id. A key may always look at itself.</summary>
    /// <exception cref="AccessDeniedException">Another key without <c>billing:read</c>.</exception>
    public async Task<ApiKeyView?> FindAsync(Caller caller, string keyId, CancellationToken cancellationToken)
    {
        if (keyId != caller.KeyId)
        {
            caller.DemandScope(Scopes.BillingRead);
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var key = await db.Set<ApiKey>().AsNoTracking()
            .SingleOrDefaultAsync(row => row.Id == keyId && row.OrganizationId == caller.OrganizationId, cancellationToken);
        return key is null ? null : (await ViewAsync(db, [key], cancellationToken))[0];
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

        if (key.RevokedAt is null)
        {
            key.RevokedAt = now;
            db.Record(caller, now, AuditActs.KeyRevoked, key.Id, null, new { key.Name, key.RevokedAt });
        }

        var revoked = View(key, now);
        receipt?.AddTo(db, revoked);
        await db.SaveChangesAsync(cancellationToken);
        return revoked;
    }

    /// <summary>Has calls with a key refused from the next one on, on every instance, until it is resumed. Again, and on a key that has ended: no change.</summary>
    /// <returns>The key as it is now; null if the organization has none of that id.</returns>
    /// <exception cref="AccessDeniedException">The caller is not an owner.</exception>
    public Task<ApiKeyView?> PauseAsync(Caller caller, string keyId, CancellationToken cancellationToken) => PauseAsync(caller, keyId, paused: true, cancellationToken);

    /// <summary>Ends a pause, from the next call on. Again: no change.</summary>
    /// <inheritdoc cref="PauseAsync(Caller, string, CancellationToken)"/>
    public Task<ApiKeyView?> ResumeAsync(Caller caller, string keyId, CancellationToken cancellationToken) => PauseAsync(caller, keyId, paused: false, cancellationToken);

    /// <summary>Whether a text has the shape of a key, known or not.</summary>
    public static bool IsKey(string text) => ApiKeyText.Parse(text) is not null;

    /// <summary>The caller that a presented key stands for; null if it is unknown, wrong, paused, revoked or expired, without saying which.</summary>
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
        if (!text.HasHash(found?.Key.Hash ?? Nobody) || found is null || !found.Key.IsAdmitted(clock.Now()))
        {
            return null;
        }

        usage.Note(found.Key.Id);

        // The right to mint credit is the maker's, and ends with it.
        var scopes = found.Key.Scopes.Where(scope => scope != Scopes.BillingWrite || found.MakerMayMint).ToList();
        return Caller.ForKey(found.Key.Id, found.Key.OrganizationId, scopes, mintsCredit: scopes.Contains(Scopes.BillingWrite));
    }

    private async Task<ApiKeyView?> PauseAsync(Caller caller, string keyId, bool paused, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Owner);
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.Set<ApiKey>().SingleOrDefaultAsync(row => row.Id == keyId && row.OrganizationId == caller.OrganizationId, cancellationToken) is not { } key)
        {
            return null;
        }

        if (key.IsActive(now) && key.PausedAt is null == paused)
        {
            var before = new { key.Name, key.PausedAt };
            key.PausedAt = paused ? now : null;
            db.Record(caller, now, paused ? AuditActs.KeyPaused : AuditActs.KeyResumed, key.Id, before, new { key.Name, key.PausedAt });
            await db.SaveChangesAsync(cancellationToken);
        }

        return (await ViewAsync(db, [key], cancellationToken))[0];
    }

    /// <summary>Counts the keys that work, or would if they were not paused. Two that are made at once wait for each other on the organization's row, so that the count holds until the commit.</summary>
    private static async Task<int> LockAndCountAsync(BillingDbContext db, string organizationId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await db.Set<Organization>().Where(row => row.Id == organizationId)
            .ExecuteUpdateAsync(update => update.SetProperty(row => row.Name, row => row.Name), cancellationToken);
        return await db.Set<ApiKey>().CountAsync(
            row => row.OrganizationId == organizationId && row.RevokedAt == null && (row.ExpiresAt == null || row.ExpiresAt > now), cancellationToken);
    }

    private ApiKeyCreation.Created Add(
        BillingDbContext db, Caller caller, string name, string scopeList, TimeSpan? life, ApiKey? replaced, DateTimeOffset now)
    {
        var text = ApiKeyText.New(options.Value.Prefix, options.Value.Environment!.Value.Text());
        var key = new ApiKey
        {
            Id = Ids.New("key", now),
            OrganizationId = caller.OrganizationId,
            Name = name,
            Lookup = text.Lookup,
            Prefix = text.Prefix,
            Hash = text.Hash,
            ScopeList = scopeList,
            CreatedBy = caller.UserId!,
            CreatedAt = now,
            ExpiresAt = now + life,
            ReplacesId = replaced?.Id,
        };
        db.Add(key);
        return new ApiKeyCreation.Created(View(key, now) with { Replaces = replaced is null ? null : Link(replaced) }, text.Text);
    }

    /// <summary>Keys with those they replaced and were replaced by.</summary>
    private async Task<IReadOnlyList<ApiKeyView>> ViewAsync(BillingDbContext db, IReadOnlyList<ApiKey> keys, CancellationToken cancellationToken)
    {
        var ids = keys.Select(key => key.Id).ToList();
        var replaced = keys.Select(key => key.ReplacesId).OfType<string>().ToList();
        var kin = await db.Set<ApiKey>().AsNoTracking()
            .Where(row => replaced.Contains(row.Id) || (row.ReplacesId != null && ids.Contains(row.ReplacesId)))
            .ToListAsync(cancellationToken);
        var now = clock.Now();
        return
        [
            .. keys.Select(key => View(key, now) with
            {
                Replaces = kin.Find(other => other.Id == key.ReplacesId) is { } before ? Link(before) : null,
                ReplacedBy = kin.Find(other => other.ReplacesId == key.Id) is { } after ? Link(after) : null,
            }),
        ];
    }

    private static KeyLink Link(ApiKey key) => new(key.Id, key.Prefix);

    private static ApiKeyView View(ApiKey key, DateTimeOffset now) => new(
        key.Id, key.Name, key.Prefix, key.Scopes, key.CreatedBy, key.CreatedAt, key.ExpiresAt, key.RevokedAt, key.LastUsedAt, key.IsActive(now), null, null)
    { PausedAt = key.PausedAt };
}

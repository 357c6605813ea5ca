using System.Collections.Immutable;

namespace BillingPortal.Access;

/// <summary>How a caller proved who it is.</summary>
public enum CallerKind
{
    /// <summary>A signed-in person: session cookie or access token.</summary>
    User,

    /// <summary>An integrator's API key.</summary>
    ApiKey,

    /// <summary>The portal itself: jobs, sweeps, settlement.</summary>
    System,
}

/// <summary>What a person may do in an organization. Ordered: each role includes the ones before it.</summary>
public enum MemberRole
{
    /// <summary>Sees balances and usage; cannot spend money.</summary>
    Member,

    /// <summary>Buys credit, sets auto-reload, reads invoices.</summary>
    Billing,

    /// <summary>Everything, members and keys included.</summary>
    Owner,
}

/// <summary>What an API key may do. Source: contract, "Authentication, on every surface".</summary>
public static class Scopes
{
    public const string BillingRead = "billing:read";
    public const string BillingWrite = "billing:write";
    public const string UsageWrite = "usage:write";
    public const string FlowsRead = "flows:read";
    public const string FlowsWrite = "flows:write";

    public static ImmutableArray<string> All { get; } = [BillingRead, BillingWrite, UsageWrite, FlowsRead, FlowsWrite];
}

/// <summary>Who is asking, on behalf of which organization, and with what rights. Every service method takes one and decides.</summary>
public sealed record Caller
{
    /// <summary>For how long a password that was given again is good.</summary>
    public static readonly TimeSpan ConfirmationLasts = TimeSpan.FromMinutes(10);

    private Caller(CallerKind kind, string organizationId, string actor)
    {
        Kind = kind;
        OrganizationId = organizationId;
        Actor = actor;
    }

    public CallerKind Kind { get; }

    /// <summary>The organization this call acts for; the only one it can reach unless it is a platform administrator's.</summary>
    public string OrganizationId { get; private init; }

    /// <summary>What transactions and the audit log record: "user:…", "key:…" or "system:…".</summary>
    public string Actor { get; }

    public string? UserId { get; private init; }

    public string? KeyId { get; private init; }

    /// <summary>The role of a signed-in person in <see cref="OrganizationId"/>; null for keys and the system.</summary>
    public MemberRole? Role { get; private init; }

    public ImmutableHashSet<string> Scopes { get; private init; } = [];

    /// <summary>A role of the installation, not of an organization.</summary>
    public bool IsPlatformAdministrator { get; private init; }

    /// <summary>The network the call comes from, for the audit log; null where that is not known.</summary>
    public string? Address { get; init; }

    /// <summary>When the person last gave the password on the page that asks; null: not there.</summary>
    public DateTimeOffset? ConfirmedAt { get; init; }

    public static Caller ForUser(string userId, string organizationId, MemberRole role, bool isPlatformAdministrator = false) =>
        new(CallerKind.User, organizationId, $"user:{userId}") { UserId = userId, Role = role, IsPlatformAdministrator = isPlatformAdministrator };

    /// <param name="keyId">The key's id; it is the actor of what the key does.</param>
    /// <param name="organizationId">The organization that owns the key.</param>
    /// <param name="scopes">What the key was given.</param>
    /// <param name="mintsCredit">Whether a platform administrator gave this key <c>billing:write</c>.</param>
    public static Caller ForKey(string keyId, string organizationId, IEnumerable<string> scopes, bool mintsCredit = false) =>
        new(CallerKind.ApiKey, organizationId, $"key:{keyId}") { KeyId = keyId, Scopes = [.. scopes], IsPlatformAdministrator = mintsCredit };

    public static Caller ForSystem(string job, string organizationId) => new(CallerKind.System, organizationId, $"system:{job}");

    /// <summary>The same platform administrator looking at another organization: sees what its members see, and has no role there.</summary>
    /// <exception cref="AccessDeniedException">The caller is no person who administers the platform.</exception>
    public Caller Visiting(string organizationId)
    {
        DemandSession();
        DemandPlatformAdministrator();
        return this with { OrganizationId = organizationId, Role = null };
    }

    /// <summary>Whether this caller may see billing data of its organization.</summary>
    public bool MayRead(string scope) => Kind switch
    {
        CallerKind.ApiKey => Scopes.Contains(scope),
        _ => true,
    };

    /// <exception cref="AccessDeniedException">A key without <paramref name="scope"/>.</exception>
    public void DemandScope(string scope)
    {
        if (!MayRead(scope))
        {
            throw new AccessDeniedException(AccessDenial.MissingScope, $"This API key lacks the scope {scope}.");
        }
    }

    /// <summary>Demands a signed-in person, or the system; money and keys are never moved by a key.</summary>
    /// <exception cref="AccessDeniedException">The caller is an API key.</exception>
    public void DemandSession()
    {
        if (Kind is CallerKind.ApiKey)
        {
            throw new AccessDeniedException(AccessDenial.SessionRequired, "This action needs a signed-in user, not an API key.");
        }
    }

    /// <summary>Demands at least <paramref name="role"/> of a person; the system passes, a key does not.</summary>
    /// <exception cref="AccessDeniedException">The caller is a key, or a member of a lesser role.</exception>
    public void DemandRole(MemberRole role)
    {
        DemandSession();
        if (Kind is CallerKind.User && (Role is null || Role < role))
        {
            throw new AccessDeniedException(AccessDenial.RoleTooLow, $"This action needs the role {role.ToString().ToLowerInvariant()} in the organization.");
        }
    }

    /// <exception cref="AccessDeniedException">The caller is not a platform administrator, nor the system.</exception>
    public void DemandPlatformAdministrator()
    {
        if (Kind is not CallerKind.System && !IsPlatformAdministrator)
        {
            throw new AccessDeniedException(AccessDenial.NotAdministrator, "This action is for platform administrators.");
        }
    }

    /// <summary>Demands a platform administrator who gave the password within <see cref="ConfirmationLasts"/>; for whatever moves money or credit by hand.</summary>
    /// <exception cref="AccessDeniedException">The caller is no person who administers the platform, or the password is to be given again.</exception>
    public void DemandConfirmedAdministrator(DateTimeOffset now)
    {
        DemandSession();
        DemandPlatformAdministrator();
        if (Kind is CallerKind.User && !IsConfirmedAt(now))
        {
            throw new AccessDeniedException(AccessDenial.PasswordNeeded, "Give your password again before you move money or credit.");
        }
    }

    /// <summary>Whether the password was given on this page within <see cref="ConfirmationLasts"/>.</summary>
    public bool IsConfirmedAt(DateTimeOffset now) => ConfirmedAt is { } confirmed && confirmed + ConfirmationLasts > now;
}

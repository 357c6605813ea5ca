namespace BillingPortal.Access;

/// <summary>Why a caller was refused. Each surface translates it to its own words.</summary>
public enum AccessDenial
{
    MissingScope,
    SessionRequired,
    RoleTooLow,
    NotAdministrator,
    PlanWithoutApi,
    PasswordNeeded,
}

/// <summary>A caller asked for what it may not have. Thrown by services, answered with 403 by the surfaces; nothing was read or written.</summary>
/// <remarks>An exception and not a result, because no caller can go on after it: docs/decisions/0003.</remarks>
public sealed class AccessDeniedException(AccessDenial denial, string message) : Exception(message)
{
    public AccessDenial Denial { get; } = denial;
}

using BillingPortal.Access;

namespace BillingPortal.Metering;

/// <summary>Who may report usage: a key with <see cref="Scopes.UsageWrite"/>, a person who may spend the organization's money, the portal itself.</summary>
internal static class UsageAccess
{
    /// <exception cref="AccessDeniedException">The caller may not.</exception>
    public static void DemandReport(Caller caller)
    {
        caller.DemandScope(Scopes.UsageWrite);
        if (caller.Kind is CallerKind.User)
        {
            caller.DemandRole(MemberRole.Billing);
        }
    }
}
